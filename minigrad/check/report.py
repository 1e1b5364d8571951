"""Runs checks within a time, going on after each failure, and says what was found."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy

from minigrad._version import __version__
from minigrad.backend import Device, GpuDevice
from minigrad.check.checks import Check, Failed, Skipped
from minigrad.serializers import atomic_write
from minigrad.utils.processor import processor_name


class Outcome(NamedTuple):
    """What a check came to.

    Attributes:
        check: Its group and name.
        status: ``'passed'``, ``'failed'``, ``'skipped'`` or ``'not reached'``.
        finding: What was found, in a sentence.
        seconds: How long it took.
        details: Where an unexpected error came from.
    """

    check: str
    status: str
    finding: str
    seconds: float
    details: str = ''


class Report(NamedTuple):
    """All outcomes, on a machine."""

    machine: dict[str, str]
    outcomes: list[Outcome]

    @property
    def failures(self) -> list[Outcome]:
        """What failed, in the order of the checks."""
        return [o for o in self.outcomes if o.status == 'failed']

    def __str__(self) -> str:
        lines = [f'{key:<10} {value}' for key, value in self.machine.items()]
        lines.append('')
        order = {'failed': 0, 'not reached': 1, 'passed': 2, 'skipped': 3}
        width = max([len(o.check) for o in self.outcomes], default=0)
        for o in sorted(self.outcomes, key=lambda o: order[o.status]):
            lines.append(f'{o.status:<11} {o.check:<{width}}  {o.finding}')
        counts = {s: sum([o.status == s for o in self.outcomes]) for s in order}
        lines += ['', ', '.join([f'{n} {s}' for s, n in counts.items() if n])]
        return '\n'.join(lines)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes ``check.json``, whole or not at all; returns its path."""
        path = Path(folder, 'check.json')
        content = {
            'machine': self.machine,
            'outcomes': [outcome._asdict() for outcome in self.outcomes],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            file.write(json.dumps(content, indent=1).encode())
        return path


def run_checks(
    checks: Sequence[Check],
    device: Device,
    *,
    seconds: float = 120.0,
    folder: str | os.PathLike[str] | None = None,
    progress: bool = False,
) -> Report:
    """Runs checks in their order until the time is over.

    Args:
        checks: The checks, those that matter most first.
        device: The device that is asked.
        seconds: A check that would begin later is not reached.
        folder: Where ``check.json`` is written after each check, so that a run that is
            killed keeps what it had; None writes nothing.
        progress: Whether to print each outcome as it comes.

    Returns:
        The report.

    Example:
        >>> from minigrad.check import all_checks, run_checks
        >>> device = minigrad.get_device('@numpy')
        >>> report = run_checks(all_checks(device), device, seconds=0)
        >>> len(report.outcomes) == len(all_checks(device))
        True
    """
    start = time.perf_counter()
    report = Report(_machine(device), [])
    for check in checks:
        name = f'{check.group}: {check.name}'
        if time.perf_counter() - start > seconds:
            outcome = Outcome(name, 'not reached', 'no time was left', 0.0)
        else:
            outcome = _run(check, name, device)
        report.outcomes.append(outcome)
        if folder is not None:
            report.save(folder)
        if progress:
            sys.stderr.write(f'{outcome.status:<11} {name}  {outcome.finding}\n')
    return report


def _run(check: Check, name: str, device: Device) -> Outcome:
    start = time.perf_counter()
    status, details = 'passed', ''
    try:
        with device.create_context():
            finding = check.run(device)
    except Skipped as reason:
        status, finding = 'skipped', str(reason)
        if check.settles:
            finding += f'; would settle: {check.settles}'
    except Failed as failure:
        status, finding = 'failed', str(failure)
    except Exception as error:  # the next check must be asked all the same
        status, details = 'failed', traceback.format_exc()
        text = str(error).splitlines() or ['']
        finding = f'{type(error).__name__}: {text[0]}'
    return Outcome(name, status, finding, time.perf_counter() - start, details)


def _machine(device: Device) -> dict[str, str]:
    machine = {
        'minigrad': __version__,
        'python': platform.python_version(),
        'numpy': numpy.__version__,
        'system': f'{platform.system()} {platform.machine()}',
        'processor': processor_name(),
        'device': str(device),
    }
    if isinstance(device, GpuDevice):
        machine['card'] = _card(device)
    return machine


def _card(device: GpuDevice) -> str:
    try:
        properties: Any = device.xp.cuda.runtime.getDeviceProperties(device.device.id)
        name = properties['name']
        return name.decode() if isinstance(name, bytes) else str(name)
    except Exception as error:  # a stand-in, or a driver that answers nothing
        return f'unknown ({type(error).__name__})'

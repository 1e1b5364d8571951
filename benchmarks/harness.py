"""How a case is measured: peers take turns on the same work, medians are compared.

A machine's mood changes from second to second, so a time means little and a ratio much:
every round runs each peer once, in alternating order, and the reported ratio is the
median of the rounds' ratios. The control case touches no library under test; where it
moved while a case was measured, or where the rounds' ratios differ, nothing is judged.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

SCHEMA = 1
MINIGRAD, TORCH = 'minigrad', 'torch'


@dataclasses.dataclass(frozen=True)
class Case:
    """One thing to measure.

    Attributes:
        name: Such as ``'models.lenet64'``.
        build: For each peer, a function that prepares the work and returns a callable
            which does it once; it raises ImportError where the peer is missing.
        work: Divides the time of one call, such as the number of operations in it.
        unit: What the time is of.
        target: Largest ratio minigrad / PyTorch that we aim at.
        full: Only part of the full profile.
        rounds: Number of rounds; more for short work.
        warmup: Number of calls before anything is timed.
    """

    name: str
    build: dict[str, Callable[[], Callable[[], Any]]]
    work: int = 1
    unit: str = 'ms'
    target: float | None = None
    full: bool = False
    rounds: int = 15
    warmup: int = 2


@dataclasses.dataclass
class Result:
    """What was measured of a case: medians by peer, and the ratio."""

    name: str
    unit: str
    n: int
    median: dict[str, float]
    minimum: dict[str, float]
    iqr: dict[str, float]
    ratio: float | None
    target: float | None
    peak_mb: dict[str, float] = dataclasses.field(default_factory=dict)
    host_ms: dict[str, float] = dataclasses.field(default_factory=dict)
    ratio_iqr: float = 0.0
    noise: str | None = None  # why the ratio says nothing

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; None without a peer, a target or quiet."""
        if self.noise is not None or self.ratio is None or self.target is None:
            return None
        return self.ratio <= self.target


SCALE = {'s': 1.0, 'ms': 1e3, 'us': 1e6}


def measure(
    case: Case,
    rounds: int | None = None,
    seconds: float = 60.0,
    clocks: Mapping[str, Callable[[Callable[[], Any], int], float]] | None = None,
) -> Result:
    """Runs a case; stops after ``seconds`` even if fewer rounds were done.

    Args:
        case: What to run.
        rounds: Overrides the case's number of rounds.
        seconds: Time limit of the rounds, at least three of which are run.
        clocks: For each peer, what times a number of steps; by default the host's clock.
    """
    clocks = {} if clocks is None else clocks
    steps = {}
    for peer, build in case.build.items():
        try:
            steps[peer] = build()
        except ImportError:
            continue
    scale = SCALE[case.unit] / case.work
    repeats = {}
    for peer, step in steps.items():
        for _ in range(case.warmup):  # compiles, fills caches, records
            step()
        # Short work is repeated to about 20 ms, so that the clock and the switch
        # between peers do not count.
        time_of = clocks.get(peer, _time)
        repeats[peer] = max(1, min(200, int(0.02 / max(time_of(step, 1), 1e-6))))
    times: dict[str, list[float]] = {peer: [] for peer in steps}
    start = time.perf_counter()
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for i in range(rounds or case.rounds):
            order = list(steps) if i % 2 == 0 else list(steps)[::-1]
            for peer in order:
                step = steps[peer]
                # The first call after a switch pays for the other peer's caches and
                # for threads that still spin; it is not counted.
                step()
                elapsed = clocks.get(peer, _time)(step, repeats[peer])
                times[peer].append(elapsed * scale)
            gc.collect()
            if time.perf_counter() - start > seconds and i >= 2:
                break
    finally:
        if was_enabled:
            gc.enable()
    ratio, ratio_iqr = None, 0.0
    if MINIGRAD in times and TORCH in times:
        pairs = zip(times[MINIGRAD], times[TORCH], strict=True)
        ratios = [a / b for a, b in pairs]
        ratio, ratio_iqr = statistics.median(ratios), _iqr(ratios)
    return Result(
        case.name,
        case.unit,
        len(next(iter(times.values()))),
        {peer: statistics.median(t) for peer, t in times.items()},
        {peer: min(t) for peer, t in times.items()},
        {peer: _iqr(t) for peer, t in times.items()},
        ratio,
        case.target,
        ratio_iqr=ratio_iqr,
    )


# How far the control may move, and the middle half of the rounds' ratios spread.
MOST_DRIFT, MOST_SPREAD = 0.05, 0.2


def question(result: Result, before: Result, after: Result) -> None:
    """Notes on a result that the machine was not quiet enough to judge it.

    Args:
        result: What was measured.
        before: The control case just before.
        after: The control case just after.
    """
    moved = after.median['control'] / before.median['control']
    if abs(moved - 1) > MOST_DRIFT:
        result.noise = f'noisy: control x{moved:.2f}'
    elif result.ratio is not None and result.ratio_iqr > MOST_SPREAD * result.ratio:
        result.noise = f'noisy: ratios +-{result.ratio_iqr / result.ratio / 2:.0%}'


def summary(results: Sequence[Result], family: str = 'ops.') -> list[str]:
    """Returns the geometric mean of a family's ratios and the worst, as lines."""
    ratios = {r.name: r.ratio for r in results if r.name.startswith(family) and r.ratio}
    if not ratios:
        return []
    mean = statistics.geometric_mean(ratios.values())
    worst = sorted(ratios, key=lambda name: -ratios[name])[:10]
    above = sum(ratio > 1 for ratio in ratios.values())
    first = f'{len(ratios)} operations: geometric mean of the ratios {mean:.2f}'
    return [
        f'{first}, {above} above 1',
        'worst: ' + ', '.join(f'{name} {ratios[name]:.2f}' for name in worst),
    ]


def _time(step: Callable[[], Any], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def _iqr(times: Sequence[float]) -> float:
    if len(times) < 4:
        return max(times) - min(times)
    quarters = statistics.quantiles(times, n=4)
    return quarters[2] - quarters[0]


def peak_memory(case: Case, peer: str, threads: int, steps: int = 4) -> float | None:
    """Returns the peak resident memory of a few steps in a process of its own, in MB."""
    code = (
        'from benchmarks import harness; from benchmarks.cases import find\n'
        f'harness.set_threads({threads}, [{peer!r}])\n'
        f'step = find({case.name!r}).build[{peer!r}]()\n'
        f'for _ in range({steps}): step()\n'
        'print(harness.own_peak_memory())'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=False
    )
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


def own_peak_memory() -> float:
    """Returns the peak resident memory of this process, in MB."""
    try:
        # The peak that getrusage reports is inherited from the process that forked us.
        status = Path('/proc/self/status').read_text()
        return int(status.split('VmHWM:')[1].split()[0]) / 1024
    except (OSError, IndexError):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def set_threads(threads: int, peers: Sequence[str] = (MINIGRAD, TORCH)) -> None:
    """Gives every library in the run the same number of threads."""
    import threadpoolctl

    threadpoolctl.threadpool_limits(threads)
    if MINIGRAD in peers:
        import minigrad

        minigrad.set_num_threads(threads)
    if TORCH in peers and importlib.util.find_spec('torch') is not None:
        import torch

        torch.set_num_threads(threads)


def machine() -> dict[str, Any]:
    """Returns what the numbers depend on: processor, cores, threads and versions."""
    import numpy
    import threadpoolctl

    import minigrad
    from minigrad.utils.processor import processor_name

    versions = {'python': platform.python_version(), 'numpy': numpy.__version__}
    for module in ('numba', 'torch'):
        try:
            versions[module] = __import__(module).__version__
        except ImportError:
            versions[module] = None
    return {
        'schema': SCHEMA,
        'minigrad': minigrad.__version__,
        'commit': _git('rev-parse', 'HEAD'),
        'dirty': bool(_git('status', '--porcelain')),
        'processor': processor_name(),
        'cores': os.cpu_count(),
        'threads': minigrad.get_num_threads(),
        'blas': [
            {key: pool[key] for key in ('internal_api', 'num_threads')}
            for pool in threadpoolctl.threadpool_info()
        ],
        'versions': versions,
        'device': 'cpu',
    }


def _git(*arguments: str) -> str | None:
    try:
        return subprocess.run(
            ['git', *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def save(path: Path, results: list[Result]) -> None:
    """Writes machine and results as JSON."""
    document = {
        'machine': machine(),
        'results': [dataclasses.asdict(result) for result in results],
    }
    path.write_text(json.dumps(document, indent=2) + '\n')


HEADER = (
    f'{"case":<24} {"minigrad":>10} {"torch":>10} {"unit":>5} {"ratio":>7} '
    f'{"target":>7}  {"peak MB":>15}'
)


def row(result: Result) -> str:
    """Returns a result as one line of the table."""

    def number(value: float | None) -> str:
        return '-' if value is None else f'{value:.4g}'

    verdict = {True: 'met', False: 'MISSED', None: result.noise or ''}[result.met]
    peaks = '/'.join(
        f'{result.peak_mb[peer]:.0f}'
        for peer in (MINIGRAD, TORCH)
        if peer in result.peak_mb
    )
    own = result.median.get(MINIGRAD, result.median.get('control'))
    return (
        f'{result.name:<24} {number(own):>10} {number(result.median.get(TORCH)):>10} '
        f'{result.unit:>5} {number(result.ratio):>7} {number(result.target):>7}  '
        f'{peaks:>15} {verdict}'
    ).rstrip()

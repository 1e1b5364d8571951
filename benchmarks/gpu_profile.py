"""Which kernels take the time of a training step on a GPU, ours beside PyTorch's.

PyTorch's profiler sees every kernel that the process gives the card, also those that
CuPy launches.
"""

from __future__ import annotations

import cProfile
import importlib
import pstats
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from benchmarks import gpu
from benchmarks.harness import MINIGRAD, TORCH
from minigrad.utils.program import ProgramError

STEPS = 5


class Spent(NamedTuple):
    """What a kernel took in one step."""

    name: str
    launches: float
    us: float


def kernels_of(events: Iterable[Any], steps: int) -> list[Spent]:
    """Adds up the kernels and copies among a profiler's events, the longest first."""
    us: dict[str, float] = defaultdict(float)
    launches: dict[str, int] = defaultdict(int)
    for event in events:
        if str(event.device_type).endswith('CUDA'):
            us[event.name] += event.time_range.elapsed_us()
            launches[event.name] += 1
    spent = [Spent(name, launches[name] / steps, us[name] / steps) for name in us]
    return sorted(spent, key=lambda s: -s.us)


def _record(step: Callable[[], Any]) -> list[Spent]:
    torch: Any = importlib.import_module('torch')
    profiler: Any = importlib.import_module('torch.profiler')
    for _ in range(3):
        step()
    torch.cuda.synchronize()
    wanted = [profiler.ProfilerActivity.CUDA]
    with profiler.profile(activities=wanted) as profile:
        for _ in range(STEPS):
            step()
        torch.cuda.synchronize()
    return kernels_of(profile.events(), STEPS)


def table(peer: str, spent: list[Spent], rows: int) -> str:
    """Returns the longest kernels as lines of text."""
    total = sum([s.us for s in spent])
    launches = sum([s.launches for s in spent])
    lines = [f'{peer}: {total:.0f} us of kernels in {launches:.0f} launches a step']
    lines += [
        f'{s.us:10.0f} us {s.launches:6.1f} x  {s.name[:100]}' for s in spent[:rows]
    ]
    return '\n'.join(lines)


def profile(name: str, rows: int = 20) -> int:
    """Prints the kernels of a case of `benchmarks.gpu`, such as ``alexnet.float32``.

    What Python took for our step comes last, by function.
    """
    reason = gpu.missing()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 2
    known = {case.name.removeprefix('gpu.'): case for case in gpu.CASES}
    case = known.get(name.removeprefix('gpu.'))
    if case is None:
        raise ProgramError(f'unknown case {name!r}; choose one of {", ".join(known)}')
    with gpu.same_settings(case.precision):
        for peer in (MINIGRAD, gpu.REPLAY, TORCH):
            print(table(peer, _record(case.build[peer]()), rows), flush=True)
        kernels: Any = importlib.import_module('minigrad.kernels')
        cupy: Any = importlib.import_module('cupy')
        notes = getattr(kernels.kernels_for(cupy.empty(1)), 'notes', list)
        print('\n'.join(notes()))
        step = case.build[MINIGRAD]()
        step()
        with cProfile.Profile() as called:
            for _ in range(STEPS):
                step()
            cupy.cuda.runtime.deviceSynchronize()
        pstats.Stats(called).sort_stats('tottime').print_stats(rows)
    return 0

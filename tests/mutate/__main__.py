"""Plants small faults, one at a time, and asks whether the tests see them.

    python -m tests.mutate --seed 1 --count 50                # all areas
    python -m tests.mutate --count 20 --modules optimizers minigrad/backprop.py
    python -m tests.mutate --seed 1 --count 50 --only 17      # one of them again

Works on a copy of the repository in a temporary folder. A fault that no test of its area
sees is printed as SURVIVED; some are equal to the original in all that can be seen, the
others want a test. A fault that runs out of time counts as seen.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.mutate.areas import AREAS, ROOT
from tests.mutate.mutants import Mutant, mutants_of


class Planted(NamedTuple):
    area: str
    file: str
    mutant: Mutant


def choose(modules: list[str], seed: int, count: int) -> list[Planted]:
    """Draws faults from all that the chosen areas and files may have."""
    pool = [
        Planted(name, file, mutant)
        for name, area in AREAS.items()
        for file in area.files()
        if not modules or name in modules or file.startswith(tuple(modules))
        for mutant in mutants_of((ROOT / file).read_bytes())
    ]
    if not pool:
        raise SystemExit(
            f'mutate: nothing in {" ".join(modules)}; there are {" ".join(AREAS)}, and '
            'paths of files in them'
        )
    return random.Random(seed).sample(pool, min(count, len(pool)))


class Copy:
    """A copy of the repository in which faults are planted and tests run.

    Args:
        folder: An empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / 'repository'
        self.cache = folder / 'machine_code'
        listing = ['git', 'ls-files', '-co', '--exclude-standard', '-z']
        output = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
        for name in output.stdout.decode().split('\0'):
            source, target = ROOT / name, self.root / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)

    def run(self, area: str, limit: float | None, kernels: bool, write: bool) -> str:
        """Runs the tests of an area; returns passed, failed or timeout."""
        environment = {**os.environ, 'PYTHONPATH': str(self.root)}
        # Python and Numba know a compiled file by its time, and Numba not even by what
        # it calls: nothing that a fault had a part in may be kept.
        environment.pop('PYTHONDONTWRITEBYTECODE', None)
        if not write:
            environment['PYTHONDONTWRITEBYTECODE'] = '1'
        cache = self.cache
        if kernels:
            cache = Path(tempfile.mkdtemp(dir=self.cache.parent))
        environment['NUMBA_CACHE_DIR'] = str(cache)
        command = [sys.executable, '-m', 'pytest', '-x', '-q', '-p', 'no:cacheprovider']
        if 'PYTEST_ADDOPTS' not in environment:
            command += ['-n', '0']
        process = subprocess.Popen(
            [*command, *AREAS[area].tests],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a group, which ends with all that it started
        )
        try:
            self.output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return 'timeout'
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if kernels:
                shutil.rmtree(cache, ignore_errors=True)
        return 'failed' if process.returncode else 'passed'

    def try_out(self, planted: Planted, limit: float) -> str:
        """Runs the tests of an area with one fault in it."""
        path = self.root / planted.file
        source, times = path.read_bytes(), path.stat()
        path.write_bytes(planted.mutant.apply(source))
        kernels = planted.file.startswith('minigrad/kernels')
        try:
            return self.run(planted.area, limit, kernels, write=False)
        finally:
            path.write_bytes(source)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def main() -> int:
    """Runs the command line; 1 tells that a fault was not seen."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.mutate',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--seed', type=int, default=None, help='a new one, printed')
    parser.add_argument('--count', type=int, default=50)
    parser.add_argument('--modules', nargs='+', default=[], help='areas or files')
    parser.add_argument('--only', type=int, help='the number of one fault')
    parser.add_argument(
        '--limit',
        type=float,
        help='seconds a run may take; by default three times as without a fault',
    )
    args = parser.parse_args()
    # Ended from outside, it still ends the tests that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    seed = random.randrange(10**6) if args.seed is None else args.seed
    chosen = list(enumerate(choose(args.modules, seed, args.count)))
    if args.only is not None:
        chosen = [chosen[args.only]]
    print(f'seed {seed}, {len(chosen)} faults', flush=True)
    with tempfile.TemporaryDirectory(prefix='mutate-') as folder:
        results = run_all(Copy(Path(folder)), chosen, args.limit)
    survivors = [planted for planted, result in results if result == 'passed']
    seen = len(results) - len(survivors)
    if results:
        print(f'{seen} of {len(results)} faults seen ({seen / len(results):.0%}), '
              f'seed {seed}')  # fmt: skip
    for planted in survivors:
        print(f'  {planted.file}:{planted.mutant.line}: {planted.mutant}')
    return 1 if survivors else 0


def run_all(
    copy: Copy, chosen: list[tuple[int, Planted]], limit: float | None
) -> list[tuple[Planted, str]]:
    """Tries out faults; Ctrl-C ends it with the results so far."""
    results: list[tuple[Planted, str]] = []
    limits: dict[str, float] = {}
    try:
        for number, planted in chosen:
            area = planted.area
            if area not in limits:
                limits[area] = (
                    normal_time(copy, area) * 3 + 60 if limit is None else limit
                )
            start = time.perf_counter()
            result = copy.try_out(planted, limits[area])
            results.append((planted, result))
            word = {'passed': 'SURVIVED', 'failed': 'seen', 'timeout': 'timeout'}
            print(
                f'{number:4} {word[result]:8} {time.perf_counter() - start:5.0f} s  '
                f'{planted.file}:{planted.mutant.line}: {planted.mutant}',
                flush=True,
            )
    except KeyboardInterrupt:
        print('interrupted; the results so far:')
    return results


def normal_time(copy: Copy, area: str) -> float:
    """Runs the tests of an area as it is; returns the seconds."""
    start = time.perf_counter()
    if copy.run(area, None, kernels=False, write=True) != 'passed':
        raise SystemExit(f'mutate: {area} fails without a fault:\n{copy.output}')
    seconds = time.perf_counter() - start
    print(f'{area}: {seconds:.0f} s without a fault', flush=True)
    return seconds


if __name__ == '__main__':
    sys.exit(main())

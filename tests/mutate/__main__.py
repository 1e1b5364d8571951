"""Plants small faults, one at a time, and asks whether the tests see them.

    python -m tests.mutate --seed 1 --count 50 --folder build/mutate     # all areas
    python -m tests.mutate --count 20 --modules optimizers minigrad/backprop.py
    python -m tests.mutate --seed 1 --count 50 --only 17      # one of them again

Works on a copy of the repository, in one process, of which each fault gets a child. A
fault is shown first to the tests that run its line, the narrowest first, and to the
examples in its file, then to tests that start processes. The first run measures which
test runs which line.

With ``--folder`` the measurement and the verdicts are kept: the same command goes on
where it was stopped. The faults come in random order, so that what was tried so far is a
sample of all. ``--shard 2/3`` takes every third from the second, for another process
with another folder. A fault that no test sees is printed as SURVIVED; some are equal to
the original in all that can be seen, the others want a test. A fault that runs out of
time counts as seen, and is counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.mutate.areas import AREAS, ROOT
from tests.mutate.coverage_map import CoverageMap, Judge, digest, observe, save
from tests.mutate.judge import Verdict, in_child, run_tests, warm
from tests.mutate.mutants import Mutant, mutants_of

COMPILING = 60.0  # seconds that the first call of a kernel may take


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


def interval(seen: int, count: int) -> tuple[float, float]:
    """Returns Wilson's interval of 95 % for a share of a sample."""
    z = 1.96
    share, spread = seen / count, z * z / count
    middle = share + spread / 2
    half = z * (share * (1 - share) / count + spread / (4 * count)) ** 0.5
    return (middle - half) / (1 + spread), (middle + half) / (1 + spread)


class Copy:
    """A copy of the repository in which faults are planted and tests run.

    Args:
        folder: It is made there, anew.
    """

    FIRST, REST = 20, 60.0
    """Tests that are asked before all others are collected; seconds of the others."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / 'repository'
        shutil.rmtree(self.root, ignore_errors=True)
        listing = ['git', 'ls-files', '-co', '--exclude-standard', '-z']
        output = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
        for name in output.stdout.decode().split('\0'):
            source, target = ROOT / name, self.root / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        compiling = [sys.executable, '-m', 'compileall', '-q', 'minigrad', 'tests']
        subprocess.run(compiling, cwd=self.root, check=False)
        self.maps: dict[str, CoverageMap] = {}

    def map_of(self, area: str) -> CoverageMap:
        """Returns which tests of an area run which line, measured when not known."""
        if area not in self.maps:
            path = self.folder / f'{area}-{digest(self.root)}.json'
            if not path.exists():
                print(f'{area}: measuring which test runs which line', flush=True)
                start = time.perf_counter()
                content, _ = in_child(
                    lambda: observe(area), self.root, AREAS[area].interpreted, None
                )
                if content is None or not content['tests']:
                    output = (self.folder / 'output.txt').read_text()
                    raise SystemExit(f'mutate: no test of {area} passes:\n{output}')
                save(path, content)
                print(
                    f'{area}: {len(content["tests"])} tests, '
                    f'{time.perf_counter() - start:.0f} s',
                    flush=True,
                )
            self.maps[area] = CoverageMap(**json.loads(path.read_text()))
        return self.maps[area]

    def try_out(
        self, planted: Planted, limit: float | None = None, fast: bool = False
    ) -> Verdict:
        """Shows one fault to the tests that may see it.

        Args:
            planted: The fault.
            limit: Seconds for all tests together.
            fast: Whether tests that start processes are left out, and loops of kernels
                run as Python code only.
        """
        path = self.root / planted.file
        source, times = path.read_bytes(), path.stat()
        known, area = self.map_of(planted.area), AREAS[planted.area]
        judges = known.judges(planted.file, source, planted.mutant)
        first, rest = judges[: self.FIRST], within(judges[self.FIRST :], self.REST)
        examples = Judge(planted.file, 1.0, 0, False)  # of its docstrings
        groups = [first, [examples], rest]
        if not fast:
            groups.append(within(known.starting_processes(), self.REST))
        path.write_bytes(planted.mutant.apply(source))
        try:
            is_compiled = planted.file in area.compiled
            if is_compiled or (area.interpreted and not judges):
                return self.run_compiled(planted.area, area.of_compiled)
            verdict = self.run(planted.area, groups, limit)
            if verdict.result == 'survived' and area.interpreted and not fast:
                return self.run_compiled(planted.area, r'tests/kernels/.*')
            return verdict
        finally:
            path.write_bytes(source)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def run_compiled(self, area: str, pattern: str) -> Verdict:
        """Shows a fault to what needs the compiler, then to tests of such names.

        Numba knows a compiled kernel by its own file, not by what it calls: nothing
        that was compiled before may be used.
        """
        known = self.map_of(area)
        groups = [[(name, COMPILING) for name in known.failed]]
        groups += [
            [
                (test.name, test.seconds + COMPILING)
                for test in known.tests
                if re.fullmatch(pattern, test.name)
            ]
        ]
        with tempfile.TemporaryDirectory(dir=self.folder) as cache:
            return self._run_in_child(groups, False, None, Path(cache))

    def run(self, area: str, groups: list[list[Judge]], limit: float | None) -> Verdict:
        """Runs groups of tests in a child, up to the first that fails."""
        tests = [[(t.name, t.seconds) for t in group] for group in groups if group]
        return self._run_in_child(tests, AREAS[area].interpreted, limit)

    def _run_in_child(
        self,
        tests: list[list[tuple[str, float]]],
        interpreted: bool,
        limit: float | None,
        cache: Path | None = None,
    ) -> Verdict:
        start = time.perf_counter()
        answer, late = in_child(
            lambda: run_tests(tests), self.root, interpreted, limit, cache
        )
        seconds = time.perf_counter() - start
        if answer is None:
            return Verdict('timeout' if late else 'seen', '', seconds, 0)
        test, count = answer
        return Verdict('seen' if test else 'survived', test, seconds, count)

    def check(self, area: str) -> None:
        """Refuses to begin where tests fail without a fault."""
        known = self.map_of(area).tests
        tests = within(known[:: max(1, len(known) // 20)], 20)
        verdict = self.run(area, [tests], 300)
        if verdict.result != 'survived' or not verdict.n_tests:
            output = (self.folder / 'output.txt').read_text()
            raise SystemExit(f'mutate: {area} fails without a fault:\n{output}')


def within(tests: list[Judge], seconds: float) -> list[Judge]:
    """Returns as many of the first tests as take so long."""
    chosen, total = [], 0.0
    for test in tests:
        total += test.seconds
        if total > seconds:
            break
        chosen.append(test)
    return chosen


class Diary:
    """The verdicts so far, a line each, in a file that outlives the process.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Verdict] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                with contextlib.suppress(ValueError):  # cut off by a kill
                    key, *verdict = json.loads(line)
                    self.known[key] = Verdict(*verdict)

    def write(self, key: str, verdict: Verdict) -> None:
        self.known[key] = verdict
        with self.path.open('a') as file:
            file.write(json.dumps([key, *verdict]) + '\n')


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
    parser.add_argument('--folder', type=Path, help='where verdicts are kept')
    parser.add_argument('--shard', default='1/1', help='K/N: every N-th, from the K-th')
    parser.add_argument('--minutes', type=float, help='then it stops; may be resumed')
    parser.add_argument(
        '--retry', action='store_true', help='survivors of before are shown again'
    )
    parser.add_argument(
        '--fast',
        action='store_true',
        help='no tests that start processes; loops of kernels as Python code only. '
        'Then --retry, without this, shows the survivors to all.',
    )
    parser.add_argument('--limit', type=float, help='seconds that a fault may take')
    args = parser.parse_args()
    # Ended from outside, it still ends the tests that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    seed = random.randrange(10**6) if args.seed is None else args.seed
    chosen = list(enumerate(choose(args.modules, seed, args.count)))
    shard, n_shards = (int(part) for part in args.shard.split('/'))
    chosen = chosen[shard - 1 :: n_shards]
    if args.only is not None:
        chosen = [(n, planted) for n, planted in chosen if n == args.only]
    print(f'seed {seed}, {len(chosen)} faults', flush=True)
    end = None if args.minutes is None else time.monotonic() + 60 * args.minutes
    with contextlib.ExitStack() as stack:
        folder = args.folder
        if folder is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix='mutate-'))
        folder = Path(folder).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        lock = stack.enter_context((folder / 'lock').open('w'))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            parser.error(f'another process plants faults in {folder}')
        results = run_all(folder, chosen, seed, args, end)
    report(results, seed)
    return int(any(verdict.result == 'survived' for _, verdict in results))


def run_all(
    folder: Path,
    chosen: list[tuple[int, Planted]],
    seed: int,
    args: argparse.Namespace,
    end: float | None,
) -> list[tuple[Planted, Verdict]]:
    """Tries out faults; Ctrl-C ends it with the results so far."""
    diary = Diary(folder / f'verdicts-{seed}.jsonl')
    results: list[tuple[Planted, Verdict]] = []
    copy: Copy | None = None
    checked: set[str] = set()
    try:
        for number, planted in chosen:
            key = f'{planted.file}:{planted.mutant.line}: {planted.mutant}'
            key += f' @{planted.mutant.start}'
            verdict = diary.known.get(key)
            if verdict is None or (args.retry and verdict.result == 'survived'):
                if end is not None and time.monotonic() > end:
                    break
                if copy is None:
                    warm()
                    copy = Copy(folder)
                if planted.area not in checked:
                    checked.add(planted.area)
                    copy.check(planted.area)
                verdict = copy.try_out(planted, args.limit, args.fast)
                diary.write(key, verdict)
                word = verdict.result.replace('survived', 'SURVIVED')
                print(
                    f'{number:4} {word:8} {verdict.seconds:5.1f} s '
                    f'{verdict.n_tests:4} tests  {key}  {verdict.test}',
                    flush=True,
                )
            results.append((planted, verdict))
    except KeyboardInterrupt:
        print('interrupted; the results so far:')
    return results


def report(results: list[tuple[Planted, Verdict]], seed: int) -> None:
    """Prints the score, its interval, and what no test saw."""
    if not results:
        return
    areas: dict[str, Counter[str]] = {}
    for planted, verdict in results:
        areas.setdefault(planted.area, Counter())[verdict.result] += 1
    areas['all'] = sum(areas.values(), Counter())
    for area, counts in areas.items():
        count, missed = counts.total(), counts['survived']
        low, high = interval(count - missed, count)
        print(
            f'{area}: {count - missed} of {count} faults seen '
            f'({(count - missed) / count:.1%}; 95 % interval {low:.1%} to {high:.1%}), '
            f'{counts["timeout"]} of them by running out of time; seed {seed}'
        )
    for planted, verdict in results:
        if verdict.result == 'survived':
            print(
                f'  {planted.file}:{planted.mutant.line}: {planted.mutant} '
                f'({verdict.n_tests} tests)'
            )


if __name__ == '__main__':
    sys.exit(main())

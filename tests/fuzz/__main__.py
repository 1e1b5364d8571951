"""Feeds damaged files to the readers.

    python -m tests.fuzz --minutes 10          # all readers, a new seed, printed
    python -m tests.fuzz --cases 100000 --reader torch
    python -m tests.fuzz --reader torch --seed 3 --case 1234    # one case again

A failure is printed with the options that repeat it; ``--keep`` writes the file of
``--case`` into ``tests/fuzz/corpus``, which every test run replays.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.fuzzer import explain, fresh_seed, fuzz, save_case
from tests.fuzz.readers import READERS

CORPUS = Path(__file__).parent / 'corpus'


def main() -> int:
    """Runs the command line; 1 tells that something failed."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.fuzz',
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [reader.name for reader in READERS]
    parser.add_argument('--reader', choices=names, action='append')
    parser.add_argument('--seed', type=int)
    parser.add_argument('--minutes', type=float, help='shared among the readers')
    parser.add_argument('--cases', type=int, help='for each reader')
    parser.add_argument('--case', type=int, help='only this one')
    parser.add_argument(
        '--keep', action='store_true', help='write --case to the corpus'
    )
    args = parser.parse_args()
    seed = fresh_seed() if args.seed is None else args.seed
    readers = [r for r in READERS if args.reader is None or r.name in args.reader]
    if args.case is not None:
        for reader in readers:
            print(explain(reader, seed, args.case))
            if args.keep:
                print(save_case(reader, seed, args.case, CORPUS))
        return 0
    print(f'seed {seed}')
    if args.minutes is None:
        seconds, cases = float('inf'), 1000 if args.cases is None else args.cases
    else:
        seconds = 60 * args.minutes / len(readers)
        cases = sys.maxsize // 2 if args.cases is None else args.cases
    total = failed = 0
    for reader in readers:
        start = time.monotonic()
        outcomes, failures = fuzz(reader, seed, cases, seconds)
        count = sum(outcomes.values()) + len(failures)
        total, failed = total + count, failed + len(failures)
        counts = ', '.join(f'{n} {name}' for name, n in outcomes.most_common())
        print(
            f'{reader.name:16} {count:8} cases {time.monotonic() - start:6.0f} s  {counts}'
            f'{", " if counts else ""}{len(failures)} failures',
            flush=True,
        )
        for failure in failures:
            print(f'  {failure}')
    print(f'{total} cases, {failed} failures')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

"""Runs published experiments again and prints a table: theirs, ours, time.

python -m models.experiments --quick
python -m models.experiments D1 L2 --data FOLDER
python -m models.experiments --search L3 --data FOLDER
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import minigrad as mg
from minigrad.utils import program

from . import EXPERIMENTS
from .data import Loader, use_folder
from .experiment import Experiment, Row, Run
from .fitting import remove_snapshots
from .search import chosen as best
from .search import search

HEADER = ('', 'what', 'theirs', 'ours', 'seconds', '')


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Returns the options."""
    table = '\n'.join(
        [
            f'  {e.id}  {e.setting}{" (an hour or more on two cores)" if e.long else ""}'
            for e in EXPERIMENTS.values()
        ]
    )
    parser = program.Parser(
        prog=f'python -m {__package__}',
        description='Run published experiments again: theirs, ours, time.',
        epilog=f'experiments:\n{table}',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'ids',
        nargs='*',
        metavar='ID',
        type=str.upper,
        help='experiments to run; by default all that this device is fast enough for',
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='fewer epochs where those are enough (A1, A4); minutes on two cores',
    )
    parser.add_argument(
        '--search',
        action='store_true',
        help='only choose what the reports leave open (I1, R1, L3), on held-out '
        'training images; the choice is kept in the output folder and used from then on',
    )
    parser.add_argument(
        '--limit',
        type=program.positive,
        metavar='N',
        help='end each training after N iterations, to try something out; a training '
        'that was interrupted and is further than that ends where it is',
    )
    parser.add_argument(
        '--data',
        type=Path,
        help='folder named mnist with the four files of MNIST, or a folder that holds '
        'mnist/ and cifar/; by default they are downloaded once',
    )
    parser.add_argument('--device', default='@numpy', help='@numpy, or @cupy:0')
    parser.add_argument('--seed', type=int, default=0, help='of weights and order')
    parser.add_argument(
        '--out',
        type=Path,
        default=Path('result/experiments'),
        help='folder for logs and curves',
    )
    options = parser.parse_args(arguments)
    unknown = [name for name in options.ids if name not in EXPERIMENTS]
    if unknown:
        parser.error(f'no experiment {", ".join(unknown)}; see --help')
    return options


def chosen(options: argparse.Namespace) -> list[Experiment]:
    """Returns the experiments that were asked for."""
    if options.ids:
        return [EXPERIMENTS[name] for name in options.ids]
    on_gpu = mg.get_device(options.device).name != '@numpy'
    experiments = list(EXPERIMENTS.values())
    if options.search:
        return [e for e in experiments if e.search is not None]
    if options.quick or not on_gpu:
        experiments = [e for e in experiments if not e.long]
    return experiments


def timed(experiment: Experiment, run: Run) -> Iterator[tuple[Row, float]]:
    """Yields the rows of an experiment with the seconds that each took."""
    start = time.perf_counter()
    for row in experiment.run(run):
        yield row, time.perf_counter() - start
        start = time.perf_counter()


def line(cells: tuple[Any, ...]) -> str:
    """Returns a line of the table."""
    widths = (3, 39, 31, 31, 7, 0)
    cells = tuple(
        [f'{cell!s:<{width}}' for cell, width in zip(cells, widths, strict=True)]
    )
    return ' | '.join(cells).rstrip(' |')


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns how many rows fell short."""
    options = parse(arguments)
    lost = (
        f'the rows above stand, logs and curves are in {options.out}, and the same '
        'command goes on with the training that was interrupted'
    )
    return program.run(lambda: work(options), [mg.dataset.DatasetError], lost)


def choose(options: argparse.Namespace, run: Run) -> int:
    """Searches for the settings that reports leave open; returns the exit status."""
    for experiment in chosen(options):
        print(f'{experiment.id}: {experiment.setting}', flush=True)
        for trial, seconds in search(experiment, run):
            print(f'{trial.score:.4f} in {seconds:.0f} s: {trial.settings}', flush=True)
            print(f'       {trial.figures}', flush=True)
        print(f'chosen: {best(run, experiment.id)}')
    return 0


def work(options: argparse.Namespace) -> int:
    """Runs the experiments; returns how many rows fell short."""
    use_folder(options.data)
    load = Loader()
    run = Run(
        load, options.out, options.seed, options.quick, options.device, options.limit
    )
    if options.search:
        return choose(options, run)
    start = time.perf_counter()
    rows: list[Row] = []
    print(line(HEADER))
    for experiment in chosen(options):
        print(f'{experiment.id}: {experiment.setting}', flush=True)
        for row, seconds in timed(experiment, run):
            rows.append(row)
            mark = '' if row.reached else 'SHORT'
            cells = (experiment.id, row.what, row.theirs, row.ours, f'{seconds:.1f}')
            print(line((*cells, mark)), flush=True)
        remove_snapshots(run, experiment.id)
    short = sum([not row.reached for row in rows])
    seconds = time.perf_counter() - start
    print(
        f'{len(rows) - short} of {len(rows)} rows reach the published figures; '
        f'{seconds / 60:.1f} minutes, {mg.get_num_threads()} threads, seed {run.seed}'
    )
    for asked, given in load.used.items():
        if asked != given:
            print(
                f'{asked} was not at hand; {given} took its place: not the same figures'
            )
    return short


if __name__ == '__main__':
    raise SystemExit(min(main(), 1))

"""Settings that a report leaves open, chosen on held-out training images.

`python -m models.experiments --search L3` tries the candidates of an experiment and
writes a line for each into the output folder. The best of them is what the experiment
uses from then on; what is used without a search of one's own is in `chosen`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minigrad.serializers import atomic_write
from minigrad.utils.program import ProgramError

from .experiment import Experiment, Run, Trial
from .fitting import remove_snapshots

RECORDED = Path(__file__).with_name('chosen')


def search(experiment: Experiment, run: Run) -> Iterator[tuple[Trial, float]]:
    """Tries the candidates that were not tried yet; yields each with its seconds.

    Raises:
        ProgramError: The report leaves nothing open.
    """
    if experiment.search is None:
        raise ProgramError(f'--search: {experiment.id} leaves nothing open')
    path = _path(run.out, experiment.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = path.read_text().splitlines() if path.is_file() else []
    known = [json.loads(line)['settings'] for line in lines]
    for i, settings in enumerate(experiment.search.candidates):
        if settings in known:
            continue
        name = f'{experiment.id}-search{i:02d}'
        start = time.perf_counter()
        trial = experiment.search.try_out(run, name, settings)
        seconds = time.perf_counter() - start
        row = {**trial._asdict(), 'seconds': round(seconds, 1), 'seed': run.seed}
        lines.append(json.dumps(row))
        with atomic_write(path) as file:
            file.write('\n'.join([*lines, '']).encode())
        remove_snapshots(run, name)
        yield trial, seconds


def chosen(run: Run, experiment: str) -> dict[str, Any]:
    """Returns the best settings of the last search in the output folder, or on record."""
    path = _path(run.out, experiment)
    if not path.is_file():
        path = RECORDED / f'{experiment}.jsonl'
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    settings: dict[str, Any] = max(rows, key=lambda row: row['score'])['settings']
    return settings


def _path(out: Path, experiment: str) -> Path:
    return out / f'{experiment}-search.jsonl'

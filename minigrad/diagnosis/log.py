"""The log of a run that has ended, read as a doctor would."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from minigrad.diagnosis.finding import TITLES, Finding
from minigrad.diagnosis.rules import History
from minigrad.diagnosis.rules_curve import Overfitting
from minigrad.diagnosis.step import Row

NAMES = ('log.jsonl', 'log')


def row_of(entry: dict[str, Any]) -> Row:
    """Returns a row of a log with its values by their usual names.

    Example:
        >>> from minigrad.diagnosis.log import row_of
        >>> row = row_of({'epoch': 2, 'main/loss': .5, 'validation/main/loss': .6})
        >>> row.when, row.loss, row.validation_loss
        (2, 0.5, 0.6)
    """

    def value(what: str, validation: bool) -> float | None:
        for key, number in entry.items():
            parts = key.split('/')
            if parts[-1] == what and (len(parts) > 2) == validation:
                return number if isinstance(number, float | int) else None
        return None

    return Row(
        entry.get('epoch', 0), value('loss', False), value('accuracy', False),
        value('loss', True), value('accuracy', True),
    )  # fmt: skip


def diagnose_log(path: str | Path, n_classes: int | None = None) -> list[Finding]:
    """Judges a run by what it left in its output folder.

    Findings of a `Doctor` that watched the run (``doctor.json``) come first.

    Args:
        path: The output folder, or the file that `LogReport` wrote.
        n_classes: Number of classes; by default what ``setup.json`` says, or 10, 100 or
            1000 if the first loss is that of guessing among so many.

    Returns:
        Findings, each once.

    Raises:
        FileNotFoundError: There is no log.
        ValueError: The file is not a log.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    if path.is_dir():
        found = [path / name for name in NAMES if (path / name).is_file()]
        if not found and (folder / 'doctor.json').is_file():
            return _told(folder / 'doctor.json')  # it ended before its first epoch
        if not found:
            raise FileNotFoundError(
                f'{path}: no log of a training ({" or ".join(NAMES)}), which '
                'extensions.LogReport writes'
            )
        path = found[0]
    entries = read_log(path)
    findings = _told(folder / 'doctor.json')
    known = {finding.name for finding in findings}
    rows = [row_of(entry) for entry in entries]
    if n_classes is None:
        n_classes = _classes(folder / 'setup.json', rows)
    for finding in (
        _not_finite(entries), _guessing(rows, n_classes), _rising(rows),
        _overfitting(rows),
    ):  # fmt: skip
        if finding is not None and finding.name not in known:
            findings.append(finding)
    return findings


def read_log(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a file that `LogReport` wrote.

    Raises:
        ValueError: The file is not one.
    """
    text = path.read_text()
    try:
        if path.suffix == '.jsonl':
            entries = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            entries = json.loads(text)
    except ValueError as error:
        raise ValueError(f'{path}: not the log of a training: {error}') from error
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise ValueError(f'{path}: not the log of a training')
    # JSON has no word for NaN, so it is null there.
    return [{k: math.nan if v is None else v for k, v in e.items()} for e in entries]


def _told(path: Path) -> list[Finding]:
    if not path.is_file():
        return []
    try:
        entries = json.loads(path.read_text())
        findings = [Finding(**entry) for entry in entries]
    except (ValueError, TypeError) as error:
        raise ValueError(f'{path}: not the findings of a doctor: {error}') from error
    return [finding for finding in findings if finding.name in TITLES]


def _classes(setup: Path, rows: list[Row]) -> int | None:
    if setup.is_file():
        classes = json.loads(setup.read_text()).get('classes')
        if classes:
            return len(classes)
    losses = [row.loss for row in rows if row.loss is not None]
    for n in (10, 100, 1000):
        if losses and abs(losses[0] / math.log(n) - 1.0) < 0.02:
            return n
    return None


def _not_finite(entries: list[dict[str, Any]]) -> Finding | None:
    for entry in entries:
        for key, value in entry.items():
            if isinstance(value, float) and not math.isfinite(value) and 'loss' in key:
                return Finding(
                    'loss is not finite',
                    f'{key} is {value} at epoch {entry.get("epoch", "?")}',
                    'a smaller learning rate, scaled inputs, GradientClipping',
                    '',
                    entry.get('iteration'),
                )
    return None


def _guessing(rows: list[Row], n_classes: int | None) -> Finding | None:
    losses = [row.loss for row in rows if row.loss is not None]
    if n_classes is None or n_classes < 2 or len(losses) < 2:
        return None
    guess = math.log(n_classes)
    stuck = [0.98 < loss / guess < 1.05 for loss in losses]
    n = stuck.index(False) if False in stuck else len(stuck)
    if n < 2:
        return None
    return Finding(
        'loss at ln C',
        f'for the first {n} of {len(losses)} rows the loss is within 2 % of ln '
        f'{n_classes} = {guess:.4f}',
        'run again with --doctor (extensions.Doctor()), which sees why',
    )


def _rising(rows: list[Row]) -> Finding | None:
    losses = [r.loss for r in rows if r.loss is not None and math.isfinite(r.loss)]
    if len(losses) >= 3 and min(losses[-2:]) > 1.5 * losses[0]:
        return Finding(
            'rate too high',
            f'the training loss rose from {losses[0]:.3g} to {losses[-1]:.3g}',
            'a tenth of the rate; minigrad.training.find_rate shows which rates learn',
        )
    return None


def _overfitting(rows: list[Row]) -> Finding | None:
    history, rule = History(), Overfitting()
    for row in rows:
        history.rows.append(row)
        finding = rule.row(row, history)
        if finding is not None:
            return finding
    return None

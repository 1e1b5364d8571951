"""What curves tell: of a training that runs, and of a log."""

from __future__ import annotations

from minigrad.diagnosis.finding import Finding
from minigrad.diagnosis.rules import History, Rule
from minigrad.diagnosis.step import Row

GAP = 0.1  # of the accuracies, above which a model has learnt by heart


class Overfitting(Rule):
    """Training gets better where validation does not."""

    def row(self, row: Row, history: History) -> Finding | None:
        rows = [one for one in history.rows if _has_both(one)]
        if len(rows) < 3 or not _has_both(row):
            return None
        last = rows[-2:]
        gaps = [_gap(one) for one in rows]
        if all(gap is not None for gap in gaps):
            numbers = [gap for gap in gaps if gap is not None]
            if min(numbers[-3:]) <= GAP or not _learns(rows):
                return None
            opened = next(r for r, gap in zip(rows, numbers, strict=True) if gap > GAP)
            seen = (
                f'accuracy {last[-1].accuracy:.3f} in training and '
                f'{last[-1].validation_accuracy:.3f} in validation; the gap opened at '
                f'{opened.unit} {opened.when:g}'
            )
        else:
            found = _loss_opens(rows)
            if found is None:
                return None
            best = found
            seen = (
                f'the validation loss was least, {best.validation_loss:.3g}, at {best.unit} '
                f'{best.when:g} and is {row.validation_loss:.3g}, while the training '
                f'loss fell from {best.loss:.3g} to {row.loss:.3g}'
            )
        return Finding(
            'overfitting',
            seen,
            'more or augmented examples, dropout, weight decay, a smaller model, or stop '
            'at the best epoch (triggers.EarlyStoppingTrigger)',
        )


def _has_both(row: Row) -> bool:
    return (row.accuracy is not None and row.validation_accuracy is not None) or (
        row.loss is not None and row.validation_loss is not None
    )


def _gap(row: Row) -> float | None:
    if row.accuracy is None or row.validation_accuracy is None:
        return None
    return row.accuracy - row.validation_accuracy


def _learns(rows: list[Row]) -> bool:
    accuracies = [row.accuracy for row in rows if row.accuracy is not None]
    return accuracies[-1] > accuracies[0] or accuracies[-1] > 0.5


def _loss_opens(rows: list[Row]) -> Row | None:
    rows = [r for r in rows if r.loss is not None and r.validation_loss is not None]
    if len(rows) < 4:
        return None
    best = min(rows, key=lambda row: row.validation_loss or 0.0)
    last = rows[-1]
    risen = all(
        (row.validation_loss or 0.0) > 1.3 * (best.validation_loss or 0.0)
        for row in rows[-2:]
    )
    if risen and (last.loss or 0.0) < 0.7 * (best.loss or 0.0):
        return best
    return None

"""What datasets themselves tell before a training begins."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.datasets import SubDataset, TransformDataset, TupleDataset
from minigrad.diagnosis.finding import Finding

CHECKED = 2000  # examples of the validation set that are looked for


def examine_datasets(training: Any, validation: Any) -> list[Finding]:
    """Looks for training examples among those of a validation set.

    Args:
        training: Dataset in memory, or None; one that reads files is passed over.
        validation: As ``training``.

    Example:
        >>> from minigrad.diagnosis.examples import examine_datasets
        >>> x = np.arange(200, dtype='f').reshape(100, 2)
        >>> print(*examine_datasets(x[:80], x[70:]))
        validation overlaps training: the validation set holds training examples
          seen  10 of 30 validation examples are in the training set
          fix   split the data once, before training: datasets.split_dataset_random(data, n)
    """
    mine, others = _in_memory(training), _in_memory(validation)
    if mine is None or others is None or not len(mine) or not len(others):
        return []
    chosen = range(0, len(others), max(1, len(others) // CHECKED))
    looked_for = [_mark(others[i]) for i in chosen]
    if None in looked_for:
        return []
    known = {_mark(mine[i]) for i in range(len(mine))}
    common = sum([mark in known for mark in looked_for])
    # Large sets of photographs hold a few twins.
    if common <= max(2, 0.01 * len(looked_for)):
        return []
    return [
        Finding(
            'validation overlaps training',
            f'{common} of {len(looked_for)} validation examples are in the training set',
            'split the data once, before training: '
            'datasets.split_dataset_random(data, n)',
        )
    ]


def _in_memory(dataset: Any) -> Any:
    """Returns a dataset whose examples cost nothing to read, or None."""
    if isinstance(dataset, TransformDataset):
        return _in_memory(dataset._dataset)
    if isinstance(dataset, SubDataset):
        return dataset if _in_memory(dataset._dataset) is not None else None
    if isinstance(dataset, TupleDataset):
        columns = dataset._datasets
        return dataset if all(_in_memory(c) is not None for c in columns) else None
    return dataset if isinstance(dataset, (list, tuple, numpy.ndarray)) else None


def _mark(example: Any) -> int | None:
    if isinstance(example, tuple) and example:
        example = example[0]
    if isinstance(example, dict):
        example = next(iter(example.values()), None)
    if isinstance(example, (int, float)) or example is None:
        return None  # a number may well be there twice
    if not isinstance(example, numpy.ndarray) or example.size < 2:
        return None
    return hash(example.tobytes())

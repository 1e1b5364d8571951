"""The dataset of a process that is fed by others."""

from __future__ import annotations

from typing import Any


def create_empty_dataset(dataset: Any) -> list[tuple[()]]:
    """Returns as many empty examples as a dataset has.

    For a process whose model takes its inputs from other processes and gives its outputs
    to them: the iterators of all processes then make the same number of batches.

    Args:
        dataset: The dataset of the other processes.

    Source: compatible with chainermn.datasets.create_empty_dataset.

    Example:
        >>> from minigrad import chainermn
        >>> chainermn.datasets.create_empty_dataset(np.arange(3))
        [(), (), ()]
    """
    return [()] * len(dataset)

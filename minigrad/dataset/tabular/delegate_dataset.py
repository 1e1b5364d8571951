"""A base class for datasets that are made of another one."""

from __future__ import annotations

from typing import Any

from minigrad.dataset.tabular.tabular_dataset import TabularDataset, View


class DelegateDataset(View):
    """Behaves as the dataset that it is given; a subclass names one in `__init__`.

    Args:
        dataset: The tabular dataset that answers.

    Source: compatible with chainer.dataset.tabular.DelegateDataset.

    Example:
        >>> from minigrad.dataset import tabular
        >>> class Letters(tabular.DelegateDataset):
        ...     def __init__(self):
        ...         columns = {'code': [97, 98], 'letter': self.letter}
        ...         super().__init__(tabular.from_data(columns))
        ...     def letter(self, i):
        ...         return chr(97 + i)
        >>> Letters()[1]
        {'code': 98, 'letter': 'b'}
    """

    def convert(self, data: Any) -> Any:
        """Makes arrays of columns; a subclass may replace it."""
        # Chainer's does not ask the dataset that it wraps.
        return TabularDataset.convert(self, data)

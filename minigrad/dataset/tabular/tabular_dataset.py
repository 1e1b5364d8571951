"""The base class of tabular datasets, and the views that its methods return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad import backend
from minigrad.dataset.dataset_mixin import DatasetMixin
from minigrad.dataset.tabular import _rows
from minigrad.dataset.tabular._rows import Rows

Columns = tuple[int, ...] | None


class TabularDataset(DatasetMixin):
    """A dataset whose examples all have the same named elements.

    A subclass defines `__len__`, `keys`, `mode` and `get_examples`. What the methods
    return are views: they read data only when examples are asked for.

    Source: compatible with chainer.dataset.TabularDataset.

    Example:
        >>> class Squares(minigrad.dataset.TabularDataset):
        ...     keys = ('x', 'y')
        ...     mode = tuple
        ...     def __len__(self):
        ...         return 5
        ...     def get_examples(self, indices, key_indices):
        ...         x = np.arange(5)
        ...         table = (x, x**2)
        ...         if key_indices is not None:
        ...             table = tuple([table[k] for k in key_indices])
        ...         if indices is None:
        ...             return table
        ...         return tuple([column[indices] for column in table])
        >>> squares = Squares()
        >>> squares[3]
        (np.int64(3), np.int64(9))
        >>> squares.slice[::2, 'y'].fetch()
        array([ 0,  4, 16])
        >>> squares.asdict()[1]
        {'x': np.int64(1), 'y': np.int64(1)}
    """

    def __len__(self) -> int:
        """Returns the number of rows."""
        raise NotImplementedError(f'{type(self).__name__} must define __len__')

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns."""
        raise NotImplementedError(f'{type(self).__name__} must define keys')

    @property
    def mode(self) -> type | None:
        """What an example is: ``tuple``, ``dict``, or None for the only value."""
        raise NotImplementedError(f'{type(self).__name__} must define mode')

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        """Returns columns.

        Args:
            indices: Wanted rows: None (all), a slice, or a list of numbers from 0.
            key_indices: Numbers of the wanted columns, None for all.

        Returns:
            One list or array per wanted column.
        """
        raise NotImplementedError(f'{type(self).__name__} must define get_examples')

    def get_example(self, i: int) -> Any:
        """Returns row number ``i`` in the form of `mode`."""
        columns = self.get_examples([i], None)
        return self._packed_(tuple([column[0] for column in columns]))

    def _packed_(self, columns: tuple[Any, ...]) -> Any:
        if self.mode is tuple:
            return columns
        if self.mode is dict:
            return dict(zip(self.keys, columns, strict=True))
        return columns[0]

    @property
    def slice(self) -> _Slicer:
        """Views of rows and columns: ``dataset.slice[rows]``, ``.slice[rows, keys]``.

        Rows are a slice, numbers, or one bool per row. Keys are a tuple of names or
        numbers, or a single one, whose examples are then bare values.
        """
        return _Slicer(self)

    def fetch(self) -> Any:
        """Returns all rows: a column, or a tuple or dictionary of them, as by `mode`."""
        return self._packed_(self.get_examples(None, None))

    def convert(self, data: Any) -> Any:
        """Makes arrays of what `fetch` returned; `with_converter` replaces it.

        Joined and concatenated datasets use the converter of their first dataset.
        """
        if isinstance(data, tuple):
            return tuple([_as_array(column) for column in data])
        if isinstance(data, dict):
            return {key: _as_array(column) for key, column in data.items()}
        return _as_array(data)

    def astuple(self) -> TabularDataset:
        """Returns a view whose examples are tuples."""
        return _Mode(self, tuple)

    def asdict(self) -> TabularDataset:
        """Returns a view whose examples are dictionaries."""
        return _Mode(self, dict)

    def concat(self, *datasets: TabularDataset) -> TabularDataset:
        """Returns a view with the rows of others below these.

        Raises:
            ValueError: Their keys differ.
        """
        return _Concat(self, *datasets)

    def join(self, *datasets: TabularDataset) -> TabularDataset:
        """Returns a view with the columns of others beside these.

        Raises:
            ValueError: Their lengths differ, or two columns have one name.
        """
        return _Join(self, *datasets)

    def transform(self, keys: Any, transform: Callable[..., Any]) -> TabularDataset:
        """Returns a view in which a function was called for each example.

        Args:
            keys: Names of the new columns, a tuple or one string.
            transform: Takes the values of an example as arguments (by name, if `mode`
                is ``dict``) and returns a tuple, a dictionary, or a bare value.
        """
        return _Transform(self, keys, transform)

    def transform_batch(
        self, keys: Any, transform_batch: Callable[..., Any]
    ) -> TabularDataset:
        """Returns a view in which a function was called for many examples at once.

        Args:
            keys: Names of the new columns, a tuple or one string.
            transform_batch: Takes columns as arguments (by name, if `mode` is
                ``dict``) and returns as many columns as there are keys, of the same
                length: a tuple, a dictionary, or a bare column.
        """
        return _TransformBatch(self, keys, transform_batch)

    def with_converter(self, converter: Callable[..., Any]) -> TabularDataset:
        """Returns a view whose `convert` calls ``converter`` with the columns."""
        return _WithConverter(self, converter)


class _Slicer:
    """What ``dataset.slice`` is: it makes views of what stands in its brackets."""

    def __init__(self, dataset: TabularDataset) -> None:
        self._dataset = dataset

    def __getitem__(self, rows_and_keys: Any) -> TabularDataset:
        if isinstance(rows_and_keys, tuple):
            rows, keys = rows_and_keys
            return _Slice(self._dataset, rows, keys)
        return _Slice(self._dataset, rows_and_keys, None)


class View(TabularDataset):
    """A dataset that reads another and changes what its methods change."""

    def __init__(self, dataset: TabularDataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def keys(self) -> tuple[str, ...]:
        return self.dataset.keys

    @property
    def mode(self) -> type | None:
        return self.dataset.mode

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        return self.dataset.get_examples(indices, key_indices)

    def convert(self, data: Any) -> Any:
        return self.dataset.convert(data)


class _Mode(View):
    mode: Any = None

    def __init__(self, dataset: TabularDataset, mode: type) -> None:
        super().__init__(dataset)
        self.mode = mode


class _WithConverter(View):
    def __init__(self, dataset: TabularDataset, converter: Callable[..., Any]) -> None:
        super().__init__(dataset)
        self._converter = converter

    def convert(self, data: Any) -> Any:
        return _call(self._converter, data)


class _Slice(View):
    def __init__(self, dataset: TabularDataset, rows: Any, keys: Any) -> None:
        super().__init__(dataset)
        self._rows = _rows.chosen(rows, len(dataset))
        self._columns: Columns = None
        self._single = False
        if keys is not None:
            self._single = not isinstance(keys, tuple)
            keys = (keys,) if self._single else keys
            self._columns = _rows.columns(keys, dataset.keys)

    def __len__(self) -> int:
        return _rows.count(self._rows, len(self.dataset))

    @property
    def keys(self) -> tuple[str, ...]:
        keys = self.dataset.keys
        return (
            keys if self._columns is None else tuple([keys[k] for k in self._columns])
        )

    @property
    def mode(self) -> type | None:
        if self._single:
            return None
        mode = self.dataset.mode
        return mode if mode is not None or self._columns is None else tuple

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        if self._columns is not None:
            own = self._columns
            key_indices = (
                own if key_indices is None else tuple([own[k] for k in key_indices])
            )
        rows = _rows.within(self._rows, indices, len(self.dataset))
        return self.dataset.get_examples(rows, key_indices)


class _Concat(View):
    def __init__(self, *datasets: TabularDataset) -> None:
        super().__init__(datasets[0])
        for i, dataset in enumerate(datasets):
            if dataset.keys != datasets[0].keys:
                raise ValueError(
                    f'concat: expected the same keys in all datasets, got '
                    f'{datasets[0].keys} in the first and {dataset.keys} in number {i}'
                )
        self._datasets = datasets

    def __len__(self) -> int:
        return sum([len(dataset) for dataset in self._datasets])

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        if isinstance(indices, list):
            return self._listed(indices, key_indices)
        parts = []
        offset = 0
        for dataset in self._datasets:
            if indices is None:
                parts.append(dataset.get_examples(None, key_indices))
                continue
            end = offset + len(dataset)
            rows = _rows.between(_rows.as_range(indices, len(self)), offset, end)
            if rows:
                parts.append(dataset.get_examples(_rows.as_slice(rows), key_indices))
            offset = end
        if isinstance(indices, slice) and (indices.step or 1) < 0:
            parts.reverse()
        if len(parts) == 1:
            return parts[0]
        n_columns = len(self.keys if key_indices is None else key_indices)
        return tuple(
            [[value for part in parts for value in part[k]] for k in range(n_columns)]
        )

    def _listed(self, indices: list[int], key_indices: Columns) -> tuple[Any, ...]:
        """Asks each dataset once, and puts what comes in the order of ``indices``."""
        n_columns = len(self.keys if key_indices is None else key_indices)
        found: tuple[list[Any], ...] = tuple(
            [[None] * len(indices) for _ in range(n_columns)]
        )
        offset = 0
        for dataset in self._datasets:
            end = offset + len(dataset)
            places = [p for p, i in enumerate(indices) if offset <= i < end]
            if places:
                rows = [indices[p] - offset for p in places]
                part = dataset.get_examples(rows, key_indices)
                if len(places) == len(indices):
                    return part
                for column, values in zip(found, part, strict=True):
                    for p, value in zip(places, values, strict=True):
                        column[p] = value
            offset = end
        return found


class _Join(View):
    def __init__(self, *datasets: TabularDataset) -> None:
        super().__init__(datasets[0])
        for i, dataset in enumerate(datasets):
            if len(dataset) != len(datasets[0]):
                raise ValueError(
                    f'join: expected the same length of all datasets, got '
                    f'{len(datasets[0])} of the first and {len(dataset)} of number {i}'
                )
        names = [key for dataset in datasets for key in dataset.keys]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f'join: expected different keys, got {twice} twice')
        self._datasets = datasets

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple([key for dataset in self._datasets for key in dataset.keys])

    @property
    def mode(self) -> type | None:
        modes = [dataset.mode for dataset in self._datasets]
        return next((mode for mode in modes if mode is not None), tuple)

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        if key_indices is None:
            return tuple(
                [
                    column
                    for dataset in self._datasets
                    for column in dataset.get_examples(indices, None)
                ]
            )
        found: dict[int, Any] = {}
        offset = 0
        for dataset in self._datasets:
            end = offset + len(dataset.keys)
            own = [k for k in dict.fromkeys(key_indices) if offset <= k < end]
            if own:
                wanted = tuple([k - offset for k in own])
                columns = dataset.get_examples(indices, wanted)
                found.update(zip(own, columns, strict=True))
            offset = end
        return tuple([found[k] for k in key_indices])


class _Computed(View):
    """What `transform` and `transform_batch` share: new keys, and a mode found out."""

    _name: str
    _known_mode: Any = ...  # until a first call showed it

    def __init__(
        self, dataset: TabularDataset, keys: Any, function: Callable[..., Any]
    ) -> None:
        super().__init__(dataset)
        self._keys: tuple[str, ...] = keys if isinstance(keys, tuple) else (keys,)
        self._function = function

    @property
    def keys(self) -> tuple[str, ...]:
        return self._keys

    @property
    def mode(self) -> type | None:
        if self._known_mode is ...:
            self.get_examples([0], None)
        mode: type | None = self._known_mode
        return mode

    def _compute(self, columns: Sequence[Any]) -> tuple[Any, ...]:
        """Calls the function; returns one value per key, whatever it returned."""
        result = _call(
            self._function,
            dict(zip(self.dataset.keys, columns, strict=True))
            if self.dataset.mode is dict
            else tuple(columns),
        )
        kind = next((kind for kind in (tuple, dict) if isinstance(result, kind)), None)
        if self._known_mode is not ... and self._known_mode is not kind:
            raise ValueError(f'{self._name} must not change its return type')
        self._known_mode = kind
        if kind is dict:
            missing = [key for key in self._keys if key not in result]
            if missing:
                raise ValueError(
                    f'{self._name}: expected a dictionary with the keys {self._keys}, '
                    f'got {tuple(result)}'
                )
            return tuple([result[key] for key in self._keys])
        values = result if kind is tuple else (result,)
        if len(values) < len(self._keys):
            raise ValueError(
                f'{self._name}: expected a value for each of the keys {self._keys}, '
                f'got {len(values)}'
            )
        return values

    def _some(self, values: Sequence[Any], key_indices: Columns) -> tuple[Any, ...]:
        return tuple(
            values if key_indices is None else [values[k] for k in key_indices]
        )


class _Transform(_Computed):
    _name = 'transform'

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        rows = zip(*self.dataset.get_examples(indices, None), strict=True)
        examples = [self._compute(row) for row in rows]
        columns = [[e[k] for e in examples] for k in range(len(self._keys))]
        return self._some(columns, key_indices)


class _TransformBatch(_Computed):
    _name = 'transform_batch'

    def get_examples(self, indices: Rows, key_indices: Columns) -> tuple[Any, ...]:
        columns = self._compute(self.dataset.get_examples(indices, None))
        n = _rows.count(indices, len(self))
        if any(len(column) != n for column in columns):
            raise ValueError(
                'transform_batch must not change the length of data: expected '
                f'{n} rows, got {[len(column) for column in columns]}'
            )
        return self._some(columns, key_indices)


def _call(function: Callable[..., Any], values: Any) -> Any:
    """Calls a function with a tuple, a dictionary (by name), or one bare value."""
    if isinstance(values, tuple):
        return function(*values)
    if isinstance(values, dict):
        return function(**values)
    return function(values)


def _as_array(column: Any) -> Any:
    if backend.is_array(column):
        return column
    device = backend.get_device_from_array(column[0])
    with backend.using_device(device):
        return device.xp.asarray(column)

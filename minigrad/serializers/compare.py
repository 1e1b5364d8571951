"""Comparing a saved file with an object before one of its arrays is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from minigrad import backend
from minigrad.serializer import Serializer
from minigrad.serializers.errors import MissingEntry, SnapshotMismatch


class _Outline(Serializer):
    """Collects what an object would ask for; nothing is copied."""

    def __init__(
        self,
        entries: list[tuple[str, Any]],
        old_shapes: dict[str, tuple[int, ...]],
        path: str,
    ) -> None:
        self._entries = entries
        self._old_shapes = old_shapes
        self._path = path

    def __getitem__(self, key: str) -> _Outline:
        return _Outline(
            self._entries, self._old_shapes, f'{self._path}{key.strip("/")}/'
        )

    def note_old_shape(self, key: str, shape: tuple[int, ...]) -> None:
        """Is called by objects that read an entry also as older files have it."""
        self._old_shapes[self._path + key] = shape

    def __call__(self, key: str, value: Any) -> Any:
        self._entries.append((self._path + key.lstrip('/'), value))
        return value


def compare(
    file: str,
    contents: Mapping[str, Any],
    obj: Any,
    path: str = '',
    strict: bool = True,
    is_ignored: Callable[[str], bool] = lambda name: False,
) -> None:
    """Raises with all differences between a file and a link; other objects pass.

    Args:
        file: Its name, for messages.
        contents: Everything with a shape that the file holds, by its full name.
        obj: What will be loaded. Only links say beforehand what they will ask for.
        path: What the names in the file begin with.
        strict: Whether a name must be there.
        is_ignored: Tells the names that do not matter.
    """
    if not hasattr(type(obj), 'namedparams'):
        return
    entries: list[tuple[str, Any]] = []
    old_shapes: dict[str, tuple[int, ...]] = {}
    _Outline(entries, old_shapes, path).save(obj)
    wanted = {name: value for name, value in entries if not is_ignored(name)}
    absent = [name for name in wanted if name not in contents]
    lines = list(_differences(contents, wanted, old_shapes))
    if strict and absent:
        extra = sorted(set(contents) - set(wanted))
        lines.append(f'  not asked for: {enumerate_names(extra)}')
        raise MissingEntry('\n'.join([missing(file, contents, absent, path), *lines]))
    if lines:
        lines.insert(0, f'{file}: a snapshot of another model')
        lines.append(
            '  hint: build the model as it was when it was saved, or pass over these '
            'names with ignore_names='
        )
        raise SnapshotMismatch('\n'.join(lines))


def _differences(
    contents: Mapping[str, Any],
    wanted: Mapping[str, Any],
    old_shapes: Mapping[str, tuple[int, ...]],
) -> Iterator[str]:
    for name, value in wanted.items():
        data = contents.get(name)
        # An entry of Python objects is None: not initialised when it was saved.
        if data is None or not backend.is_array(value) or data.dtype == object:
            continue
        shapes = (None, value.shape, old_shapes.get(name))
        if data.shape not in shapes and not data.size == value.size == 1:
            yield f'  {name}  file {data.shape}  model {value.shape}'


def missing(
    file: str, contents: Mapping[str, Any], names: Sequence[str], path: str
) -> str:
    """Returns the text of a `MissingEntry`."""
    there = [name for name in contents if name.startswith(path)]
    return (
        f'{file}: it has no {enumerate_names(names)}\n'
        f'  under {path or "/"} it holds {enumerate_names(there)}\n'
        '  hint: is it a snapshot of another model? path= reads a part of a file, '
        'strict=False passes over what is not there'
    )


def enumerate_names(names: Sequence[str], most: int = 12) -> str:
    """Returns names in quotes, shortened when there are many.

    >>> enumerate_names(['a', 'b', 'c'], most=2)
    "'a', 'b' and 1 more"
    """
    if not names:
        return 'nothing'
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return ', '.join(repr(name) for name in names[:most]) + more

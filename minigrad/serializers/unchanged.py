"""Putting an object back as it was when loading has failed half-way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, TypeAlias

from minigrad import backend
from minigrad.serializer import Deserializer, Serializer
from minigrad.serializers.errors import SnapshotError, SnapshotMismatch
from minigrad.types import Array


@contextlib.contextmanager
def unchanged_on_failure(file: str, obj: Any) -> Iterator[None]:
    """Puts an object back if the block, which loads a file into it, raises.

    What the object would save is remembered; so are parameters without a shape, and
    optimizers without a state, which a file gives them.

    Args:
        file: Its name, which every error will hold.
        obj: What is loaded.

    Raises:
        SnapshotMismatch: The object has raised an error of another kind.
    """
    memory = _Memory(obj)
    try:
        yield
    except BaseException as error:
        memory.restore()
        if isinstance(error, SnapshotError):
            if file in str(error):
                raise
            raise type(error)(f'{file}: {error}') from error
        if isinstance(error, (ValueError, TypeError, LookupError, ArithmeticError)):
            raise SnapshotMismatch(
                f'{file}: its contents do not fit a {type(obj).__name__} '
                f'({type(error).__name__}: {error})'
            ) from error
        raise


class _Memory:
    """What an object holds before it is loaded."""

    def __init__(self, obj: Any) -> None:
        self._obj = obj
        self._attributes = dict(getattr(obj, '__dict__', {}))
        self._values: _Values = {}
        with contextlib.suppress(Exception):  # then loading will fail at the same place
            _Remembering(self._values).save(obj)
        self._params = [
            (param, param.array is None, _state_of(param))
            for link in _links_of(obj)
            for param in link.params()
        ]

    def restore(self) -> None:
        """Puts everything back."""
        for param, is_lazy, (rule, state) in self._params:
            if is_lazy and param.array is not None:
                param.uninitialize()
            if rule is not None:
                rule.__dict__.clear()
                rule.__dict__.update(state)
        with contextlib.suppress(Exception):
            _Recalling(self._values).load(self._obj)
        for array, before in self._values.values():
            if before is not None:
                backend.copyto(array, before)
        if hasattr(self._obj, '__dict__'):
            self._obj.__dict__.clear()
            self._obj.__dict__.update(self._attributes)


def _state_of(param: Any) -> tuple[Any, dict[str, Any]]:
    """Returns the update rule of a parameter and what it holds."""
    rule = getattr(param, 'update_rule', None)
    if rule is None:
        return None, {}
    state = dict(vars(rule))
    if isinstance(state.get('_state'), dict):
        state['_state'] = dict(state['_state'])
    return rule, state


def _links_of(obj: Any) -> list[Any]:
    """Returns the links inside of a link, an optimizer, an updater or a trainer."""
    if hasattr(obj, 'namedparams'):
        return [obj]
    optimizers = getattr(getattr(obj, 'updater', obj), 'get_all_optimizers', None)
    found = [obj] if optimizers is None else list(optimizers().values())
    targets = [getattr(optimizer, 'target', None) for optimizer in found]
    return [target for target in targets if hasattr(target, 'namedparams')]


_Values: TypeAlias = 'dict[str, tuple[Any, Array | None]]'


class _Remembering(Serializer):
    """Notes all values, with copies of arrays."""

    def __init__(self, values: _Values, path: str = '') -> None:
        self._values = values
        self._path = path

    def __getitem__(self, key: str) -> _Remembering:
        return _Remembering(self._values, f'{self._path}{key.strip("/")}/')

    def __call__(self, key: str, value: Any) -> Any:
        # What cannot be written to needs no copy.
        is_array = backend.is_array(value)
        is_fixed = is_array and not getattr(value.flags, 'writeable', True)
        before = value.copy() if is_array and not is_fixed else None
        self._values[self._path + key.lstrip('/')] = (value, before)
        return value


class _Recalling(Deserializer):
    """Gives back what was noted, and takes what was not for right."""

    def __init__(self, values: _Values, path: str = '') -> None:
        self._values = values
        self._path = path

    def __getitem__(self, key: str) -> _Recalling:
        return _Recalling(self._values, f'{self._path}{key.strip("/")}/')

    def __call__(self, key: str, value: Any) -> Any:
        return self._values.get(self._path + key.lstrip('/'), (value, None))[0]

"""Loads what Chainer pickled: links, variables and datasets.

A pickle may run any program, so only the classes on a list are made: those of Chainer
that are minigrad's here, arrays, containers, and what the caller allows.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pickle
from collections.abc import Iterable
from typing import Any, BinaryIO

import numpy

from minigrad.backend import Device
from minigrad.chainer.alias import PACKAGES
from minigrad.datasets import (
    ConcatenatedDataset,
    DictDataset,
    SubDataset,
    TransformDataset,
    TupleDataset,
)
from minigrad.initializer import Initializer
from minigrad.link import Link
from minigrad.variable import Variable

# Instances of these come out of a file; functions only if they are Chainer's own.
_KINDS = (
    Device,
    Initializer,
    Link,
    Variable,
    ConcatenatedDataset,
    DictDataset,
    SubDataset,
    TransformDataset,
    TupleDataset,
)
_OTHERS: dict[tuple[str, str], Any] = {
    ('collections', 'OrderedDict'): dict,
    ('numpy', 'dtype'): numpy.dtype,
    ('numpy', 'ndarray'): numpy.ndarray,
}
_RECOVER = ('chainer.variable._create_variable', 'chainer.variable._recover_parameter')
_BUILTINS = {'set', 'frozenset', 'list', 'tuple', 'dict', 'object', 'slice', 'range'}
_BUILTINS |= {'bytearray', 'complex'}


class _Forgotten:
    """Stands for an optimizer or an update rule: their state has another form here."""

    def __setstate__(self, state: Any) -> None:
        pass


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, allowed: Iterable[Any]) -> None:
        super().__init__(file, encoding='latin1')
        self._allowed = {(a.__module__, a.__qualname__): a for a in allowed}

    def find_class(self, module: str, name: str) -> Any:
        key = (module, name)
        if key in self._allowed:
            return self._allowed[key]
        if module.partition('.')[0] in PACKAGES:
            return self._chainers(module, name)
        if key in _OTHERS:
            return _OTHERS[key]
        standard = module in ('builtins', '__builtin__') and name in _BUILTINS
        arrays = module.startswith('numpy.') and name in ('_reconstruct', 'scalar')
        if (
            standard
            or arrays
            or key
            in (
                ('copy_reg', '_reconstructor'),
                ('copyreg', '_reconstructor'),
                ('_codecs', 'encode'),
            )
        ):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(
            f'{module}.{name} is not on the list of what is loaded from a pickle\n  '
            'if you trust the file, give it as allow=[...]'
        )

    def _chainers(self, module: str, name: str) -> Any:
        path = f'{module}.{name}'
        if module.startswith('chainer.optimizer'):
            return _Forgotten
        top, _, rest = module.partition('.')
        try:
            home = importlib.import_module(f'{PACKAGES[top]}.{rest}'.rstrip('.'))
            found = getattr(home, name)
        except (ImportError, AttributeError):
            raise pickle.UnpicklingError(f'{path} is not provided here') from None
        if path in _RECOVER:
            return found
        known = inspect.isclass(found) and issubclass(found, _KINDS)
        function = inspect.isfunction(found) and module.startswith('chainer.functions.')
        if not known and not function:
            raise pickle.UnpicklingError(
                f'{path} is not on the list of what is loaded from a pickle'
            )
        return found


def load(file: BinaryIO, allow: Iterable[Any] = ()) -> Any:
    """Loads a file that Chainer's program wrote with ``pickle.dump``.

    Args:
        file: The file, open for reading bytes.
        allow: Further classes and functions that the file may name, such as the
            program's own links.

    Returns:
        What was pickled, made of minigrad's classes. Optimizers are left out: set up a
        new one.

    Raises:
        pickle.UnpicklingError: The file names something that is not on the list.

    Example:
        >>> import io, pickle
        >>> from minigrad.chainer import pickles
        >>> pickles.load(io.BytesIO(pickle.dumps(print)))
        Traceback (most recent call last):
        _pickle.UnpicklingError: builtins.print is not on the list of what is loaded...
    """
    return _Unpickler(file, allow).load()


def loads(data: bytes, allow: Iterable[Any] = ()) -> Any:
    """Loads what ``pickle.dumps`` made, see `load`.

    Args:
        data: The bytes.
        allow: See `load`.
    """
    return load(io.BytesIO(data), allow)

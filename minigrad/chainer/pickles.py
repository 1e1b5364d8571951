"""Loads what Chainer pickled: links, optimizers, iterators, datasets and variables.

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
from minigrad.chainer.restore import as_pickled
from minigrad.dataset.iterator import Iterator
from minigrad.datasets import (
    ConcatenatedDataset,
    DictDataset,
    SubDataset,
    TransformDataset,
    TupleDataset,
)
from minigrad.hyperparameter import Hyperparameter
from minigrad.initializer import Initializer
from minigrad.iterators._statemachine import IteratorState
from minigrad.iterators.order_samplers import OrderSampler
from minigrad.link import Link
from minigrad.link_hook import LinkHook
from minigrad.links.loss.hierarchical_softmax import _Tree
from minigrad.optimizer import Optimizer
from minigrad.update_rule import UpdateHooks, UpdateRule
from minigrad.utils import WalkerAlias
from minigrad.variable import Variable

# Instances of these come out of a file; functions only if they are Chainer's own.
_KINDS = (
    Device,
    Hyperparameter,
    Initializer,
    Iterator,
    IteratorState,
    Link,
    LinkHook,
    Optimizer,
    OrderSampler,
    UpdateRule,
    Variable,
    WalkerAlias,
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
# Classes of another name here.
_RENAMED: dict[str, type] = {
    'chainer.optimizer._Hookable': UpdateHooks,
    'chainer.optimizer._OptimizerHookable': UpdateHooks,
    'chainer.links.loss.hierarchical_softmax.BinaryHierarchicalSoftmaxFunction': _Tree,
}
_RECOVER = ('chainer.variable._create_variable', 'chainer.variable._recover_parameter')
_OF_NUMPY = {'_reconstruct', 'scalar', 'MT19937', 'RandomState'}
_OF_NUMPY |= {'__randomstate_ctor', '__bit_generator_ctor'}
_BUILTINS = {'set', 'frozenset', 'list', 'tuple', 'dict', 'object', 'slice', 'range'}
_BUILTINS |= {'bytearray', 'complex'}


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
        arrays = module.startswith('numpy.') and name in _OF_NUMPY
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
        if path in _RENAMED:
            return as_pickled(_RENAMED[path])
        top, _, rest = module.partition('.')
        try:
            home = importlib.import_module(f'{PACKAGES[top]}.{rest}'.rstrip('.'))
            found = getattr(home, name)
        except (ImportError, AttributeError):
            raise pickle.UnpicklingError(f'{path} is not provided here') from None
        if path in _RECOVER:
            return found
        if inspect.isclass(found) and (
            issubclass(found, _KINDS)
            or found.__module__.startswith('minigrad.optimizer_hooks.')
        ):
            return as_pickled(found)
        homes = ('chainer.functions.', 'chainer.optimizer_hooks.')
        if not (inspect.isfunction(found) and module.startswith(homes)):
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
        What was pickled, made of minigrad's classes; an optimizer with its model, its
        hooks and what it remembers of each parameter, an iterator at its place.

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

"""From what Chainer's objects keep in a pickle to what minigrad's keep.

Most attributes have the same names. Objects of which some have not are made as a subclass
whose ``__setstate__`` knows the difference, and are of the class itself afterwards.
"""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

from minigrad.datasets import SubDataset
from minigrad.iterators import (
    MultiprocessIterator,
    MultithreadIterator,
    SerialIterator,
)
from minigrad.iterators._statemachine import IteratorState
from minigrad.optimizer import Optimizer
from minigrad.update_rule import UpdateHooks, UpdateRule

State = dict[str, Any]
_HOOKS = ('_pre_update_hooks', '_post_update_hooks')


def _optimizer(self: Any, state: State) -> None:
    base = Optimizer if isinstance(self, Optimizer) else UpdateRule
    base.__init__(self)
    if '_hookable' not in state:  # before Chainer 6 the hooks were the optimizer's own
        hooks = UpdateHooks()
        _hooks(hooks, {name: state.pop(name, None) for name in _HOOKS})
        state['_hookable'] = hooks
    self.__dict__.update(state)
    if base is Optimizer:  # what Chainer's has not is as by default
        given = self.hyperparam.__dict__
        defaults = type(self)().hyperparam.get_dict()
        given.update({k: v for k, v in defaults.items() if k not in given})


def _hooks(self: Any, state: State) -> None:
    UpdateHooks.__init__(self, bool(state.get('_invalid_timing_fallback')))
    for name in _HOOKS:
        getattr(self, name).update(state.get(name) or {})


def _iterator(self: Any, state: State) -> None:
    state.pop('_next', None)  # a batch that was being read
    state.pop('_pool', None)
    self.__dict__.update(_ahead_=collections.deque(), _waiting_=[], _pool_=None)
    self.__dict__.update(state)


def _multiprocess_iterator(self: Any, state: State) -> None:
    init = state['init']
    # Made in order, so that nothing is drawn from the random numbers.
    MultiprocessIterator.__init__(
        self,
        init['dataset'],
        init['batch_size'],
        repeat=init['repeat'],
        shuffle=False,
        n_processes=init['n_processes'],
        n_prefetch=init['n_prefetch'],
        shared_mem=init['shared_mem'],
        dataset_timeout=init.get('dataset_timeout', 30.0),
        maxtasksperchild=init.get('_maxtasksperchild'),
    )
    self.order_sampler, self._shuffle = init['order_sampler'], init['shuffle']
    keys = ('current_position', 'epoch', 'is_new_epoch', 'order')
    self._state = IteratorState(**{key: state[key] for key in keys})
    self._previous_epoch_detail = state['previous_epoch_detail']


def _sub_dataset(self: Any, state: State) -> None:
    SubDataset.__init__(
        self, state['_dataset'], state['_start'], state['_finish'], state['_order']
    )


_RESTORERS: dict[type, Callable[[Any, State], None]] = {
    Optimizer: _optimizer,
    UpdateRule: _optimizer,
    UpdateHooks: _hooks,
    SerialIterator: _iterator,
    MultithreadIterator: _iterator,
    MultiprocessIterator: _multiprocess_iterator,
    SubDataset: _sub_dataset,
}


def as_pickled(kind: type) -> type:
    """Returns the class to make objects of while a pickle of Chainer's is read.

    Args:
        kind: The class that they are of in the end.
    """
    for base, restore in _RESTORERS.items():
        if issubclass(kind, base):

            def __setstate__(
                self: Any, state: State, restore: Callable[..., None] = restore
            ) -> None:
                self.__class__ = kind
                restore(self, state)

            return type(kind.__name__, (kind,), {'__setstate__': __setstate__})
    return kind

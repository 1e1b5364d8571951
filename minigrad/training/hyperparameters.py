"""Which hyperparameters have changed since the training began."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from minigrad.hyperparameter import Hyperparameter


class HyperparameterChanges:
    """Keeps the hyperparameters that were changed during a training.

    Learning rates are changed by extensions. A resumed training has to begin with the
    changed values, but a value that nobody changed is the user's: he may resume with
    another one.

    Args:
        optimizers: Optimizers by name, as they are when the training begins.

    Example:
        >>> optimizer = minigrad.optimizers.MomentumSGD(lr=0.1, momentum=0.9)
        >>> changes = HyperparameterChanges({'main': optimizer})
        >>> optimizer.lr *= 0.5
        >>> changes.to_json()
        '{"main": {"lr": 0.05}}'
        >>> other = minigrad.optimizers.MomentumSGD(lr=0.1, momentum=0.99)
        >>> HyperparameterChanges({'main': other}).apply(changes.to_json())
        >>> other.lr, other.momentum
        (0.05, 0.99)
    """

    def __init__(self, optimizers: dict[str, Any]) -> None:
        self._optimizers = optimizers
        self._first = {name: _numbers(h) for name, h in self._owners()}

    def _owners(self) -> Iterator[tuple[str, Any]]:
        """Yields the hyperparameters of optimizers and of single parameters, named."""
        for name, optimizer in self._optimizers.items():
            hyperparam = getattr(optimizer, 'hyperparam', None)
            if not isinstance(hyperparam, Hyperparameter):  # such as a test's mock
                continue
            yield name, hyperparam
            for path, param in _params(optimizer):
                if param.update_rule is not None:
                    yield name + path, param.update_rule.hyperparam

    def to_json(self) -> str:
        """Returns the values that differ from those at the beginning."""
        changes = {}
        for name, hyperparam in self._owners():
            first = self._first.get(name, {})
            changed = {
                key: value
                for key, value in _numbers(hyperparam).items()
                if key not in first or first[key] != value
            }
            if changed:
                changes[name] = changed
        return json.dumps(changes)

    def apply(self, changes: str) -> None:
        """Sets the values that `to_json` has returned."""
        saved = json.loads(changes)
        for name, hyperparam in self._owners():
            for key, value in saved.get(name, {}).items():
                setattr(hyperparam, key, value)


def _params(optimizer: Any) -> Iterator[tuple[str, Any]]:
    target = getattr(optimizer, 'target', None)
    return iter(()) if target is None else target.namedparams()


def _numbers(hyperparam: Any) -> dict[str, Any]:
    """Returns the entries that are set here and are numbers or truth values."""
    numbers = {}
    for key, value in vars(hyperparam).items():
        value = value.item() if getattr(value, 'ndim', None) == 0 else value
        if isinstance(value, (bool, int, float)):
            numbers[key] = value
    return numbers

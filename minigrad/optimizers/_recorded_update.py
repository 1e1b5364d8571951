"""Updates of all parameters as a part of a recorded step; see `minigrad.cuda_graph`."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import backend
from minigrad.parameter import Parameter
from minigrad.types import Array


def is_plain(optimizer: Any) -> bool:
    """Tells whether an update does nothing but apply rules, whatever the gradients."""
    return (
        type(optimizer).__module__.startswith('minigrad.optimizers.')
        and 'update' not in optimizer.__dict__
        and not optimizer._hooks_()
        and not optimizer._loss_scaling_is_dynamic
        and optimizer.is_safe_to_update()
    )


class RecordedUpdate:
    """The updates of all parameters within a recording."""

    @classmethod
    def of(cls, optimizer: Any, kernels: Any) -> RecordedUpdate | None:
        """Records the updates, if each can share a launch and has its state."""
        params = list(optimizer.target.params())
        device = backend.loaded_cupy().cuda.Device().id
        for param in params:
            rule = _rule(param)
            if (
                rule is None
                or type(param).update is not Parameter.update
                or not rule.joins(param)
                or param.array.device.id != device
                # They would be made anew in each replay.
                or rule.state is None
                or (_has_copy(param) and rule._fp32_param is None)
            ):
                return None
        return cls(params, kernels)

    def __init__(self, params: list[Parameter], kernels: Any) -> None:
        self._kernels = kernels
        self._params = params
        self._together = kernels.together(varying=True)
        rules: list[Any] = [p.update_rule for p in params]
        times = [rule.t for rule in rules]
        self._scaled = [p._loss_scale is not None for p in params]
        try:
            for param, rule in zip(params, rules, strict=True):
                rule.join(param, self._together)
            self._together.flush()
        finally:
            for rule, t in zip(rules, times, strict=True):
                rule.t = t
        self._recorded = [_description(p) for p in params]

    def is_current(self) -> bool:
        """Tells whether rules and states are those that were recorded."""
        for param, recorded in zip(self._params, self._recorded, strict=True):
            now = _description(param)
            if len(now) != len(recorded) or any(
                [a is not b for a, b in zip(now, recorded, strict=True)]  # noqa: C419
            ):
                return False
            if not _rule(param).joins(param):
                return False
        return True

    def advance(self, scale: float | None) -> None:
        """Counts the update, and sends its rates to the device."""
        waiting = self._kernels.together(varying=True)
        known: dict[Any, tuple[float, ...]] = {}
        for param, scaled in zip(self._params, self._scaled, strict=True):
            rule = _rule(param)
            rule.t += 1
            target = rule._fp32_param if _has_copy(param) else param
            array = target.array
            if array.size == 0:
                continue
            if scaled:
                waiting.divide(array, scale)
            # Rules without values of their own at the same step have the same rates.
            own = len(rule.hyperparam.__dict__) > 1
            key = id(param) if own else _kind(rule, array)
            if key in known:
                waiting.given.append(known[key])
            else:
                # The kernels wait, so the array can stand for its gradient.
                rule.step(waiting, array, array)
                known[key] = waiting.given[-1]
        self._together.write(waiting.given)

    def finish(self) -> None:
        """Notes that the gradients are not scaled any more."""
        for param in self._params:
            if not _has_copy(param):
                param._loss_scale = None


def _rule(param: Parameter) -> Any:
    return param.update_rule


def _has_copy(param: Parameter) -> bool:
    rule = _rule(param)
    return bool(rule._use_fp32_update and param.dtype == np.float16)


def _kind(rule: Any, array: Array) -> Any:
    """Returns what the rates of a rule follow from, if it has no values of its own."""
    start = getattr(rule, 'initial_alpha', None)  # AdaBound's
    return type(rule), id(rule.hyperparam.parent), rule.t, array.dtype, start


def _description(param: Parameter) -> list[Any]:
    """Returns objects that a recorded update depends on."""
    rule = _rule(param)
    if rule is None or rule.state is None:
        return []
    copy = rule._fp32_param if _has_copy(param) else param
    return [
        rule,
        rule.hyperparam.parent,
        getattr(rule.hyperparam, 'amsgrad', None),
        None if copy is None else copy.array,
        *rule.state.values(),
    ]

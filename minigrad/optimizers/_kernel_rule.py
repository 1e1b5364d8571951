"""The update rule that all optimizers here share."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.kernels import Kernels, kernels_for
from minigrad.optimizer import Hyperparameter, UpdateRule
from minigrad.types import Array
from minigrad.variable import Parameter


class KernelRule(UpdateRule):
    """An update rule whose arithmetic is one method of the kernels, on any device.

    A subclass names its state, which starts at zero, and overrides `step`. Programs
    may override `update_core`, `update_core_cpu` or `update_core_gpu` of it instead.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        defaults: Where they come from if it is None.
        **own: Values of this rule alone; None means the default.
    """

    is_elementwise = True
    state_names: tuple[str, ...] = ()

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None,
        defaults: Hyperparameter,
        **own: Any,
    ) -> None:
        super().__init__(defaults if parent_hyperparam is None else parent_hyperparam)
        self.hyperparam._set(**own)

    def init_state(self, param: Parameter) -> None:
        xp = get_array_module(param.array)
        for name in self.state_names:
            self.state[name] = xp.zeros_like(param.array)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        """Changes the array ``param`` and the state in place."""
        raise NotImplementedError

    def update_core_cpu(self, param: Parameter) -> None:
        """Updates the parameter; without a gradient, does nothing."""
        array = param.array
        if array is None:
            return
        grad = param.grad
        if grad is not None:
            self.step(kernels_for(array), array, grad)

    update_core_gpu = update_core_cpu

"""The update rule that all optimizers here share."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import get_array_module, using_device
from minigrad.kernels import Kernels, kernels_for
from minigrad.optimizer import Hyperparameter, UpdateRule
from minigrad.types import Array
from minigrad.variable import Parameter

# What a program may replace on one rule.
_OVERRIDABLE = frozenset(
    (
        'update',
        'update_core',
        'update_core_cpu',
        'update_core_gpu',
        'step',
        'init_state',
    )
)


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

    def joins(self, param: Parameter) -> bool:
        """Tells whether `join` is as good as `update`: nothing is hooked or overridden."""
        array = param._array
        if array is None or not self.enabled:
            return False
        grad = param.grad
        if grad is None:
            return False
        if not type(self).__module__.startswith('minigrad.optimizers.'):
            return False
        if not self.__dict__.keys().isdisjoint(_OVERRIDABLE) or self._hookable:
            return False
        arrays = [array, grad]
        dtype = array.dtype
        if dtype.char == 'e' and self._use_fp32_update:
            dtype = np.dtype(np.float32)
            copy = self._fp32_param
            if copy is not None and copy.array is not None:
                arrays.append(copy.array)
        states = [] if self._state is None else list(self._state.values())
        return (
            dtype.char in 'efd'
            and grad.dtype == array.dtype
            and all([s.dtype == dtype for s in states])  # noqa: C419 - on the hot path
            and all([a.flags.c_contiguous for a in arrays + states])  # noqa: C419
        )

    def join(self, param: Parameter, together: Any) -> None:
        """Updates the parameter like `update`, by kernels that wait for others.

        Args:
            param: The parameter.
            together: Kernels as of `CupyKernels.together`.
        """
        self.t += 1
        with using_device(param.device):
            target, scale = param, param._loss_scale
            grad: Array = param.grad
            if self._use_fp32_update and param.dtype == np.float16:
                target = self._fp32_copy(param)
                wide = get_array_module(grad).empty(grad.shape, np.float32)
                together.cast(grad, wide)
                grad = wide
            self._init_states(target)
            if scale is not None:
                together.divide(grad, scale)
                target._loss_scale = None  # not scaled any more
            self.step(together, target.array, grad)
            if target is not param:
                together.cast(target.array, param.array, afterwards=True)

"""Gradient clipping by the norm of all gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minigrad.backend import CpuDevice, Device, get_array_module, using_device
from minigrad.loss_scale import scale_of
from minigrad.named_arguments import NamedArguments
from minigrad.optimizer_hooks._common import squared_norm
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.optimizer import Optimizer
    from minigrad.parameter import Parameter


class GradientClipping(NamedArguments):
    """Scales all gradients so that their L2 norm, taken together, is at most a bound.

    Args:
        threshold: The bound.

    Source: Pascanu et al. 2013; compatible with
    chainer.optimizer_hooks.GradientClipping.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(lr=0.1).setup(L.Linear(2, 2))
        >>> optimizer.add_hook(minigrad.optimizer_hooks.GradientClipping(5.0))
    """

    name = 'GradientClipping'
    timing = 'pre'

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def __call__(self, opt: Optimizer) -> None:
        params = [p for p in opt.target.params(False) if p.grad is not None]
        if not params:
            return
        device, sum_of_squares = _sum_of_squares(params)
        with using_device(device):
            xp = get_array_module(sum_of_squares)
            norm = xp.sqrt(sum_of_squares)
            if isinstance(device, CpuDevice):
                if norm <= self.threshold:  # also when it is zero
                    return
                rate = self.threshold / norm
            else:  # a comparison here would wait for the device
                rate = xp.minimum(self.threshold / norm, 1)
        for param in params:
            with using_device(param.device):
                grad = param.grad
                grad *= rate


def _sum_of_squares(params: Sequence[Parameter]) -> tuple[Device, Array]:
    """Returns the sum over all gradients, and the device that it is on.

    It stays on the device of the gradients if they have one in common, so that nobody
    waits; otherwise it comes to the CPU.
    """
    sums: dict[Device, Any] = {}
    for param in params:
        with using_device(param.device):
            term = squared_norm(param.grad) / scale_of(param) ** 2
            sums[param.device] = sums.get(param.device, 0) + term
    if len(sums) == 1:
        return next(iter(sums.items()))
    return CpuDevice(), sum([float(s) for s in sums.values()])

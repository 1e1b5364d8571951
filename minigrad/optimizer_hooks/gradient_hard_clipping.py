"""Gradient clipping, element by element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.backend import get_array_module, using_device
from minigrad.loss_scale import scale_of
from minigrad.named_arguments import NamedArguments

if TYPE_CHECKING:
    from minigrad.optimizer import UpdateRule
    from minigrad.parameter import Parameter


class GradientHardClipping(NamedArguments):
    """Clips each element of the gradients to an interval.

    Args:
        lower_bound: The smallest value that is left.
        upper_bound: The largest value that is left.

    Source: compatible with chainer.optimizer_hooks.GradientHardClipping.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(lr=0.1).setup(L.Linear(2, 2))
        >>> optimizer.add_hook(minigrad.optimizer_hooks.GradientHardClipping(-1, 1))
    """

    name = 'GradientHardClipping'
    call_for_each_param = True
    timing = 'pre'

    def __init__(self, lower_bound: float, upper_bound: float) -> None:
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound

    def __call__(self, rule: UpdateRule, param: Parameter) -> None:
        if param.array is None or param.grad is None:
            return
        g = param.grad
        scale = scale_of(param)
        with using_device(param.device):
            xp = get_array_module(g)
            xp.clip(g, self.lower_bound * scale, self.upper_bound * scale, out=g)

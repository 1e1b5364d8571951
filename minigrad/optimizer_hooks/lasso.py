"""Lasso."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.backend import get_array_module, using_device
from minigrad.loss_scale import scale_of
from minigrad.named_arguments import NamedArguments

if TYPE_CHECKING:
    from minigrad.optimizer import UpdateRule
    from minigrad.parameter import Parameter


class Lasso(NamedArguments):
    """Adds ``rate * sign(p)`` to the gradient of each parameter p (an L1 penalty).

    Args:
        rate: The factor.

    Source: Tibshirani 1996; compatible with chainer.optimizer_hooks.Lasso.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(lr=1.0).setup(L.Linear(2, 2))
        >>> optimizer.add_hook(minigrad.optimizer_hooks.Lasso(0.1))
    """

    name = 'Lasso'
    call_for_each_param = True
    timing = 'pre'

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, rule: UpdateRule, param: Parameter) -> None:
        if param.array is None or param.grad is None:
            return
        p, g = param.array, param.grad
        with using_device(param.device):
            xp = get_array_module(p)
            g += self.rate * scale_of(param) * xp.sign(p)

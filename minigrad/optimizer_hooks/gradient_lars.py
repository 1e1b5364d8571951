"""Layer-wise adaptive rate scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.backend import get_array_module, using_device
from minigrad.loss_scale import scale_of
from minigrad.named_arguments import NamedArguments
from minigrad.optimizer_hooks._common import squared_norm

if TYPE_CHECKING:
    from minigrad.optimizer import UpdateRule
    from minigrad.parameter import Parameter


class GradientLARS(NamedArguments):
    """Scales each parameter's gradient to the size of the parameter (LARS).

    The gradient g of p becomes ``rate * (g + weight_decay * p)``, where rate is
    ``|p| / (eps + |g| + weight_decay * |p|)``, or 1 if ``|p|`` is not above the threshold.
    The coefficient eta of the paper is part of the optimizer's learning rate.

    Args:
        threshold: Norm of a parameter up to which its gradient is not scaled.
        weight_decay: Factor of the weight decay.
        eps: Keeps the denominator from zero.

    Source: You et al. 2017; compatible with chainer.optimizer_hooks.GradientLARS.

    Example:
        >>> optimizer = minigrad.optimizers.MomentumSGD(lr=0.1).setup(L.Linear(2, 2))
        >>> optimizer.add_hook(minigrad.optimizer_hooks.GradientLARS(weight_decay=1e-4))
    """

    name = 'GradientLARS'
    call_for_each_param = True
    timing = 'pre'

    def __init__(
        self, threshold: float = 1e-2, weight_decay: float = 0.0, eps: float = 1e-9
    ) -> None:
        self.threshold = threshold
        self.weight_decay = weight_decay
        self.eps = eps

    def __call__(self, rule: UpdateRule, param: Parameter) -> None:
        if param.array is None or param.grad is None:
            return
        p, g = param.array, param.grad
        scale = scale_of(param)
        with using_device(param.device):
            xp = get_array_module(p)
            p_norm = xp.sqrt(squared_norm(p))
            g_norm = xp.sqrt(squared_norm(g)) / scale
            local_rate = p_norm / (self.eps + g_norm + self.weight_decay * p_norm)
            rate = xp.where(p_norm > self.threshold, local_rate, 1)
            g += self.weight_decay * scale * p
            g *= rate

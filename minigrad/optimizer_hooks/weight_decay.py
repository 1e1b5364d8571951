"""Weight decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minigrad.backend import using_device
from minigrad.loss_scale import scale_of
from minigrad.named_arguments import NamedArguments

if TYPE_CHECKING:
    from minigrad.optimizer import UpdateRule
    from minigrad.parameter import Parameter


class WeightDecay(NamedArguments):
    """Adds ``rate * p`` to the gradient of each parameter p (an L2 penalty).

    Args:
        rate: The factor.

    Source: Krogh and Hertz 1991; compatible with chainer.optimizer_hooks.WeightDecay.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(lr=1.0).setup(L.Linear(2, 2))
        >>> optimizer.add_hook(minigrad.optimizer_hooks.WeightDecay(0.1))
        >>> before = optimizer.target.W.array.copy()
        >>> for param in optimizer.target.params():
        ...     param.grad = np.zeros_like(param.array)
        >>> optimizer.update()
        >>> bool(np.allclose(optimizer.target.W.array, 0.9 * before))
        True
    """

    name = 'WeightDecay'
    call_for_each_param = True
    timing = 'pre'

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, rule: UpdateRule, param: Parameter) -> None:
        if param.array is None or param.grad is None:
            return
        p, g = param.array, param.grad
        with using_device(param.device):
            g += self.rate * scale_of(param) * p

"""A hook that standardizes the weights of a link."""

from __future__ import annotations

from minigrad.backend import using_device
from minigrad.functions.normalization.group_normalization import group_normalization
from minigrad.link import Link
from minigrad.link_hooks._weight_hook import WeightHook
from minigrad.variable import Variable


class WeightStandardization(WeightHook):
    """Gives the weights of each output of a link mean 0 and variance 1.

    Args:
        eps: Added to the variance.
        weight_name: Name of the weight.
        name: Name of the hook.

    Raises:
        ValueError: (from ``add_hook``) the link has no such weight.

    Source: Qiao et al. 2019; compatible with chainer.link_hooks.WeightStandardization.

    Example:
        >>> conv = L.Convolution2D(3, 8, 3)
        >>> conv.add_hook(minigrad.link_hooks.WeightStandardization()) is conv
        True
        >>> conv(np.zeros((1, 3, 5, 5), 'f')).shape
        (1, 8, 3, 3)
    """

    name = 'WeightStandardization'

    def __init__(
        self, *, eps: float = 1e-5, weight_name: str = 'W', name: str | None = None
    ) -> None:
        super().__init__(weight_name, name)
        self.eps = eps

    def transform(self, link: Link, W: Variable) -> Variable:
        """Returns the standardized weight: one group per output, no scale, no shift."""
        with using_device(link.device):
            gamma = link.xp.ones(W.shape[1], dtype=W.dtype)
            beta = link.xp.zeros(W.shape[1], dtype=W.dtype)
        return group_normalization(W, 1, gamma, beta, self.eps)

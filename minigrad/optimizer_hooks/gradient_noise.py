"""Gradient noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.backend import get_array_module, using_device
from minigrad.loss_scale import scale_of
from minigrad.named_arguments import NamedArguments
from minigrad.types import Array, ArrayModule

if TYPE_CHECKING:
    from minigrad.optimizer import UpdateRule
    from minigrad.parameter import Parameter


def exponential_decay_noise(
    xp: ArrayModule, shape: tuple[int, ...], dtype: Any, hook: GradientNoise, opt: Any
) -> Array:
    """Draws normal noise of variance ``hook.eta / (1 + opt.t) ** 0.55``.

    Args:
        xp: NumPy or CuPy; its global generator draws.
        shape: Shape of the noise.
        dtype: Its dtype.
        hook: The hook, for ``eta``.
        opt: The update rule, for ``t``.

    Returns:
        The noise, an array.
    """
    std = np.sqrt(hook.eta / np.power(1 + opt.t, 0.55))
    return xp.random.normal(0, std, shape).astype(dtype)


class GradientNoise(NamedArguments):
    """Adds random noise to the gradient of each parameter, less and less of it.

    Args:
        eta: Variance of the noise at the start; 0.01, 0.3 or 1.0 in the paper.
        noise_func: Draws the noise; called with the array module, the shape, the
            dtype, this hook and the update rule.

    Source: Neelakantan et al. 2015; compatible with
    chainer.optimizer_hooks.GradientNoise.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(lr=0.1).setup(L.Linear(2, 2))
        >>> optimizer.add_hook(minigrad.optimizer_hooks.GradientNoise(0.01))
    """

    name = 'GradientNoise'
    call_for_each_param = True
    timing = 'pre'

    def __init__(
        self,
        eta: float,
        noise_func: Callable[..., Array] = exponential_decay_noise,
    ) -> None:
        self.eta = eta
        self.noise_func = noise_func

    def __call__(self, rule: UpdateRule, param: Parameter) -> None:
        if param.array is None or param.grad is None:
            return
        g = param.grad
        with using_device(param.device):
            xp = get_array_module(g)
            noise = self.noise_func(xp, g.shape, g.dtype, self, rule)
            g += scale_of(param) * noise

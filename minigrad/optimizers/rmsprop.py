"""RMSprop."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule
from minigrad.types import Array


class RMSpropRule(KernelRule):
    """Update rule of `RMSprop`, with the same hyperparameters."""

    kernel = 'rmsprop'

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        eps = self.hyperparam.eps
        if eps != 0 and grad.dtype.type(eps) == 0:
            raise ValueError(
                f'eps of RMSprop optimizer is too small for {grad.dtype.name} ({eps})'
            )
        super().step(k, param, grad)


class RMSprop(KernelMethod, rule=RMSpropRule):
    """RMSprop: each element is scaled by its recent size.

    ``p -= lr * g / (sqrt(ms) + eps)``, where ms is a running mean of g ** 2.

    Args:
        lr: Learning rate.
        alpha: Part of the average that is kept.
        eps: Keeps the denominator from zero.
        eps_inside_sqrt: Divide by ``sqrt(ms + eps)`` instead, as some other frameworks
            do.

    Raises:
        ValueError: At an update, ``eps`` is zero in the dtype of a gradient, as 1e-8
            is in float16.

    Source: Tieleman and Hinton 2012, lecture 6.5; compatible with
    chainer.optimizers.RMSprop.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.RMSprop().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.01
    alpha: float = 0.99
    eps: float = 1e-8
    eps_inside_sqrt: bool = False

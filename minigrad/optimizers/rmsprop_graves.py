"""Graves' RMSprop."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class RMSpropGravesRule(KernelRule):
    """Update rule of `RMSpropGraves`, with the same hyperparameters."""

    kernel = 'rmsprop_graves'


class RMSpropGraves(KernelMethod, rule=RMSpropGravesRule):
    """RMSprop with momentum, as Graves uses it for sequences.

    ``delta = momentum * delta - lr * g / sqrt(n - m ** 2 + eps); p += delta``, where n
    and m are running means of g ** 2 and g.

    Args:
        lr: Learning rate.
        alpha: Part of the averages that is kept.
        momentum: Part of the step that is kept.
        eps: Keeps the denominator from zero.

    Source: Graves 2013, equations 38-45; compatible with chainer.optimizers.RMSpropGraves.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.RMSpropGraves().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 1e-4
    alpha: float = 0.95
    momentum: float = 0.9
    eps: float = 1e-4

"""AdaDelta."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class AdaDeltaRule(KernelRule):
    """Update rule of `AdaDelta`, with the same hyperparameters."""

    kernel = 'ada_delta'


class AdaDelta(KernelMethod, rule=AdaDeltaRule):
    """AdaDelta: steps in the unit of the parameter, without a learning rate.

    ``dx = sqrt((msdx + eps) / (msg + eps)) * g; p -= dx``, where msg and msdx are
    running means of g ** 2 and dx ** 2.

    Args:
        rho: Part of the averages that is kept.
        eps: Keeps the ratio from zero, and starts it.

    Source: Zeiler 2012; compatible with chainer.optimizers.AdaDelta.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.AdaDelta().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    rho: float = 0.95
    eps: float = 1e-6

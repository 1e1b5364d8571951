"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class MomentumSGDRule(KernelRule):
    """Update rule of `MomentumSGD`, with the same hyperparameters."""

    kernel = 'momentum_sgd'


class MomentumSGD(KernelMethod, rule=MomentumSGDRule):
    """Stochastic gradient descent with momentum.

    ``v = momentum * v - lr * g; p += v``. The velocity contains the learning rate; that
    of `CorrectedMomentumSGD` does not.

    Args:
        lr: Learning rate.
        momentum: Part of the velocity that is kept.

    Source: Polyak 1964; Goyal et al. 2017, equation 10; compatible with
    chainer.optimizers.MomentumSGD.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.MomentumSGD().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.01
    momentum: float = 0.9

"""Momentum whose velocity does not contain the learning rate."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class CorrectedMomentumSGDRule(KernelRule):
    """Update rule of `CorrectedMomentumSGD`, with the same hyperparameters."""

    kernel = 'corrected_momentum_sgd'


class CorrectedMomentumSGD(KernelMethod, rule=CorrectedMomentumSGDRule):
    """Momentum SGD that a change of the learning rate does not disturb.

    ``v = momentum * v - g; p += lr * v``. While lr is constant this is `MomentumSGD`.

    Args:
        lr: Learning rate.
        momentum: Part of the velocity that is kept.

    Source: Goyal et al. 2017, section 3, equation 9; compatible with
    chainer.optimizers.CorrectedMomentumSGD.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.CorrectedMomentumSGD().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.01
    momentum: float = 0.9

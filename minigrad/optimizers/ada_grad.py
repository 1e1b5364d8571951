"""AdaGrad."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class AdaGradRule(KernelRule):
    """Update rule of `AdaGrad`, with the same hyperparameters."""

    kernel = 'ada_grad'


class AdaGrad(KernelMethod, rule=AdaGradRule):
    """AdaGrad: each element has its own, falling learning rate.

    ``h += g ** 2; p -= lr * g / (sqrt(h) + eps)``.

    Args:
        lr: Learning rate.
        eps: Keeps the denominator from zero.

    Source: Duchi et al. 2011; compatible with chainer.optimizers.AdaGrad.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.AdaGrad().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.001
    eps: float = 1e-8

"""Stochastic gradient descent."""

from __future__ import annotations

from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule


class SGDRule(KernelRule):
    """Update rule of `SGD`, with the same hyperparameters."""

    kernel = 'sgd'


class SGD(KernelMethod, rule=SGDRule):
    """Stochastic gradient descent.

    ``p -= lr * g``, where p is a parameter and g its gradient.

    Args:
        lr: Learning rate.

    Source: Robbins and Monro 1951; compatible with chainer.optimizers.SGD.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.SGD().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    lr: float = 0.01

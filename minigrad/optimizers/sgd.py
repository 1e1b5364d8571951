"""Stochastic gradient descent."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(lr=0.01)


class SGDRule(KernelRule):
    """Update rule of `SGD`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Learning rate.
    """

    def __init__(
        self, parent_hyperparam: Hyperparameter | None = None, lr: float | None = None
    ) -> None:
        super().__init__(parent_hyperparam, _default_hyperparam, lr=lr)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        k.sgd(param, grad, lr=self.hyperparam.lr)


class SGD(GradientMethod):
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

    def __init__(self, lr: float = 0.01) -> None:
        super().__init__()
        self.hyperparam.lr = lr

    lr = HyperparameterProxy('lr')

    def create_update_rule(self) -> SGDRule:
        return SGDRule(self.hyperparam)

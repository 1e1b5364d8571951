"""AdaGrad."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(lr=0.001, eps=1e-8)


class AdaGradRule(KernelRule):
    """Update rule of `AdaGrad`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Learning rate.
        eps: Keeps the denominator from zero.
    """

    state_names = ('h',)

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam, _default_hyperparam, lr=lr, eps=eps)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp, h = self.hyperparam, self.state['h']
        k.ada_grad(param, grad, h, lr=hp.lr, eps=hp.eps)


class AdaGrad(GradientMethod):
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

    def __init__(self, lr: float = 0.001, eps: float = 1e-8) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.eps = eps

    lr = HyperparameterProxy('lr')
    eps = HyperparameterProxy('eps')

    def create_update_rule(self) -> AdaGradRule:
        return AdaGradRule(self.hyperparam)

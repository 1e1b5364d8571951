"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(lr=0.01, momentum=0.9)


class MomentumSGDRule(KernelRule):
    """Update rule of `MomentumSGD`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Learning rate.
        momentum: Part of the velocity that is kept.
    """

    state_names = ('v',)

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        momentum: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam, _default_hyperparam, lr=lr, momentum=momentum
        )

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp, v = self.hyperparam, self.state['v']
        k.momentum_sgd(param, grad, v, lr=hp.lr, momentum=hp.momentum)


class MomentumSGD(GradientMethod):
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

    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.momentum = momentum

    lr = HyperparameterProxy('lr')
    momentum = HyperparameterProxy('momentum')

    def create_update_rule(self) -> MomentumSGDRule:
        return MomentumSGDRule(self.hyperparam)

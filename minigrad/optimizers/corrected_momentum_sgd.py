"""Momentum whose velocity does not contain the learning rate."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(lr=0.01, momentum=0.9)


class CorrectedMomentumSGDRule(KernelRule):
    """Update rule of `CorrectedMomentumSGD`, with the same hyperparameters.

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
        k.corrected_momentum_sgd(param, grad, v, lr=hp.lr, momentum=hp.momentum)


class CorrectedMomentumSGD(GradientMethod):
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

    def __init__(self, lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.momentum = momentum

    lr = HyperparameterProxy('lr')
    momentum = HyperparameterProxy('momentum')

    def create_update_rule(self) -> CorrectedMomentumSGDRule:
        return CorrectedMomentumSGDRule(self.hyperparam)

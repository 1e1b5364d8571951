"""Nesterov's accelerated gradient."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(lr=0.01, momentum=0.9)


class NesterovAGRule(KernelRule):
    """Update rule of `NesterovAG`, with the same hyperparameters.

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
        k.nesterov_ag(param, grad, v, lr=hp.lr, momentum=hp.momentum)


class NesterovAG(GradientMethod):
    """Nesterov's accelerated gradient.

    ``v = momentum * v - lr * g; p += momentum ** 2 * v - (1 + momentum) * lr * g``.
    This is Chainer's formula, kept so that its programs train alike. Equation 7 of the
    paper has the velocity before its update in the second step.

    Args:
        lr: Learning rate.
        momentum: Part of the velocity that is kept.

    Source: after Bengio et al. 2012 (arXiv 1212.0901); compatible with
    chainer.optimizers.NesterovAG.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.NesterovAG().setup(model)
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

    def create_update_rule(self) -> NesterovAGRule:
        return NesterovAGRule(self.hyperparam)

"""M-SVAG."""

from __future__ import annotations

import math

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(
    lr=0.1, beta=0.9, eta=1.0, weight_decay_rate=0
)


class MSVAGRule(KernelRule):
    """Update rule of `MSVAG`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Learning rate.
        beta: Part of the moments that is kept.
        eta: Factor of the whole step, for warm restarts.
        weight_decay_rate: Decoupled weight decay.
    """

    state_names = ('m', 'v')

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        beta: float | None = None,
        eta: float | None = None,
        weight_decay_rate: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam,
            _default_hyperparam,
            lr=lr,
            beta=beta,
            eta=eta,
            weight_decay_rate=weight_decay_rate,
        )

    @property
    def beta_power(self) -> float:
        """``beta ** t``; a function of ``t``, so it needs no place in a snapshot."""
        return math.pow(self.hyperparam.beta, self.t)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp = self.hyperparam
        k.msvag(
            param,
            grad,
            self.state['m'],
            self.state['v'],
            lr=hp.lr,
            beta=hp.beta,
            beta_power=self.beta_power,
            eta=hp.eta,
            weight_decay_rate=hp.weight_decay_rate,
        )


class MSVAG(GradientMethod):
    """M-SVAG: momentum whose elements shrink with the variance of the gradient.

    ``p -= eta * (lr * f * m + weight_decay_rate * p)``, where m is the running mean of
    the gradient without its bias and f = m ** 2 / (m ** 2 + variance of m).

    Args:
        lr: Learning rate.
        beta: Part of the moments that is kept.
        eta: Factor of the whole step, for warm restarts.
        weight_decay_rate: Decoupled weight decay.

    Source: Balles and Hennig 2017; compatible with chainer.optimizers.MSVAG.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.MSVAG().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    def __init__(
        self,
        lr: float = 0.1,
        beta: float = 0.9,
        eta: float = 1.0,
        weight_decay_rate: float = 0,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.beta = beta
        self.hyperparam.eta = eta
        self.hyperparam.weight_decay_rate = weight_decay_rate

    lr = HyperparameterProxy('lr')
    beta = HyperparameterProxy('beta')
    eta = HyperparameterProxy('eta')
    weight_decay_rate = HyperparameterProxy('weight_decay_rate')

    def create_update_rule(self) -> MSVAGRule:
        return MSVAGRule(self.hyperparam)

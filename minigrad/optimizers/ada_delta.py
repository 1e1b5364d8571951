"""AdaDelta."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(rho=0.95, eps=1e-6)


class AdaDeltaRule(KernelRule):
    """Update rule of `AdaDelta`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        rho: Part of the averages that is kept.
        eps: Keeps the ratio from zero, and starts it.
    """

    state_names = ('msg', 'msdx')

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        rho: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam, _default_hyperparam, rho=rho, eps=eps)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp, msg, msdx = self.hyperparam, self.state['msg'], self.state['msdx']
        k.ada_delta(param, grad, msg, msdx, rho=hp.rho, eps=hp.eps)


class AdaDelta(GradientMethod):
    """AdaDelta: steps in the unit of the parameter, without a learning rate.

    ``dx = sqrt((msdx + eps) / (msg + eps)) * g; p -= dx``, where msg and msdx are
    running means of g ** 2 and dx ** 2.

    Args:
        rho: Part of the averages that is kept.
        eps: Keeps the ratio from zero, and starts it.

    Source: Zeiler 2012; compatible with chainer.optimizers.AdaDelta.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.AdaDelta().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    def __init__(self, rho: float = 0.95, eps: float = 1e-6) -> None:
        super().__init__()
        self.hyperparam.rho = rho
        self.hyperparam.eps = eps

    rho = HyperparameterProxy('rho')
    eps = HyperparameterProxy('eps')

    def create_update_rule(self) -> AdaDeltaRule:
        return AdaDeltaRule(self.hyperparam)

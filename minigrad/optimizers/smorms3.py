"""SMORMS3."""

from __future__ import annotations

from minigrad.backend import get_array_module
from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array
from minigrad.variable import Parameter

_default_hyperparam = Hyperparameter()._set(lr=0.001, eps=1e-16)


class SMORMS3Rule(KernelRule):
    """Update rule of `SMORMS3`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Largest learning rate.
        eps: Keeps the denominator from zero.
    """

    state_names = ('g', 'g2')

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(parent_hyperparam, _default_hyperparam, lr=lr, eps=eps)

    def init_state(self, param: Parameter) -> None:
        xp = get_array_module(param.array)
        self.state['mem'] = xp.ones_like(param.array)
        super().init_state(param)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp, state = self.hyperparam, self.state
        k.smorms3(
            param, grad, state['mem'], state['g'], state['g2'], lr=hp.lr, eps=hp.eps
        )


class SMORMS3(GradientMethod):
    """SMORMS3: RMSprop whose memory and rate follow the noise of the gradient.

    ``p -= g * min(lr, x) / (sqrt(g2) + eps)``, where g2 is a running mean of g ** 2 and x
    the square of a running mean of g over g2. Both are taken over about mem steps, a
    memory that shrinks when x is large.

    Args:
        lr: Largest learning rate.
        eps: Keeps the denominator from zero.

    Source: Funk 2015 (sifter.org/~simon/journal/20150420.html); compatible with
    chainer.optimizers.SMORMS3.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.SMORMS3().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    def __init__(self, lr: float = 0.001, eps: float = 1e-16) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.eps = eps

    lr = HyperparameterProxy('lr')
    eps = HyperparameterProxy('eps')

    def create_update_rule(self) -> SMORMS3Rule:
        return SMORMS3Rule(self.hyperparam)

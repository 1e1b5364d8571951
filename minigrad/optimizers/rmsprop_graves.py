"""Graves' RMSprop."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(lr=1e-4, alpha=0.95, momentum=0.9, eps=1e-4)


class RMSpropGravesRule(KernelRule):
    """Update rule of `RMSpropGraves`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Learning rate.
        alpha: Part of the averages that is kept.
        momentum: Part of the step that is kept.
        eps: Keeps the denominator from zero.
    """

    state_names = ('n', 'g', 'delta')

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        alpha: float | None = None,
        momentum: float | None = None,
        eps: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam,
            _default_hyperparam,
            lr=lr,
            alpha=alpha,
            momentum=momentum,
            eps=eps,
        )

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp, state = self.hyperparam, self.state
        k.rmsprop_graves(
            param,
            grad,
            state['n'],
            state['g'],
            state['delta'],
            lr=hp.lr,
            alpha=hp.alpha,
            momentum=hp.momentum,
            eps=hp.eps,
        )


class RMSpropGraves(GradientMethod):
    """RMSprop with momentum, as Graves uses it for sequences.

    ``delta = momentum * delta - lr * g / sqrt(n - m ** 2 + eps); p += delta``, where n
    and m are running means of g ** 2 and g.

    Args:
        lr: Learning rate.
        alpha: Part of the averages that is kept.
        momentum: Part of the step that is kept.
        eps: Keeps the denominator from zero.

    Source: Graves 2013, equations 38-45; compatible with chainer.optimizers.RMSpropGraves.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.RMSpropGraves().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    def __init__(
        self,
        lr: float = 1e-4,
        alpha: float = 0.95,
        momentum: float = 0.9,
        eps: float = 1e-4,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.alpha = alpha
        self.hyperparam.momentum = momentum
        self.hyperparam.eps = eps

    lr = HyperparameterProxy('lr')
    alpha = HyperparameterProxy('alpha')
    momentum = HyperparameterProxy('momentum')
    eps = HyperparameterProxy('eps')

    def create_update_rule(self) -> RMSpropGravesRule:
        return RMSpropGravesRule(self.hyperparam)

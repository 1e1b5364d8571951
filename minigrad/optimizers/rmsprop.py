"""RMSprop."""

from __future__ import annotations

from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array

_default_hyperparam = Hyperparameter()._set(
    lr=0.01, alpha=0.99, eps=1e-8, eps_inside_sqrt=False
)


class RMSpropRule(KernelRule):
    """Update rule of `RMSprop`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        lr: Learning rate.
        alpha: Part of the average that is kept.
        eps: Keeps the denominator from zero.
        eps_inside_sqrt: Divide by ``sqrt(ms + eps)`` instead, as some other frameworks
            do.
    """

    state_names = ('ms',)

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        lr: float | None = None,
        alpha: float | None = None,
        eps: float | None = None,
        eps_inside_sqrt: bool | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam,
            _default_hyperparam,
            lr=lr,
            alpha=alpha,
            eps=eps,
            eps_inside_sqrt=eps_inside_sqrt,
        )

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp = self.hyperparam
        if hp.eps != 0 and grad.dtype.type(hp.eps) == 0:
            raise ValueError(
                'eps of RMSprop optimizer is too small for'
                f' {grad.dtype.name} ({hp.eps})'
            )
        k.rmsprop(
            param,
            grad,
            self.state['ms'],
            lr=hp.lr,
            alpha=hp.alpha,
            eps=hp.eps,
            eps_inside_sqrt=hp.eps_inside_sqrt,
        )


class RMSprop(GradientMethod):
    """RMSprop: each element is scaled by its recent size.

    ``p -= lr * g / (sqrt(ms) + eps)``, where ms is a running mean of g ** 2.

    Args:
        lr: Learning rate.
        alpha: Part of the average that is kept.
        eps: Keeps the denominator from zero.
        eps_inside_sqrt: Divide by ``sqrt(ms + eps)`` instead, as some other frameworks
            do.

    Raises:
        ValueError: At an update, ``eps`` is zero in the dtype of a gradient, as 1e-8
            is in float16.

    Source: Tieleman and Hinton 2012, lecture 6.5; compatible with
    chainer.optimizers.RMSprop.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.RMSprop().setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> optimizer.t
        1
    """

    def __init__(
        self,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        eps_inside_sqrt: bool = False,
    ) -> None:
        super().__init__()
        self.hyperparam.lr = lr
        self.hyperparam.alpha = alpha
        self.hyperparam.eps = eps
        self.hyperparam.eps_inside_sqrt = eps_inside_sqrt

    lr = HyperparameterProxy('lr')
    alpha = HyperparameterProxy('alpha')
    eps = HyperparameterProxy('eps')
    eps_inside_sqrt = HyperparameterProxy('eps_inside_sqrt')

    def create_update_rule(self) -> RMSpropRule:
        return RMSpropRule(self.hyperparam)

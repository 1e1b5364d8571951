"""Adam and its variants."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from minigrad.backend import get_array_module
from minigrad.kernels import Kernels
from minigrad.optimizer import GradientMethod, Hyperparameter, HyperparameterProxy
from minigrad.optimizers._kernel_rule import KernelRule
from minigrad.types import Array
from minigrad.variable import Parameter

_default_hyperparam = Hyperparameter()._set(
    alpha=0.001,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    eta=1.0,
    weight_decay_rate=0,
    amsgrad=False,
    adabound=False,
    final_lr=0.1,
    gamma=1e-3,
)


def _learning_rate(hp: Any, t: int) -> float:
    """Returns alpha with the bias of both moments after ``t`` steps corrected."""
    if t == 0:
        raise RuntimeError(
            'the learning rate of Adam is not known before its first update'
        )
    return float(
        hp.alpha
        * math.sqrt(1.0 - math.pow(hp.beta2, t))
        / (1.0 - math.pow(hp.beta1, t))
    )


def _check_eps(eps: float, dtype: Any) -> None:
    # The kernels compute float16 in float32, where 1e-8 is not zero.
    wide = np.dtype(np.float32 if dtype == np.float16 else dtype)
    if wide.type(eps) == 0:
        raise ValueError(f'eps of Adam optimizer is too small for {wide.name} ({eps})')


class AdamRule(KernelRule):
    """Update rule of `Adam`, with the same hyperparameters.

    Args:
        parent_hyperparam: Hyperparameter that provides the default values.
        alpha: Learning rate.
        beta1: Part of the mean gradient that is kept.
        beta2: Part of the mean squared gradient that is kept.
        eps: Keeps the denominator from zero.
        eta: Factor of the whole step, for warm restarts.
        weight_decay_rate: Decoupled weight decay.
        amsgrad: Use the largest mean squared gradient so far.
        adabound: Keep the rate between bounds that meet at ``final_lr``.
        final_lr: Where they meet.
        gamma: How fast they do.
    """

    state_names = ('m', 'v')

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        alpha: float | None = None,
        beta1: float | None = None,
        beta2: float | None = None,
        eps: float | None = None,
        eta: float | None = None,
        weight_decay_rate: float | None = None,
        amsgrad: bool | None = None,
        adabound: bool | None = None,
        final_lr: float | None = None,
        gamma: float | None = None,
    ) -> None:
        super().__init__(
            parent_hyperparam,
            _default_hyperparam,
            alpha=alpha,
            beta1=beta1,
            beta2=beta2,
            eps=eps,
            eta=eta,
            weight_decay_rate=weight_decay_rate,
            amsgrad=amsgrad,
            adabound=adabound,
            final_lr=final_lr,
            gamma=gamma,
        )
        if self.hyperparam.adabound:
            self.initial_alpha = self.hyperparam.alpha

    def init_state(self, param: Parameter) -> None:
        super().init_state(param)
        if self.hyperparam.amsgrad:
            self.state['vhat'] = get_array_module(param.array).zeros_like(param.array)

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        hp = self.hyperparam
        eps = hp.eps
        if 0 < eps < 1e-30:
            _check_eps(eps, param.dtype)
        k.adam(
            param,
            grad,
            self.state['m'],
            self.state['v'],
            self.state['vhat'] if hp.amsgrad else None,
            alpha_t=self.alpha_t,
            beta1=hp.beta1,
            beta2=hp.beta2,
            eps=eps,
            eta=hp.eta,
            weight_decay_rate=hp.weight_decay_rate,
            bounds=self.bounds if hp.adabound else None,
        )

    @property
    def alpha_t(self) -> float:
        """The learning rate with its bias correction, at step ``t``."""
        return _learning_rate(self.hyperparam, self.t)

    @property
    def lr(self) -> float:
        """Deprecated name of ``alpha_t``."""
        warnings.warn(
            'AdamRule.lr is deprecated; it is AdamRule.alpha_t',
            DeprecationWarning,
            stacklevel=2,
        )
        return self.alpha_t

    @property
    def bounds(self) -> tuple[float, float]:
        """The smallest and the largest rate of AdaBound at step ``t``."""
        if self.t == 0:
            raise RuntimeError(
                'the bounds of AdaBound are not known before its first update'
            )
        hp = self.hyperparam
        # A schedule changes alpha alone; the bounds follow it.
        final_lr = hp.final_lr * hp.alpha / self.initial_alpha
        lower = final_lr * (1.0 - 1.0 / (hp.gamma * self.t + 1))
        upper = final_lr * (1.0 + 1.0 / (hp.gamma * self.t))
        return lower, upper


class Adam(GradientMethod):
    """Adam: momentum, scaled by the recent size of each element's gradient.

    ``p -= eta * (alpha_t * m / (sqrt(v) + eps) + weight_decay_rate * p)``, where m and
    v are running means of the gradient and of its square, and
    ``alpha_t = alpha * sqrt(1 - beta2 ** t) / (1 - beta1 ** t)``.

    Args:
        alpha: Learning rate.
        beta1: Part of the mean gradient that is kept.
        beta2: Part of the mean squared gradient that is kept.
        eps: Keeps the denominator from zero.
        eta: Factor of the whole step, for warm restarts.
        weight_decay_rate: Decoupled weight decay (AdamW).
        amsgrad: Use the largest mean squared gradient so far (AMSGrad).
        adabound: Keep the rate between bounds that meet at ``final_lr`` (AdaBound).
        final_lr: Where they meet.
        gamma: How fast they do.

    Raises:
        ValueError: At an update, ``eps`` is zero in the dtype of a parameter.

    Source: Kingma and Ba 2015 (arXiv 1412.6980v8, section 2, last form); compatible
    with chainer.optimizers.Adam.

    Example:
        >>> model = L.Linear(3, 2)
        >>> optimizer = minigrad.optimizers.Adam(alpha=0.01).setup(model)
        >>> optimizer.update(lambda x: F.sum(model(x)), np.ones((4, 3), np.float32))
        >>> model.b.array
        array([-0.01, -0.01], dtype=float32)
    """

    def __init__(
        self,
        alpha: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        eta: float = 1.0,
        weight_decay_rate: float = 0,
        amsgrad: bool = False,
        adabound: bool = False,
        final_lr: float = 0.1,
        gamma: float = 1e-3,
    ) -> None:
        super().__init__()
        self.hyperparam.alpha = alpha
        self.hyperparam.beta1 = beta1
        self.hyperparam.beta2 = beta2
        self.hyperparam.eps = eps
        self.hyperparam.eta = eta
        self.hyperparam.weight_decay_rate = weight_decay_rate
        self.hyperparam.amsgrad = amsgrad
        self.hyperparam.adabound = adabound
        self.hyperparam.final_lr = final_lr
        self.hyperparam.gamma = gamma

    alpha = HyperparameterProxy('alpha')
    beta1 = HyperparameterProxy('beta1')
    beta2 = HyperparameterProxy('beta2')
    eps = HyperparameterProxy('eps')
    eta = HyperparameterProxy('eta')
    weight_decay_rate = HyperparameterProxy('weight_decay_rate')
    amsgrad = HyperparameterProxy('amsgrad')
    adabound = HyperparameterProxy('adabound')
    final_lr = HyperparameterProxy('final_lr')
    gamma = HyperparameterProxy('gamma')

    def create_update_rule(self) -> AdamRule:
        return AdamRule(self.hyperparam)

    @property
    def alpha_t(self) -> float:
        """The learning rate with its bias correction, at step ``t``."""
        return _learning_rate(self.hyperparam, self.t)

    @property
    def lr(self) -> float:
        """Deprecated name of ``alpha_t``."""
        warnings.warn(
            'Adam.lr is deprecated; it is Adam.alpha_t',
            DeprecationWarning,
            stacklevel=2,
        )
        return self.alpha_t


class AdamW(Adam):
    """`Adam` with the arguments that its decoupled weight decay needs.

    Args:
        alpha: Learning rate.
        beta1: Part of the mean gradient that is kept.
        beta2: Part of the mean squared gradient that is kept.
        eps: Keeps the denominator from zero.
        eta: Factor of the whole step, for warm restarts.
        weight_decay_rate: Decoupled weight decay; it is not multiplied by ``alpha``.

    Source: Loshchilov and Hutter 2019; compatible with chainer.optimizers.AdamW.

    Example:
        >>> optimizer = minigrad.optimizers.AdamW(weight_decay_rate=1e-4)
    """

    def __init__(
        self,
        alpha: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        eta: float = 1.0,
        weight_decay_rate: float = 0,
    ) -> None:
        super().__init__(alpha, beta1, beta2, eps, eta, weight_decay_rate)


class AMSGrad(Adam):
    """`Adam` that divides by the largest mean squared gradient so far.

    Args:
        alpha: Learning rate.
        beta1: Part of the mean gradient that is kept.
        beta2: Part of the mean squared gradient that is kept.
        eps: Keeps the denominator from zero.
        eta: Factor of the whole step, for warm restarts.

    Source: Reddi et al. 2018; compatible with chainer.optimizers.AMSGrad.

    Example:
        >>> minigrad.optimizers.AMSGrad().amsgrad
        True
    """

    def __init__(
        self,
        alpha: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        eta: float = 1.0,
    ) -> None:
        super().__init__(alpha, beta1, beta2, eps, eta, amsgrad=True)


class AdaBound(Adam):
    """`Adam` whose rates are bounded, and in the end those of SGD.

    The rate ``alpha_t / (sqrt(v) + eps)`` is clipped to an interval that starts as
    (0, infinity) and shrinks to ``final_lr``.

    Args:
        alpha: Learning rate.
        beta1: Part of the mean gradient that is kept.
        beta2: Part of the mean squared gradient that is kept.
        final_lr: The rate in the end.
        gamma: How fast the bounds approach it.
        eps: Keeps the denominator from zero.
        eta: Factor of the whole step, for warm restarts.

    Source: Luo et al. 2019; compatible with chainer.optimizers.AdaBound.

    Example:
        >>> minigrad.optimizers.AdaBound().adabound
        True
    """

    def __init__(
        self,
        alpha: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        final_lr: float = 0.1,
        gamma: float = 1e-3,
        eps: float = 1e-8,
        eta: float = 1.0,
    ) -> None:
        super().__init__(
            alpha, beta1, beta2, eps, eta, adabound=True, final_lr=final_lr, gamma=gamma
        )


class AMSBound(Adam):
    """`AdaBound` that divides by the largest mean squared gradient so far.

    Args:
        alpha: Learning rate.
        beta1: Part of the mean gradient that is kept.
        beta2: Part of the mean squared gradient that is kept.
        final_lr: The rate in the end.
        gamma: How fast the bounds approach it.
        eps: Keeps the denominator from zero.
        eta: Factor of the whole step, for warm restarts.

    Source: Luo et al. 2019; compatible with chainer.optimizers.AMSBound.

    Example:
        >>> optimizer = minigrad.optimizers.AMSBound()
        >>> optimizer.amsgrad, optimizer.adabound
        (True, True)
    """

    def __init__(
        self,
        alpha: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        final_lr: float = 0.1,
        gamma: float = 1e-3,
        eps: float = 1e-8,
        eta: float = 1.0,
    ) -> None:
        super().__init__(
            alpha,
            beta1,
            beta2,
            eps,
            eta,
            amsgrad=True,
            adabound=True,
            final_lr=final_lr,
            gamma=gamma,
        )

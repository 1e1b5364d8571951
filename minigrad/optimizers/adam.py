"""Adam and its variants."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from minigrad.kernels import Kernels
from minigrad.optimizer import Hyperparameter
from minigrad.optimizers._kernel_rule import KernelMethod, KernelRule
from minigrad.types import Array


def _learning_rate(hyperparam: Hyperparameter, t: int) -> float:
    """Returns alpha with the bias of both moments after ``t`` steps corrected."""
    if t == 0:
        raise RuntimeError(
            'the learning rate of Adam is not known before its first update'
        )
    hp = hyperparam.get_dict()
    return float(
        hp['alpha']
        * math.sqrt(1.0 - math.pow(hp['beta2'], t))
        / (1.0 - math.pow(hp['beta1'], t))
    )


def _check_eps(eps: float, dtype: Any) -> None:
    # The kernels compute float16 in float32, where 1e-8 is not zero.
    wide = np.dtype(np.float32 if dtype == np.float16 else dtype)
    if wide.type(eps) == 0:
        raise ValueError(f'eps of Adam optimizer is too small for {wide.name} ({eps})')


class AdamRule(KernelRule):
    """Update rule of `Adam`, with the same hyperparameters."""

    def __init__(
        self,
        parent_hyperparam: Hyperparameter | None = None,
        *values: Any,
        **named: Any,
    ) -> None:
        super().__init__(parent_hyperparam, *values, **named)
        if self.hyperparam.adabound:
            self.initial_alpha = self.hyperparam.alpha

    @property
    def kernel(self) -> str:  # type: ignore[override]
        return 'amsgrad' if self.hyperparam.amsgrad else 'adam'

    def hyperparameters(self) -> dict[str, Any]:
        hp = self.hyperparam.get_dict()
        return {
            'alpha_t': self.alpha_t,
            'beta1': hp['beta1'],
            'beta2': hp['beta2'],
            'eps': hp['eps'],
            'eta': hp['eta'],
            'weight_decay_rate': hp['weight_decay_rate'],
            'bounds': self.bounds if hp['adabound'] else None,
        }

    def step(self, k: Kernels, param: Array, grad: Array) -> None:
        eps = self.hyperparam.eps
        if 0 < eps < 1e-30:
            _check_eps(eps, param.dtype)
        super().step(k, param, grad)

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


class Adam(KernelMethod, rule=AdamRule):
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

    alpha: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    eta: float = 1.0
    weight_decay_rate: float = 0
    amsgrad: bool = False
    adabound: bool = False
    final_lr: float = 0.1
    gamma: float = 1e-3

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

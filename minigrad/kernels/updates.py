"""One step of each optimizer, as a table.

A row of `UPDATES` is a formula: from an element of the parameter, of its gradient and of
the states to the new parameter and the new states. Every kernel set makes its own pass
over memory from it. What the numbers of a formula are in terms of the hyperparameters is
computed once, in Python's floats: ``1 - 0.999`` in float32 would be wrong in its fifth
digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from minigrad.kernels.formula import Formula, parameters

Numbers = dict[str, float]


class Update(NamedTuple):
    """A row of the table."""

    formula: Formula
    numbers: Callable[..., Numbers]
    """From the hyperparameters to the numbers of the formula."""
    states: tuple[str, ...]
    """Names of the arrays besides the parameter and its gradient."""


UPDATES: dict[str, Update] = {}
"""The table, by name; filled by the definitions below."""


def _row(numbers: Callable[..., Numbers] = dict) -> Callable[[Formula], Formula]:
    """Adds a formula to the table; its numbers are the hyperparameters by default."""

    def define(formula: Formula) -> Formula:
        arrays, _ = parameters(formula)
        UPDATES[formula.__name__] = Update(formula, numbers, arrays[2:])
        return formula

    return define


@_row()
def sgd(xp: Any, param: Any, grad: Any, *, lr: Any) -> Any:
    """Stochastic gradient descent."""
    return (param - lr * grad,)


@_row()
def momentum_sgd(
    xp: Any, param: Any, grad: Any, v: Any, *, lr: Any, momentum: Any
) -> Any:
    """A velocity that contains the rate."""
    v = momentum * v - lr * grad
    return param + v, v


@_row()
def corrected_momentum_sgd(
    xp: Any, param: Any, grad: Any, v: Any, *, lr: Any, momentum: Any
) -> Any:
    """A velocity that does not."""
    v = momentum * v - grad
    return param + lr * v, v


def _nesterov_numbers(
    lr: float, momentum: float, as_published: bool = False
) -> Numbers:
    ahead = (momentum, lr) if as_published else (momentum**2, (1 + momentum) * lr)
    return {'lr': lr, 'momentum': momentum, 'look': ahead[0], 'pull': ahead[1]}


@_row(_nesterov_numbers)
def nesterov_ag(
    xp: Any,
    param: Any,
    grad: Any,
    v: Any,
    *,
    lr: Any,
    momentum: Any,
    look: Any,
    pull: Any,
) -> Any:
    """Nesterov's accelerated gradient."""
    v = momentum * v - lr * grad
    return param + look * v - pull * grad, v


@_row()
def ada_grad(xp: Any, param: Any, grad: Any, h: Any, *, lr: Any, eps: Any) -> Any:
    """AdaGrad; ``h`` sums squared gradients."""
    h = h + grad * grad
    return param - lr * grad / (xp.sqrt(h) + eps), h


@_row(lambda rho, eps: {'rho': rho, 'rest': 1 - rho, 'eps': eps})
def ada_delta(
    xp: Any,
    param: Any,
    grad: Any,
    msg: Any,
    msdx: Any,
    *,
    rho: Any,
    rest: Any,
    eps: Any,
) -> Any:
    """AdaDelta; mean squared gradients and steps."""
    msg = rho * msg + rest * grad * grad
    dx = xp.sqrt((msdx + eps) / (msg + eps)) * grad
    msdx = rho * msdx + rest * dx * dx
    return param - dx, msg, msdx


def _rmsprop_numbers(
    lr: float, alpha: float, eps: float, eps_inside_sqrt: bool = False
) -> Numbers:
    inside, outside = (eps, 0.0) if eps_inside_sqrt else (0.0, eps)
    return {
        'lr': lr, 'alpha': alpha, 'rest': 1 - alpha,
        'inside': inside, 'outside': outside,
    }  # fmt: skip


@_row(_rmsprop_numbers)
def rmsprop(
    xp: Any, param: Any, grad: Any, ms: Any, *,
    lr: Any, alpha: Any, rest: Any, inside: Any, outside: Any,
) -> Any:  # fmt: skip
    """RMSprop; ``ms`` is the mean squared gradient."""
    ms = alpha * ms + rest * grad * grad
    return param - lr * grad / (xp.sqrt(ms + inside) + outside), ms


def _rmsprop_graves_numbers(
    lr: float, alpha: float, momentum: float, eps: float
) -> Numbers:
    return {
        'lr': lr, 'alpha': alpha, 'rest': 1 - alpha, 'momentum': momentum, 'eps': eps
    }  # fmt: skip


@_row(_rmsprop_graves_numbers)
def rmsprop_graves(
    xp: Any, param: Any, grad: Any, n: Any, g: Any, delta: Any, *,
    lr: Any, alpha: Any, rest: Any, momentum: Any, eps: Any,
) -> Any:  # fmt: skip
    """Graves' RMSprop; ``n - g * g`` is a variance."""
    n = alpha * n + rest * grad * grad
    g = alpha * g + rest * grad
    delta = momentum * delta - lr * grad / xp.sqrt(n - g * g + eps)
    return param + delta, n, g, delta


@_row()
def smorms3(
    xp: Any, param: Any, grad: Any, mem: Any, g: Any, g2: Any, *, lr: Any, eps: Any
) -> Any:
    """SMORMS3; ``mem`` is the length of the memory."""
    r = 1 / (mem + 1)
    g = g + r * (grad - g)
    g2 = g2 + r * (grad * grad - g2)
    x = g * g / (g2 + eps)
    param = param - grad * xp.minimum(x, lr) / (xp.sqrt(g2) + eps)
    return param, mem * (1 - x) + 1, g, g2


def _adam_numbers(
    alpha_t: float,
    beta1: float,
    beta2: float,
    eps: float,
    eta: float = 1.0,
    weight_decay_rate: float = 0.0,
    bounds: tuple[float, float] | None = None,
) -> Numbers:
    """``alpha_t`` is the rate with its bias correction, ``bounds`` AdaBound's."""
    lower, upper = (-math.inf, math.inf) if bounds is None else bounds
    return {
        'alpha_t': alpha_t,
        'rest1': 1 - beta1,
        'rest2': 1 - beta2,
        'eps': eps,
        'eta': eta,
        'keep': 1 - eta * weight_decay_rate,
        'lower': lower,
        'upper': upper,
    }


@_row(_adam_numbers)
def adam(
    xp: Any, param: Any, grad: Any, m: Any, v: Any, *,
    alpha_t: Any, rest1: Any, rest2: Any, eps: Any, eta: Any, keep: Any,
    lower: Any, upper: Any,
) -> Any:  # fmt: skip
    """Adam, AdamW and AdaBound."""
    m = m + rest1 * (grad - m)
    v = v + rest2 * (grad * grad - v)
    step = xp.minimum(xp.maximum(alpha_t / (xp.sqrt(v) + eps), lower), upper)
    return keep * param - eta * step * m, m, v


@_row(_adam_numbers)
def amsgrad(
    xp: Any, param: Any, grad: Any, m: Any, v: Any, vhat: Any, *,
    alpha_t: Any, rest1: Any, rest2: Any, eps: Any, eta: Any, keep: Any,
    lower: Any, upper: Any,
) -> Any:  # fmt: skip
    """AMSGrad and AMSBound: Adam with the largest mean squared gradient so far."""
    m = m + rest1 * (grad - m)
    v = v + rest2 * (grad * grad - v)
    vhat = xp.maximum(vhat, v)
    step = xp.minimum(xp.maximum(alpha_t / (xp.sqrt(vhat) + eps), lower), upper)
    return keep * param - eta * step * m, m, v, vhat


def _msvag_numbers(
    lr: float,
    beta: float,
    beta_power: float,
    eta: float = 1.0,
    weight_decay_rate: float = 0.0,
) -> Numbers:
    """``beta_power`` is ``beta**t``; rho the variance factor of the mean gradient."""
    rho = (1 - beta) ** 2 * (1 - beta_power**2)
    rho = min(rho / ((1 - beta_power) ** 2 * (1 - beta**2)), 0.9999)
    return {
        'lr': lr,
        'rest': 1 - beta,
        'unbias': 1 / (1 - beta_power),
        'rho': rho,
        'others': 1 / (1 - rho),
        'eta': eta,
        'decay': weight_decay_rate,
    }


@_row(_msvag_numbers)
def msvag(
    xp: Any, param: Any, grad: Any, m: Any, v: Any, *,
    lr: Any, rest: Any, unbias: Any, rho: Any, others: Any, eta: Any, decay: Any,
) -> Any:  # fmt: skip
    """M-SVAG: a step shrinks with the variance of its gradient."""
    m = m + rest * (grad - m)
    v = v + rest * (grad * grad - v)
    mt = m * unbias
    mt2 = mt * mt
    noise = mt2 + rho * ((v * unbias - mt2) * others)
    factor = mt2 / xp.where(noise == 0, 1, noise)  # 0 where 0 / 0
    factor = xp.minimum(xp.maximum(factor, 0), 1)
    return param - eta * (lr * mt * factor + decay * param), m, v

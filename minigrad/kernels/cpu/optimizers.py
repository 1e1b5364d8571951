"""Optimizer updates in one pass over memory: every array is flat, of one dtype.

The hyperparameters come as scalars of that dtype, so that the arithmetic is the same
as that of NumPy on arrays.
"""

from __future__ import annotations

from math import sqrt

from minigrad.kernels.cpu.jit import jit
from minigrad.types import Array


@jit
def sgd(p: Array, g: Array, lr: float) -> None:
    """One step of stochastic gradient descent."""
    for i in range(p.size):
        p[i] -= lr * g[i]


@jit
def momentum_sgd(p: Array, g: Array, v: Array, lr: float, momentum: float) -> None:
    """One step with a velocity."""
    for i in range(p.size):
        v[i] = momentum * v[i] - lr * g[i]
        p[i] += v[i]


@jit
def corrected_momentum_sgd(
    p: Array, g: Array, v: Array, lr: float, momentum: float
) -> None:
    """One step with a velocity that does not contain the rate."""
    for i in range(p.size):
        v[i] = momentum * v[i] - g[i]
        p[i] += lr * v[i]


@jit
def nesterov_ag(p: Array, g: Array, v: Array, lr: float, momentum: float) -> None:
    """One step of Nesterov's accelerated gradient."""
    one = p.dtype.type(1)
    for i in range(p.size):
        v[i] = momentum * v[i] - lr * g[i]
        p[i] += momentum * momentum * v[i] - (one + momentum) * lr * g[i]


@jit
def ada_grad(p: Array, g: Array, h: Array, lr: float, eps: float) -> None:
    """One step of AdaGrad."""
    for i in range(p.size):
        h[i] += g[i] * g[i]
        p[i] -= lr * g[i] / (sqrt(h[i]) + eps)


@jit
def ada_delta(
    p: Array, g: Array, msg: Array, msdx: Array, rho: float, rest: float, eps: float
) -> None:
    """One step of AdaDelta; ``rest = 1 - rho``."""
    for i in range(p.size):
        msg[i] = rho * msg[i] + rest * g[i] * g[i]
        dx = sqrt((msdx[i] + eps) / (msg[i] + eps)) * g[i]
        msdx[i] = rho * msdx[i] + rest * dx * dx
        p[i] -= dx


@jit
def rmsprop(
    p: Array, g: Array, ms: Array, lr: float, alpha: float, rest: float, eps: float,
    eps_inside_sqrt: bool,
) -> None:  # fmt: skip
    """One step of RMSprop; ``rest = 1 - alpha``."""
    if eps_inside_sqrt:
        for i in range(p.size):
            ms[i] = alpha * ms[i] + rest * g[i] * g[i]
            p[i] -= lr * g[i] / sqrt(ms[i] + eps)
    else:
        for i in range(p.size):
            ms[i] = alpha * ms[i] + rest * g[i] * g[i]
            p[i] -= lr * g[i] / (sqrt(ms[i]) + eps)


@jit
def rmsprop_graves(
    p: Array, g: Array, n: Array, mean: Array, delta: Array,
    lr: float, alpha: float, rest: float, momentum: float, eps: float,
) -> None:  # fmt: skip
    """One step of Graves' RMSprop; ``rest = 1 - alpha``."""
    for i in range(p.size):
        n[i] = alpha * n[i] + rest * g[i] * g[i]
        mean[i] = alpha * mean[i] + rest * g[i]
        step = lr * g[i] / sqrt(n[i] - mean[i] * mean[i] + eps)
        delta[i] = momentum * delta[i] - step
        p[i] += delta[i]


@jit
def smorms3(
    p: Array, g: Array, mem: Array, mean: Array, square: Array, lr: float, eps: float
) -> None:
    """One step of SMORMS3."""
    one = p.dtype.type(1)
    for i in range(p.size):
        r = one / (mem[i] + one)
        mean[i] += r * (g[i] - mean[i])
        square[i] += r * (g[i] * g[i] - square[i])
        x = mean[i] * mean[i] / (square[i] + eps)
        p[i] -= g[i] * min(x, lr) / (sqrt(square[i]) + eps)
        mem[i] = mem[i] * (one - x) + one


@jit
def adam(
    p: Array, g: Array, m: Array, v: Array, vhat: Array,
    alpha_t: float, rest1: float, rest2: float, eps: float, eta: float, keep: float,
    lower: float, upper: float, amsgrad: bool, bounded: bool,
) -> None:  # fmt: skip
    """One step of Adam; ``rest = 1 - beta``, ``keep = 1 - eta * weight decay``."""
    if not amsgrad and not bounded:
        for i in range(p.size):
            m[i] += rest1 * (g[i] - m[i])
            v[i] += rest2 * (g[i] * g[i] - v[i])
            step = alpha_t / (sqrt(v[i]) + eps)
            p[i] = keep * p[i] - eta * step * m[i]
        return
    for i in range(p.size):
        m[i] += rest1 * (g[i] - m[i])
        v[i] += rest2 * (g[i] * g[i] - v[i])
        square = v[i]
        if amsgrad:
            square = max(vhat[i], square)
            vhat[i] = square
        step = alpha_t / (sqrt(square) + eps)
        if bounded:
            step = min(max(step, lower), upper)
        p[i] = keep * p[i] - eta * step * m[i]


@jit
def msvag(
    p: Array, g: Array, m: Array, v: Array,
    lr: float, rest: float, unbias: float, rho: float, eta: float, decay: float,
) -> None:  # fmt: skip
    """One step of M-SVAG; ``rest = 1 - beta``, ``unbias = 1 / (1 - beta**t)``."""
    zero, one = p.dtype.type(0), p.dtype.type(1)
    for i in range(p.size):
        m[i] += rest * (g[i] - m[i])
        v[i] += rest * (g[i] * g[i] - v[i])
        mt = m[i] * unbias
        mt2 = mt * mt
        noise = mt2 + rho * ((v[i] * unbias - mt2) / (one - rho))
        factor = zero if noise == zero else min(max(mt2 / noise, zero), one)
        p[i] -= eta * (lr * mt * factor + decay * p[i])

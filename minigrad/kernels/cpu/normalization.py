"""Local response and batch normalization."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.jit import jit, jit_reordered
from minigrad.kernels.cpu.team import offer, pieces
from minigrad.types import Array

BLOCK = 256  # pixels worked on together: a few rows of every channel stay in the cache


@jit
def _power(scale: Array, beta: float, out: Array) -> None:
    """Computes ``scale**-beta``; by square roots, which are vectorised, for 3/4."""
    one = scale.dtype.type(1)
    if beta == 0.75:
        for i in range(scale.size):
            root = np.sqrt(scale[i])
            out[i] = one / (root * np.sqrt(root))
    elif beta == 0.5:
        for i in range(scale.size):
            out[i] = one / np.sqrt(scale[i])
    else:
        power = scale.dtype.type(-beta)
        for i in range(scale.size):
            out[i] = scale[i] ** power


@jit
def lrn(
    team: int, N: int, number: int,
    x: Array, y: Array, scale: Array,
    n: int, k: float, alpha: float, beta: float,
) -> None:  # fmt: skip
    """Fills; arrays are (N, C, pixels)."""
    offer(team)
    C, P = x.shape[1:]
    half = n // 2
    scalar = x.dtype.type
    k0, a0 = scalar(k), scalar(alpha)
    power = np.empty(BLOCK, x.dtype)
    for _, first, last in pieces(team, N, number):
        for image in range(first, last):
            for start in range(0, P, BLOCK):
                stop = min(P, start + BLOCK)
                for c in range(C):
                    s = scale[image, c, start:stop]
                    s[:] = 0
                    for near in range(max(0, c - half), min(C, c + half + 1)):
                        row = x[image, near, start:stop]
                        for i in range(s.size):
                            s[i] += row[i] * row[i]
                    for i in range(s.size):
                        s[i] = k0 + a0 * s[i]
                    p = power[: s.size]
                    _power(s, beta, p)
                    row = x[image, c, start:stop]
                    out = y[image, c, start:stop]
                    for i in range(s.size):
                        out[i] = row[i] * p[i]


@jit
def lrn_grad(
    team: int, N: int, number: int,
    x: Array, scale: Array, gy: Array, gx: Array,
    n: int, alpha: float, beta: float,
) -> None:  # fmt: skip
    """Fills ``gx``; arrays are (N, C, pixels)."""
    offer(team)
    C, P = x.shape[1:]
    half = n // 2
    coeff = x.dtype.type(2 * alpha * beta)
    power = np.empty(BLOCK, x.dtype)
    total = np.empty(BLOCK, x.dtype)
    shares = np.empty((C, BLOCK), x.dtype)  # y * gy / scale
    for _, first, last in pieces(team, N, number):
        for image in range(first, last):
            for start in range(0, P, BLOCK):
                stop = min(P, start + BLOCK)
                for c in range(C):
                    s = scale[image, c, start:stop]
                    p = power[: s.size]
                    _power(s, beta, p)
                    row, grad = x[image, c, start:stop], gy[image, c, start:stop]
                    out, share = gx[image, c, start:stop], shares[c]
                    for i in range(s.size):
                        direct = grad[i] * p[i]
                        out[i] = direct
                        share[i] = row[i] * direct / s[i]
                for c in range(C):
                    out, row = gx[image, c, start:stop], x[image, c, start:stop]
                    t = total[: out.size]
                    t[:] = 0
                    for near in range(max(0, c - half), min(C, c + half + 1)):
                        share = shares[near]
                        for i in range(t.size):
                            t[i] += share[i]
                    for i in range(t.size):
                        out[i] -= coeff * row[i] * t[i]


@jit_reordered
def sum_channels(team: int, channels: int, number: int, x: Array, sums: Array) -> None:
    """Sums ``x`` (N, C, pixels)."""
    offer(team)
    N, C, P = x.shape
    flat = x.reshape(-1)
    for _, first, last in pieces(team, channels, number):
        for c in range(first, last):
            total = 0.0
            for image in range(N):
                start = (image * C + c) * P
                part = x.dtype.type(0)
                row = flat[start : start + P]
                for i in range(P):
                    part += row[i]
                total += part
            sums[c] = total


@jit_reordered
def batch_norm(
    team: int, channels: int, number: int,
    x: Array, y: Array, gamma: Array, beta: Array, mean: Array, inv_std: Array,
    eps: float,
) -> None:  # fmt: skip
    """Normalizes ``x`` (N, C, pixels).

    Sums are of distances from the first pixel: those of numbers around 10,000 would lose
    the digits that the variance is made of.
    """
    offer(team)
    N, _, P = x.shape
    for _, first, last in pieces(team, channels, number):
        for c in range(first, last):
            near = x[0, c, 0]
            total = 0.0
            for image in range(N):
                row = x[image, c]
                part = x.dtype.type(0)
                for i in range(P):
                    part += row[i] - near
                total += part
            middle = np.float64(near) + total / (N * P)
            m = x.dtype.type(middle)
            total = 0.0
            for image in range(N):
                row = x[image, c]
                part = x.dtype.type(0)
                for i in range(P):
                    part += (row[i] - m) * (row[i] - m)
                total += part
            var = total / (N * P) - (middle - m) * (middle - m)
            inv = 1 / np.sqrt(var + eps)
            mean[c] = middle
            inv_std[c] = inv
            factor = x.dtype.type(inv * gamma[c])
            shift = x.dtype.type(beta[c] - (middle - m) * inv * gamma[c])
            for image in range(N):
                row, out = x[image, c], y[image, c]
                for i in range(P):
                    out[i] = (row[i] - m) * factor + shift


@jit_reordered
def batch_norm_grad(
    team: int, channels: int, number: int,
    x: Array, gy: Array, gx: Array, gamma: Array, mean: Array, inv_std: Array,
    ggamma: Array, gbeta: Array,
) -> None:  # fmt: skip
    """Fills the three gradients."""
    offer(team)
    N, _, P = x.shape
    for _, first, last in pieces(team, channels, number):
        for c in range(first, last):
            m = x.dtype.type(mean[c])
            products, plain = 0.0, 0.0
            for image in range(N):
                row, grad = x[image, c], gy[image, c]
                product, part = x.dtype.type(0), x.dtype.type(0)
                for i in range(P):
                    product += (row[i] - m) * grad[i]
                    part += grad[i]
                products += product
                plain += part
            inv = np.float64(inv_std[c])
            gbeta[c] = plain
            ggamma[c] = products * inv
            factor = x.dtype.type(gamma[c] * inv)
            slope = x.dtype.type(gamma[c] * inv * inv * inv * products / (N * P))
            shift = x.dtype.type(gamma[c] * inv * plain / (N * P))
            for image in range(N):
                row, grad, out = x[image, c], gy[image, c], gx[image, c]
                for i in range(P):
                    out[i] = grad[i] * factor - (row[i] - m) * slope - shift


# With few pixels per channel (a dense layer) the lanes run over the channels.


@jit_reordered
def batch_norm_rows(
    team: int, channels: int, number: int,
    x: Array, y: Array, gamma: Array, beta: Array, mean: Array, inv_std: Array,
    eps: float,
) -> None:  # fmt: skip
    """Normalizes ``x`` (N, C); sums are of distances from the first row, in blocks."""
    offer(team)
    for _, first, last in pieces(team, channels, number):
        N, size = x.shape[0], last - first
        near = x[0, first:last]
        m = np.empty(size, x.dtype)
        v = np.empty(size, x.dtype)
        shift = np.empty(size, x.dtype)
        middle = np.zeros(size, np.float64)
        total = np.zeros(size, np.float64)
        for start in range(0, N, BLOCK):
            v[:] = 0
            for n in range(start, min(N, start + BLOCK)):
                row = x[n, first:last]
                for i in range(size):
                    v[i] += row[i] - near[i]
            for i in range(size):
                middle[i] += v[i]
        for i in range(size):
            middle[i] = near[i] + middle[i] / N
            m[i] = middle[i]
        for start in range(0, N, BLOCK):
            v[:] = 0
            for n in range(start, min(N, start + BLOCK)):
                row = x[n, first:last]
                for i in range(size):
                    v[i] += (row[i] - m[i]) * (row[i] - m[i])
            for i in range(size):
                total[i] += v[i]
        for i in range(size):
            rest = middle[i] - m[i]
            inv = 1 / np.sqrt(total[i] / N - rest * rest + eps)
            mean[first + i] = m[i]
            inv_std[first + i] = inv
            v[i] = inv * gamma[first + i]
            shift[i] = beta[first + i] - rest * inv * gamma[first + i]
        for n in range(N):
            row, out = x[n, first:last], y[n, first:last]
            for i in range(size):
                out[i] = (row[i] - m[i]) * v[i] + shift[i]


@jit_reordered
def batch_norm_rows_grad(
    team: int, channels: int, number: int,
    x: Array, gy: Array, gx: Array, gamma: Array, mean: Array, inv_std: Array,
    ggamma: Array, gbeta: Array,
) -> None:  # fmt: skip
    """Fills the three gradients."""
    offer(team)
    for _, first, last in pieces(team, channels, number):
        N, size = x.shape[0], last - first
        products = np.zeros(size, x.dtype)
        plain = np.zeros(size, x.dtype)
        factor = np.empty(size, x.dtype)
        m = mean[first:last]
        for n in range(N):
            row, grad = x[n, first:last], gy[n, first:last]
            for i in range(size):
                products[i] += (row[i] - m[i]) * grad[i]
                plain[i] += grad[i]
        for i in range(size):
            inv = inv_std[first + i]
            ggamma[first + i] = products[i] * inv
            gbeta[first + i] = plain[i]
            factor[i] = gamma[first + i] * inv
            products[i] *= factor[i] * inv * inv / x.dtype.type(N)
            plain[i] *= factor[i] / x.dtype.type(N)
        for n in range(N):
            row, grad, out = x[n, first:last], gy[n, first:last], gx[n, first:last]
            for i in range(size):
                out[i] = grad[i] * factor[i] - (row[i] - m[i]) * products[i] - plain[i]

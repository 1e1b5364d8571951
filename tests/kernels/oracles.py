"""Independent definitions: plain loops over single elements, in float64."""

from __future__ import annotations

import itertools
import math

import numpy as np


def conv_2d(x, W, b, stride, pad, dilate=(1, 1), groups=1, out=None):
    N, H = x.shape[0], x.shape[2]
    OC, CG, KH, KW = W.shape
    (sy, sx), (ph, pw), (dy, dx) = stride, pad, dilate
    OH, OW = out
    y = np.zeros((N, OC, OH, OW))
    for n, o, i, j in itertools.product(*map(range, y.shape)):
        first = o // (OC // groups) * CG
        total = 0.0 if b is None else b[o]
        for c, k, m in itertools.product(range(CG), range(KH), range(KW)):
            r, s = i * sy - ph + k * dy, j * sx - pw + m * dx
            if 0 <= r < H and 0 <= s < x.shape[3]:
                total += x[n, first + c, r, s] * W[o, c, k, m]
        y[n, o, i, j] = total
    return y


def windows(x, spec):
    """Yields (n, c, i, j) and the list of (row, column) inside the image."""
    N, C = x.shape[:2]
    for n, c, i, j in itertools.product(
        range(N), range(C), range(spec.oh), range(spec.ow)
    ):
        inside = [
            (r, s)
            for r in range(i * spec.sy - spec.ph, i * spec.sy - spec.ph + spec.kh)
            for s in range(j * spec.sx - spec.pw, j * spec.sx - spec.pw + spec.kw)
            if 0 <= r < spec.h and 0 <= s < spec.w
        ]
        yield n, c, i, j, inside


def max_pool_2d(x, spec):
    """Returns the values, and the place of each maximum or None."""
    y = np.full((*x.shape[:2], spec.oh, spec.ow), -np.inf)
    place = {}
    for n, c, i, j, inside in windows(x, spec):
        best = None
        for r, s in inside:
            value = x[n, c, r, s]
            if best is None or value > best or (value != value and best == best):
                best, place[n, c, i, j] = value, (n, c, r, s)
        if best is not None:
            y[n, c, i, j] = best
    return y, place


def average_pool_2d(x, spec):
    y = np.zeros((*x.shape[:2], spec.oh, spec.ow))
    for n, c, i, j, inside in windows(x, spec):
        total = sum(float(x[n, c, r, s]) for r, s in inside)
        count = spec.kh * spec.kw if spec.count_pad else max(len(inside), 1)
        y[n, c, i, j] = total / count
    return y


def lrn(x, n, k, alpha, beta):
    y = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        b, c, rest = index[0], index[1], index[2:]
        first, last = max(0, c - n // 2), min(x.shape[1] - 1, c + n // 2)
        total = sum(float(x[(b, j, *rest)]) ** 2 for j in range(first, last + 1))
        y[index] = x[index] / (k + alpha * total) ** beta
    return y


def resize(x, size, align_corners):
    N, C, H, W = x.shape
    y = np.zeros((N, C, *size))
    for i, j in np.ndindex(*size):
        r = place(i, H, size[0], align_corners)
        s = place(j, W, size[1], align_corners)
        r0, s0 = int(r), int(s)
        r1, s1 = min(r0 + 1, H - 1), min(s0 + 1, W - 1)
        a, b = r - r0, s - s0
        top = x[:, :, r0, s0] * (1 - b) + x[:, :, r0, s1] * b
        bottom = x[:, :, r1, s0] * (1 - b) + x[:, :, r1, s1] * b
        y[:, :, i, j] = top * (1 - a) + bottom * a
    return y


def place(i, size, out, align_corners):
    if align_corners:
        return i * (size - 1) / (out - 1) if out > 1 else 0.0
    return max((i + 0.5) * size / out - 0.5, 0.0)


def softmax_cross_entropy(x, t, ignore_label):
    """For x (N, C): the loss of each sample."""
    loss = np.zeros(len(t))
    for n, label in enumerate(t):
        if label != ignore_label:
            top = max(map(float, x[n]))
            total = sum(math.exp(float(v) - top) for v in x[n])
            loss[n] = math.log(total) + top - float(x[n, label])
    return loss

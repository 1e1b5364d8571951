"""Kernels for NumPy arrays, compiled by Numba and run on threads of this library.

This file decides what runs where: dtypes, layouts, work space, pieces for threads. The
loops themselves are in ``cpu/``, one idea per file.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.configuration import config
from minigrad.kernels.cpu import (
    choice,
    columns,
    conv_direct,
    cumulative,
    depthwise,
    fused,
    gemm,
    losses,
    normalization,
    pool,
    roi,
    rows,
    tables,
    ways,
    winograd,
)
from minigrad.kernels.cpu.jit import INTERPRETED
from minigrad.kernels.cpu.team import Share, in_team, share, workspace
from minigrad.kernels.cpu.vectors import COLUMNS, VECTOR_BYTES
from minigrad.kernels.formula import Formula
from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec
from minigrad.kernels.threads import count_pieces
from minigrad.kernels.updates import UPDATES
from minigrad.types import Array

# The least work per piece for which another thread is worth it (it starts within a
# microsecond while it spins, within 60 when it sleeps): bytes for kernels that are bound
# by memory, multiply-adds for products.
GRAIN_BYTES = 1 << 18
TINY = 512  # elements: up to here NumPy is faster than a compiled kernel
GRAIN_PRODUCTS = 500_000
QUARTERS = (2, 2, 2, 2, 0, 0)  # the usual window of a pooling
SMALL_BYTES = 1 << 18  # what a vector of small images may take of the L2 cache

contiguous = np.ascontiguousarray
_ZEROS = {char: np.zeros((), char) for char in 'fd'}  # NumPy is slow to make them


class NumbaKernels(Kernels):
    """Kernels for the CPU; operations without one use the reference implementation."""

    name = 'numba'
    fuses_rows = not INTERPRETED

    def __init__(self) -> None:
        super().__init__(np)
        self._numbers: tuple[Any, Array] = (None, None)

    # Products

    def matmul(self, a: Array, b: Array) -> Array:
        """Returns ``a @ b`` of two matrices; either may be a transposed view."""
        if not _fast(a, b) or a.ndim != 2 or b.ndim != 2:
            return super().matmul(a, b)
        (M, K), N = a.shape, b.shape[1]
        if M == 0 or N == 0 or K == 0:
            return super().matmul(a, b)
        transposed_b = not b.flags.c_contiguous and b.flags.f_contiguous
        transposed_a = not a.flags.c_contiguous and a.flags.f_contiguous
        layout = 'tn' if transposed_a else 'nt' if transposed_b else 'nn'
        if ways.fastest_product(layout, M, N, K) == ways.BLAS:
            return super().matmul(a, b)
        c = np.empty((M, N), a.dtype)
        if layout == 'nt':
            a, b = contiguous(a), b.T
            flat_a, flat_b = a.ravel(), b.ravel()
            in_team(
                gemm.product_transposed, share(N, GRAIN_PRODUCTS // (M * K) + 1),
                flat_a, K, flat_b, K, c.ravel(), N, M, K,
            )  # fmt: skip
            return c
        b = contiguous(b)
        if transposed_a:
            flat_a, a_row, a_step = a.T.ravel(), 1, M
        else:
            flat_a, a_row, a_step = contiguous(a).ravel(), K, 1
        flat_b, flat_c = b.ravel(), c.ravel()
        # The longer side is cut; a cut along the columns falls between panels.
        width = COLUMNS * 4 // a.itemsize
        by_rows = M > N
        size, work = (M, N * K) if by_rows else (-(-N // width), M * K * width)
        cut = share(size, GRAIN_PRODUCTS // work + 1)
        in_team(
            gemm.product, cut, by_rows,
            flat_a, a_row, a_step, flat_b, N, flat_c, N, M, N, K,
            workspace('panel', gemm.DEPTH * COLUMNS, a.dtype, cut.threads),
        )  # fmt: skip
        return c

    # Convolution

    def conv_2d(self, x: Array, W: Array, b: Array | None, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d`."""
        if not _fast(x, W) or (b is not None and b.dtype != x.dtype) or not len(x):
            return super().conv_2d(x, W, b, spec)
        x, W = contiguous(x), contiguous(W)
        N, (OC, C, KH, KW) = len(x), W.shape
        y = np.empty((N, OC, spec.oh, spec.ow), x.dtype)
        bias = np.empty(0, x.dtype) if b is None else contiguous(b)
        way = _way('y', x, spec, C, OC)
        if way == ways.WINOGRAD:
            size, pad = (spec.oh, spec.ow), (spec.ph, spec.pw)
            return winograd.convolve(x, W, bias, False, size, pad)
        if way == ways.COLUMNS:
            rows = self.matmul(W.reshape(OC, -1), _columns(x, spec))
            y[...] = rows.reshape(OC, N, spec.oh, spec.ow).transpose(1, 0, 2, 3)
            return y if b is None else np.add(y, b[:, None, None], out=y)
        flat_W = W.ravel()
        QH, QW = _phase_size(spec)
        flat_size = x.shape[1] * spec.sy * spec.sx * QH * QW
        sums_size = OC // spec.groups * spec.oh * QW

        if C == 1 < spec.groups:
            cut = share(N * spec.groups, _conv_grain(y, KH * KW, spec.groups))
            in_team(
                depthwise.forward, cut, x.reshape(-1), flat_W, bias, y.reshape(-1),
                workspace('flat', flat_size, x.dtype, cut.threads),
                workspace('sums', sums_size, x.dtype, cut.threads),
                *_sizes(spec, C, OC),
            )  # fmt: skip
            return y
        cut = share(N, _conv_grain(y, C * KH * KW))
        in_team(
            conv_direct.forward, cut, x.reshape(-1), flat_W, bias, y.reshape(-1),
            workspace('flat', flat_size, x.dtype, cut.threads),
            workspace('sums', sums_size, x.dtype, cut.threads), *_sizes(spec, C, OC),
        )  # fmt: skip
        return y

    def conv_2d_grad_x(self, W: Array, gy: Array, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d_grad_x`."""
        if not _fast(W, gy) or not len(gy):
            return super().conv_2d_grad_x(W, gy, spec)
        W, gy = contiguous(W), contiguous(gy)
        N, (OC, C, KH, KW) = len(gy), W.shape
        pad = (KH - 1 - spec.ph, KW - 1 - spec.pw)
        way = _way('gx', gy, spec, C, OC)
        if way == ways.WINOGRAD:
            none = np.empty(0, gy.dtype)
            return winograd.convolve(gy, W, none, True, (spec.h, spec.w), pad)
        if way == ways.COLUMNS:
            col = self.matmul(W.reshape(OC, -1).T, _channel_rows(gy))
            col = col.reshape(C, KH, KW, N, spec.oh, spec.ow)
            return _add_columns(col.transpose(3, 0, 1, 2, 4, 5), spec)
        if C == 1 < spec.groups:
            gx = np.zeros((N, spec.groups, spec.h, spec.w), gy.dtype)
            cut = share(N * spec.groups, _conv_grain(gy, KH * KW, spec.groups))
            QH, QW = _phase_size(spec)
            in_team(
                depthwise.grad_x, cut, W.reshape(-1), gy.reshape(-1), gx.reshape(-1),
                workspace('flat', spec.sy * spec.sx * QH * QW, gy.dtype, cut.threads),
                workspace('spread', 2 * QH * QW, gy.dtype, cut.threads),
                *_sizes(spec, C, OC),
            )  # fmt: skip
            return gx
        gx = np.empty((N, C * spec.groups, spec.h, spec.w), gy.dtype)
        lanes = VECTOR_BYTES // gy.itemsize
        gy_size = gy.shape[1] * (spec.oh * spec.ow | 1) * lanes
        gx_size = gx.shape[1] * (spec.h * spec.w | 1) * lanes
        small = (gy_size + gx_size) * gy.itemsize <= SMALL_BYTES
        if small and lanes <= N and spec.sy == spec.sx == 1:
            cut = share(-(-N // lanes), _conv_grain(gy, C * KH * KW * lanes))
            in_team(
                conv_direct.grad_x_small, cut,
                W.reshape(-1), gy.reshape(-1), gx.reshape(-1),
                workspace('gy_lanes', gy_size, gy.dtype, cut.threads),
                workspace('gx_lanes', gx_size, gy.dtype, cut.threads),
                N, *_sizes(spec, C, OC),
            )  # fmt: skip
            return gx
        top = (KH - 1) * spec.dy // spec.sy
        left = (KW - 1) * spec.dx // spec.sx
        AH = -(-(spec.h + 2 * spec.ph) // spec.sy)
        AW = -(-(spec.w + 2 * spec.pw) // spec.sx)
        flat_size = OC // spec.groups * (AH + top) * (AW + left)
        sums_size = C * AH * (AW + left)

        turned_size = OC // spec.groups * C * KH * KW
        cut = share(N, _conv_grain(gy, C * KH * KW))
        in_team(
            conv_direct.grad_x, cut, W.reshape(-1), gy.reshape(-1), gx.reshape(-1),
            workspace('flat', flat_size, gy.dtype, cut.threads),
            workspace('sums', sums_size, gy.dtype, cut.threads),
            workspace('turned', turned_size, gy.dtype, cut.threads),
            *_sizes(spec, C, OC),
        )  # fmt: skip
        return gx

    def conv_2d_grad_w(self, x: Array, gy: Array, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d_grad_w`."""
        if not _fast(x, gy) or not len(x):
            return super().conv_2d_grad_w(x, gy, spec)
        x, gy = contiguous(x), contiguous(gy)
        (N, OC), C = gy.shape[:2], x.shape[1] // spec.groups
        KH, KW = spec.kh, spec.kw
        way = _way('gW', x, spec, C, OC)
        if way == ways.WINOGRAD:
            return winograd.convolve_grad_w(x, gy, KH, (spec.ph, spec.pw))
        if way == ways.COLUMNS:
            gW = self.matmul(_channel_rows(gy), _columns(x, spec).T)
            return gW.reshape(OC, C, KH, KW)
        QH, QW = _phase_size(spec)
        flat_size = x.shape[1] * spec.sy * spec.sx * QH * QW
        if C == 1 < spec.groups:
            grain = _conv_grain(gy, KH * KW, spec.groups)
            planes = N * spec.groups
            cut = share(planes, grain, count_pieces(planes, grain))
            parts = np.empty((cut.number, OC * KH * KW), x.dtype)
            in_team(
                depthwise.grad_w, cut, x.reshape(-1), gy.reshape(-1), parts,
                workspace('flat', flat_size, x.dtype, cut.threads),
                workspace('spread', spec.oh * QW, x.dtype, cut.threads),
                *_sizes(spec, C, OC),
            )  # fmt: skip
            return _sum_of_parts(parts).reshape(OC, C, KH, KW)
        grain = _conv_grain(gy, C * KH * KW)
        cut = share(N, grain, count_pieces(N, grain))  # each piece has its own sums
        parts = np.empty((cut.number, OC * C * KH * KW), x.dtype)
        spread_size = OC * spec.oh * QW
        # Small images are taken together, as many as stay in the caches.
        block = 32768 // (flat_size + spread_size)
        images = max(1, min(block, -(-N // cut.number)))
        in_team(
            conv_direct.grad_w, cut, x.reshape(-1), gy.reshape(-1), parts,
            workspace('flat', images * flat_size, x.dtype, cut.threads),
            workspace('spread', images * spread_size, x.dtype, cut.threads),
            images, *_sizes(spec, C, OC),
        )  # fmt: skip
        return _sum_of_parts(parts).reshape(OC, C, KH, KW)

    def sum_channels(self, gy: Array) -> Array:
        """See `Kernels.sum_channels`."""
        if not _fast(gy) or gy.ndim < 3 or not gy.size:
            return super().sum_channels(gy)
        x3, sums = _pixels(gy), np.empty(gy.shape[1], gy.dtype)
        in_team(
            normalization.sum_channels, _share(x3, 1, len(sums)), x3,
            sums,
        )  # fmt: skip
        return sums

    def im2col(self, x: Array, spec: ConvSpec) -> Array:
        """See `Kernels.im2col`."""
        if not _fast(x):
            return super().im2col(x, spec)
        shape = (*x.shape[:2], spec.kh, spec.kw, spec.oh, spec.ow)
        col = np.empty(shape, x.dtype)
        _fill_columns(x, col, spec)
        return col

    def col2im(self, col: Array, spec: ConvSpec) -> Array:
        """See `Kernels.col2im`."""
        if not _fast(col):
            return super().col2im(col, spec)
        return _add_columns(contiguous(col), spec)

    # Pooling: arg is uint8 where that suffices, to save memory traffic

    def max_pool_2d(self, x: Array, spec: PoolSpec) -> tuple[Array, Array]:
        """See `Kernels.max_pool_2d`."""
        if not _fast(x):
            return super().max_pool_2d(x, spec)
        shape = (*x.shape[:2], spec.oh, spec.ow)
        y = np.empty(shape, x.dtype)
        arg = np.empty(shape, np.uint8 if spec.kh * spec.kw <= 256 else np.int32)
        planes = _planes(x)
        quarters = _window(spec) == QUARTERS
        quarters = quarters and x.shape[2:] == (2 * spec.oh, 2 * spec.ow)
        cut, arrays = _share(planes, 2), (planes, _planes(y), _planes(arg))
        if quarters:
            in_team(pool.max_quarters, cut, *arrays)
        else:
            in_team(pool.max_pool, cut, *arrays, *_window(spec))
        return y, arg

    def max_pool_2d_scatter(self, gy: Array, arg: Array, spec: PoolSpec) -> Array:
        """See `Kernels.max_pool_2d_scatter`."""
        if not _fast(gy):
            return super().max_pool_2d_scatter(gy, arg, spec)
        gx = np.empty((*gy.shape[:2], spec.h, spec.w), gy.dtype)
        gy, arg, planes = _planes(gy), _planes(arg), _planes(gx)

        cut, arrays = _share(planes, 2), (gy, arg, planes)
        if _window(spec) == QUARTERS:
            in_team(pool.scatter_quarters, cut, *arrays)
        else:
            in_team(pool.max_pool_scatter, cut, *arrays, *_window(spec))
        return gx

    def max_pool_2d_gather(self, ggx: Array, arg: Array, spec: PoolSpec) -> Array:
        """See `Kernels.max_pool_2d_gather`."""
        if not _fast(ggx):
            return super().max_pool_2d_gather(ggx, arg, spec)
        ggy = np.empty(arg.shape, ggx.dtype)
        ggx, arg = _planes(ggx), _planes(arg)
        in_team(
            pool.max_pool_gather, _share(ggx, 2), ggx, arg,
            _planes(ggy), *_window(spec),
        )  # fmt: skip
        return ggy

    def max_pool_2d_arg(self, indices: Array, spec: PoolSpec) -> Array:
        """See `Kernels.max_pool_2d_arg`."""
        return indices.astype(np.uint8 if spec.kh * spec.kw <= 256 else np.int32)

    def roi_argmax(
        self,
        x: Array,
        rows: tuple[Any, Any],
        columns: tuple[Any, Any],
        batch: Any,
    ) -> Array:
        """See `ROIKernels.roi_argmax`."""
        if not _fast(x):
            return super().roi_argmax(x, rows, columns, batch)
        shape = (len(batch), x.shape[1], rows[0].shape[1], columns[0].shape[1])
        places = np.empty(shape, np.int64)
        x = contiguous(x)
        images, tops, bottoms, lefts, rights = [
            np.asarray(a, np.int64) for a in (batch, *rows, *columns)
        ]
        in_team(
            roi.argmax, _share(places, 16), x, places, images,
            tops, bottoms, lefts, rights,
        )  # fmt: skip
        return places

    def average_pool_2d(self, x: Array, spec: PoolSpec) -> Array:
        """See `Kernels.average_pool_2d`."""
        if not _fast(x):
            return super().average_pool_2d(x, spec)
        y = np.empty((*x.shape[:2], spec.oh, spec.ow), x.dtype)
        planes = _planes(x)
        in_team(
            pool.average_pool, _share(planes, 2), planes,
            _planes(y), *_window(spec), spec.count_pad,
        )  # fmt: skip
        return y

    def average_pool_2d_grad(self, gy: Array, spec: PoolSpec) -> Array:
        """See `Kernels.average_pool_2d_grad`."""
        if not _fast(gy):
            return super().average_pool_2d_grad(gy, spec)
        gx = np.empty((*gy.shape[:2], spec.h, spec.w), gy.dtype)
        gy, planes = _planes(gy), _planes(gx)
        in_team(
            pool.average_pool_grad, _share(planes, 2), gy, planes,
            *_window(spec), spec.count_pad,
        )  # fmt: skip
        return gx

    # Normalization

    def lrn(
        self, x: Array, n: int, k: float, alpha: float, beta: float
    ) -> tuple[Array, Array]:
        """See `Kernels.lrn`."""
        if not _fast(x):
            return super().lrn(x, n, k, alpha, beta)
        x3 = _pixels(x)
        y, scale = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
        in_team(
            normalization.lrn, _share(x3, 2), x3, _pixels(y),
            _pixels(scale), n, float(k), float(alpha), float(beta),
        )  # fmt: skip
        return y, scale

    def lrn_grad(
        self,
        x: Array,
        y: Array,
        scale: Array,
        gy: Array,
        n: int,
        k: float,
        alpha: float,
        beta: float,
    ) -> Array:
        """See `Kernels.lrn_grad`; ``y`` is computed again, which is cheaper to read."""
        if not _fast(x, gy, scale):
            return super().lrn_grad(x, y, scale, gy, n, k, alpha, beta)
        x3, scale3, gy3 = _pixels(x), _pixels(scale), _pixels(gy)
        gx = np.empty(x.shape, x.dtype)
        in_team(
            normalization.lrn_grad, _share(x3, 2), x3, scale3, gy3,
            _pixels(gx), n, float(alpha), float(beta),
        )  # fmt: skip
        return gx

    def batch_norm(
        self, x: Array, gamma: Array, beta: Array, eps: float, axis: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """See `Kernels.batch_norm`."""
        usual = axis == (0, *range(2, x.ndim)) and x.size > 0
        if not usual or not _fast(x, gamma, beta):
            return super().batch_norm(x, gamma, beta, eps, axis)
        gamma, beta = contiguous(gamma), contiguous(beta)
        y = np.empty(x.shape, x.dtype)
        mean, inv_std = np.empty_like(gamma), np.empty_like(gamma)
        rows = x.ndim == 2
        x3 = contiguous(x) if rows else _pixels(x)
        y3 = y if rows else _pixels(y)
        run = normalization.batch_norm_rows if rows else normalization.batch_norm
        in_team(
            run, _share(x3, 2, x.shape[1]), x3, y3, gamma, beta,
            mean, inv_std, float(eps),
        )  # fmt: skip
        return y, mean, inv_std

    def batch_norm_grad(
        self,
        x: Array,
        gamma: Array,
        gy: Array,
        mean: Array,
        inv_std: Array,
        axis: tuple[int, ...],
    ) -> tuple[Array, Array, Array]:
        """See `Kernels.batch_norm_grad`."""
        usual = axis == (0, *range(2, x.ndim)) and x.size > 0
        if not usual or not _fast(x, gamma, gy, mean, inv_std):
            return super().batch_norm_grad(x, gamma, gy, mean, inv_std, axis)
        gamma, mean, inv_std = map(contiguous, (gamma, mean, inv_std))
        gx = np.empty(x.shape, x.dtype)
        ggamma, gbeta = np.empty_like(gamma), np.empty_like(gamma)
        if x.ndim == 2:
            run = normalization.batch_norm_rows_grad
            x3, gy3, gx3 = contiguous(x), contiguous(gy), gx
        else:
            run = normalization.batch_norm_grad
            x3, gy3, gx3 = _pixels(x), _pixels(gy), _pixels(gx)
        in_team(
            run, _share(x3, 3, x.shape[1]), x3, gy3, gx3, gamma,
            mean, inv_std, ggamma, gbeta,
        )  # fmt: skip
        return gx, ggamma, gbeta

    # Activation, noise and loss

    def elementwise(self, formula: Formula, *arrays: Array, **numbers: float) -> Any:
        """See `Kernels.elementwise`; one pass over memory."""
        first = arrays[0]
        loop = fused.loop_of(formula, first.dtype.char) if _fast(*arrays) else None
        shape, size = first.shape, first.size
        if loop is None or size < loop.least:
            return formula(np, *arrays, **numbers)
        for array in arrays[1:]:
            if array.shape != shape:
                return formula(np, *arrays, **numbers)
        results = [np.empty(shape, first.dtype) for _ in range(loop.results)]
        flat = [_flat(array) for array in arrays]
        flat += [result.reshape(-1) for result in results]
        if numbers:
            given = np.array([numbers[name] for name in loop.numbers], np.float64)
            loop(flat, given)
        else:
            loop(flat)
        return results[0] if len(results) == 1 else tuple(results)

    def along_rows(self, formula: Formula, *arrays: Array, **numbers: float) -> Any:
        """See `Kernels.along_rows`; a row stays in the cache from pass to pass."""
        first = arrays[0]
        if not first.size or not _fast(*arrays):
            return formula(np, *arrays, **numbers)
        shape = first.shape
        kinds = tuple([rows.kind_of(array.shape, shape) for array in arrays])
        loop = rows.loop_of(formula, first.dtype.char, kinds)
        if loop is None:
            return formula(np, *arrays, **numbers)
        given = np.array([numbers[name] for name in loop.numbers], np.float64)
        results = loop([_flat(array) for array in arrays], shape, given)
        shapes = {rows.FULL: shape, rows.ALONG: shape[1:], rows.ONE: (shape[0], 1)}
        shaped = [
            result.reshape(shapes[kind])
            for kind, result in zip(loop.results, results, strict=True)
        ]
        return shaped[0] if len(shaped) == 1 else tuple(shaped)

    def relu(self, x: Array) -> Array:
        """See `Kernels.relu`."""
        zero = _ZEROS.get(x.dtype.char)
        if zero is None:
            return super().relu(x)
        if x.size <= TINY:
            return np.maximum(x, zero)
        y = np.empty(x.shape, x.dtype)
        _elements(losses.relu, x, y)
        return y

    def relu_grad(self, y: Array, gy: Array) -> Array:
        """See `Kernels.relu_grad`."""
        if not _fast(y, gy) or y.shape != gy.shape:
            return super().relu_grad(y, gy)
        gx = np.empty(gy.shape, gy.dtype)
        size = gx.size
        if size <= TINY:
            losses.relu_grad(0, size, 1, y.reshape(-1), gy.reshape(-1), gx.reshape(-1))
        else:
            _elements(losses.relu_grad, y, gy, gx)
        return gx

    def dropout(self, x: Array, u: Array, ratio: float) -> tuple[Array, Array]:
        """See `Kernels.dropout`."""
        if not _fast(x) or u.dtype.char not in 'fd' or x.shape != u.shape:
            return super().dropout(x, u, ratio)
        y, mask = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
        _elements(losses.dropout, x, u, y, mask, extra=(float(ratio),))
        return y, mask

    def softmax_cross_entropy(
        self, x: Array, t: Array, ignore_label: int
    ) -> tuple[Array, Array]:
        """See `Kernels.softmax_cross_entropy`."""
        if not _fast(x) or x.ndim != 2 or not x.size or t.dtype.kind != 'i':
            return super().softmax_cross_entropy(x, t, ignore_label)
        x, t = contiguous(x), contiguous(t)
        log_y, loss = np.empty(x.shape, x.dtype), np.empty(t.shape, x.dtype)
        in_team(losses.log_softmax_rows, _share(x, 8), x, log_y)
        losses.pick_losses(log_y, t, loss, ignore_label)
        return loss, log_y

    def softmax_cross_entropy_grad(
        self, log_y: Array, t: Array, coeff: Array | float, ignore_label: int
    ) -> Array:
        """See `Kernels.softmax_cross_entropy_grad`."""
        if not _fast(log_y) or log_y.ndim != 2 or t.dtype.kind != 'i':
            return super().softmax_cross_entropy_grad(log_y, t, coeff, ignore_label)
        log_y, t = contiguous(log_y), contiguous(t)
        factors = contiguous(np.asarray(coeff, log_y.dtype)).reshape(-1)
        gx = np.empty(log_y.shape, log_y.dtype)
        in_team(
            losses.cross_entropy_grad_rows, _share(gx, 8), log_y, t,
            factors, gx, ignore_label,
        )  # fmt: skip
        return gx

    def where(self, condition: Any, x: Array, y: Array) -> Array:
        """See `Kernels.where`."""
        if not (_fast(x, y) and np.shape(condition) == x.shape == y.shape):
            return super().where(condition, x, y)
        out = np.empty(x.shape, x.dtype)
        _elements(choice.where, np.asarray(condition), x, y, out)
        return out

    def masked(self, x: Array, mask: Array) -> Array:
        """See `Kernels.masked`."""
        if not _fast(x) or mask.shape != x.shape or mask.dtype != bool:
            return super().masked(x, mask)
        out = np.empty(x.shape, x.dtype)
        _elements(choice.masked, mask, x, out)
        return out

    def add_rows(self, total: Array, rows: Array, values: Array) -> None:
        """See `Kernels.add_rows`; the lanes run along a row."""
        shape = (*rows.shape, *total.shape[1:])
        usual = np.shape(values) == shape and np.size(values) > 0
        usual = usual and _fast(total, values) and rows.dtype.kind in 'iu'
        # A number that is out of range gets NumPy's error.
        usual = usual and -len(total) <= rows.min() <= rows.max() < len(total)
        if not usual or not total.flags.c_contiguous:
            super().add_rows(total, rows, values)
            return
        tables.add_rows(
            total.reshape(len(total), -1),
            contiguous(rows, np.int64).reshape(-1),
            contiguous(values).reshape(rows.size, -1),
        )

    # Running sums and products

    def cumulate(
        self, x: Array, axis: int, product: bool = False, backwards: bool = False
    ) -> Array:
        """See `Kernels.cumulate`."""
        if not _fast(x) or not x.size:
            return super().cumulate(x, axis, product, backwards)
        y = np.empty(x.shape, x.dtype)
        x3, y3 = _blocks(x, axis), _blocks(y, axis)
        if y3.shape[2] == 1:
            in_team(
                cumulative.cumulate_rows, _share_chains(y3), x3[:, :, 0], y3[:, :, 0],
                product, backwards,
            )  # fmt: skip
        else:
            in_team(
                cumulative.cumulate_columns, _share_chains(y3), x3, y3,
                product, backwards,
            )  # fmt: skip
        return y

    def cumprod_grad(self, x: Array, gy: Array, axis: int) -> Array:
        """See `Kernels.cumprod_grad`."""
        if not _fast(x, gy) or not x.size:
            return super().cumprod_grad(x, gy, axis)
        return self._cumprod_grad(_blocks(x, axis), _blocks(gy, axis)).reshape(x.shape)

    def prod(self, x: Array, axis: int) -> Array:
        """See `Kernels.prod`; rows only: NumPy is good at columns."""
        if not _fast(x) or not x.size or axis % x.ndim != x.ndim - 1:
            return super().prod(x, axis)
        x3, y = _blocks(x, axis), np.empty((*x.shape[:-1], 1), x.dtype)
        in_team(
            cumulative.prod_rows, _share_chains(x3), x3[:, :, 0], y.reshape(-1)
        )  # fmt: skip
        return y

    def prod_grad(self, x: Array, gy: Array, axis: int) -> Array:
        """See `Kernels.prod_grad`."""
        if not _fast(x, gy) or not x.size:
            return super().prod_grad(x, gy, axis)
        return self._cumprod_grad(_blocks(x, axis), _blocks(gy, axis)).reshape(x.shape)

    def _cumprod_grad(self, x3: Array, gy3: Array) -> Array:
        gx, cut = np.empty(x3.shape, x3.dtype), _share_chains(x3)
        if x3.shape[2] == 1:
            in_team(
                cumulative.cumprod_grad_rows, cut,
                x3[:, :, 0], gy3[:, :, 0], gx[:, :, 0],
            )  # fmt: skip
        else:
            work = workspace('chains', cumulative.COLUMNS, x3.dtype, cut.threads)
            in_team(cumulative.cumprod_grad_columns, cut, x3, gy3, gx, work)
        return gx

    # Resizing

    def resize(
        self,
        x: Array,
        size: tuple[int, int],
        mode: str = 'bilinear',
        align_corners: bool = True,
    ) -> Array:
        """See `Kernels.resize`."""
        if not _fast(x):
            return super().resize(x, size, mode, align_corners)
        down = self._sample(x.shape[2], size[0], mode, align_corners, x.dtype)
        across = self._sample(x.shape[3], size[1], mode, align_corners, x.dtype)
        y = np.empty((*x.shape[:2], *size), x.dtype)
        out = _planes(y)
        in_team(columns.resize, _share(out, 4), _planes(x), out, *down, *across)
        return y

    def resize_grad(
        self,
        gy: Array,
        size: tuple[int, int],
        mode: str = 'bilinear',
        align_corners: bool = True,
    ) -> Array:
        """See `Kernels.resize_grad`."""
        if not _fast(gy):
            return super().resize_grad(gy, size, mode, align_corners)
        down = self._sample(size[0], gy.shape[2], mode, align_corners, gy.dtype)
        across = self._sample(size[1], gy.shape[3], mode, align_corners, gy.dtype)
        gx = np.empty((*gy.shape[:2], *size), gy.dtype)
        planes = _planes(gy)
        in_team(
            columns.resize_grad, _share(planes, 4), planes,
            _planes(gx), *down, *across,
        )  # fmt: skip
        return gx

    # Optimizers

    def update(
        self,
        name: str,
        param: Array,
        grad: Array,
        *states: Array,
        **hyperparameters: Any,
    ) -> None:
        """See `Kernels.update`."""
        if not grad.flags.carray:
            grad = grad.copy()  # it alone: the others are changed in place
        shape, arrays = param.shape, (param, grad, *states)
        loop = fused.update(name, param.dtype.char) if _fast(*arrays) else None
        for array in arrays:
            if array.shape != shape or not array.flags.carray:
                loop = None
        if loop is None:
            super().update(name, param, grad, *states, **hyperparameters)
            return
        # Parameters mostly have equal hyperparameters: those of the last call are kept.
        known, numbers = self._numbers
        if known != (name, hyperparameters):
            values = UPDATES[name].numbers(**hyperparameters).values()
            numbers = np.array(list(values), np.float64)
            self._numbers = (name, hyperparameters), numbers
        loop([array.ravel() for array in arrays], numbers)


def _flat(array: Array) -> Array:
    """Returns the elements as a flat array that can be written to.

    Numba has a type of its own for those, and a loop takes arrays of one type.
    """
    array = array.ravel()  # a view, if the elements are contiguous
    return array if array.flags.writeable else array.copy()


def _conv_grain(gy: Array, taps: int, groups: int = 1) -> int:
    """Returns how many images of a convolution are a piece, or how many of their groups.

    Args:
        gy: Has the shape of the result.
        taps: Products for each of its elements.
        groups: Groups that are taken one by one.
    """
    return GRAIN_PRODUCTS // (int(gy[0].size) // groups * taps + 1) + 1


def _fast(first: Array, *others: Array) -> bool:
    """Returns whether all arrays are float32, or all float64."""
    dtype = first.dtype
    if dtype.char not in 'fd':
        return False
    # A loop: all(...) takes three times as long.
    for array in others:  # noqa: SIM110
        if array.dtype != dtype:
            return False
    return True


def _way(product: str, x: Array, spec: ConvSpec, C: int, OC: int) -> str:
    """Returns which way to compute one of the products of a convolution."""
    exact = x.dtype.char != 'f' or getattr(config, 'exact_convolution', False)
    return ways.fastest(product, spec, len(x), C, OC, exact)


def _columns(x: Array, spec: ConvSpec) -> Array:
    """Returns the windows of all images as columns, (C * KH * KW, N * OH * OW)."""
    N, C = x.shape[:2]
    if spec.is_pointwise:
        return _channel_rows(x)
    col = np.empty((C, spec.kh, spec.kw, N, spec.oh, spec.ow), x.dtype)
    _fill_columns(x, col.transpose(3, 0, 1, 2, 4, 5), spec)
    return col.reshape(C * spec.kh * spec.kw, -1)


def _fill_columns(x: Array, col: Array, spec: ConvSpec) -> None:
    planes = x.shape[0] * x.shape[1]
    in_team(columns.im2col, _share(col, 1, planes), contiguous(x), col, *_steps(spec))


def _add_columns(col: Array, spec: ConvSpec) -> Array:
    N, C = col.shape[:2]
    x = np.empty((N, C, spec.h, spec.w), col.dtype)
    in_team(columns.col2im, _share(col, 1, N * C), col, x, *_steps(spec))
    return x


def _channel_rows(x: Array) -> Array:
    """Returns (C, N * pixels) of (N, C, H, W)."""
    return contiguous(x.swapaxes(0, 1)).reshape(x.shape[1], -1)


def _planes(x: Array) -> Array:
    """Returns (N * C, H, W) of (N, C, H, W)."""
    return contiguous(x).reshape(x.shape[0] * x.shape[1], *x.shape[2:])


def _pixels(x: Array) -> Array:
    """Returns (N, C, pixels) of (N, C, ...)."""
    pixels = 1
    for size in x.shape[2:]:
        pixels *= size
    return contiguous(x).reshape(*x.shape[:2], pixels)


def _blocks(x: Array, axis: int) -> Array:
    """Returns (blocks, n, columns): what is before an axis, the axis, what is after."""
    axis %= x.ndim
    n = x.shape[axis]
    return contiguous(x).reshape(math.prod(x.shape[:axis]), n, -1)


def _share_chains(x3: Array) -> Share:
    """Returns how to cut up blocks whose chains run along their middle axis."""
    blocks, _, columns = x3.shape
    items = -(-blocks // cumulative.ROWS)
    if columns > 1:
        items = blocks * -(-columns // cumulative.COLUMNS)
    return _share(x3, 4, items)


def _sizes(spec: ConvSpec, C: int, OC: int) -> tuple[int, ...]:
    """Returns the sizes that a convolution needs; C is per group, OC of all groups."""
    return (
        spec.groups, C, spec.h, spec.w, OC // spec.groups, spec.oh, spec.ow,
        spec.kh, spec.kw, *_steps(spec),
    )  # fmt: skip


def _steps(spec: ConvSpec) -> tuple[int, int, int, int, int, int]:
    return spec.sy, spec.sx, spec.ph, spec.pw, spec.dy, spec.dx


def _window(spec: PoolSpec) -> tuple[int, int, int, int, int, int]:
    return spec.kh, spec.kw, spec.sy, spec.sx, spec.ph, spec.pw


def _sum_of_parts(parts: Array) -> Array:
    for part in parts[1:]:
        parts[0] += part
    return parts[0]


def _phase_size(spec: ConvSpec) -> tuple[int, int]:
    return (
        spec.oh + (spec.kh - 1) * spec.dy // spec.sy,
        spec.ow + (spec.kw - 1) * spec.dx // spec.sx,
    )


def _share(array: Array, passes: int = 1, items: int | None = None) -> Share:
    """Returns how to cut up an array's ``items`` (rows) for some passes over memory."""
    items = len(array) if items is None else items
    work = max(passes * int(array.nbytes), 1)
    return share(items, GRAIN_BYTES * max(items, 1) // work + 1)


def _elements(run: Any, *arrays: Array, extra: tuple[Any, ...] = ()) -> None:
    """Runs an elementwise kernel over flat arrays, the last ones its outputs."""
    flat = [contiguous(array).reshape(-1) for array in arrays]
    grain = GRAIN_BYTES // (len(flat) * flat[-1].itemsize)
    in_team(run, share(flat[0].size, grain), *flat, *extra)

"""Kernels for CuPy arrays, complete without cuDNN.

This file decides what runs where; the CUDA sources are in ``gpu/``. What CuPy does well
by itself (matrix products by cuBLAS, reductions, resizing) stays with the definition.
"""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.configuration import config
from minigrad.kernels.gpu.cublas import RecordableProducts
from minigrad.kernels.gpu.launch import MOST_BLOCKS, Launcher, threads_for, wide
from minigrad.kernels.gpu.raw import THREADS
from minigrad.kernels.gpu.table import ROWS, fill, n_numbers
from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec, PoolSpec
from minigrad.kernels.together import Together
from minigrad.kernels.updates import UPDATES
from minigrad.types import Array

# Columns of a convolution are made for so many images at a time that they stay below
# this; smaller pieces make smaller, slower products.
COLUMN_BYTES = 512 << 20


class Resources:
    """State that belongs to one recording on the current device.

    Two recordings may be replayed at the same time, on two streams: what both wrote to
    would be wrong.

    Args:
        cupy: The ``cupy`` module.

    Attributes:
        products: Matrix products, with a workspace.
        random_state: Seed and place of the random numbers.
    """

    def __init__(self, cupy: Any) -> None:
        self.products = RecordableProducts(cupy)
        # Setting the seed of ``cupy.random`` sets that of these numbers, too.
        self.random_state: Array = cupy.zeros(2, np.uint64)
        self.random_state[:1] = cupy.random.randint(0, 1 << 31, 1)


class _Local(threading.local):
    recording: Resources | None = None


class CupyKernels(Kernels):
    """Kernels for a GPU; operations without one use the reference implementation.

    Raises:
        ImportError: CuPy is missing, or is something that cannot compile kernels.
    """

    name = 'cupy'

    def __init__(self) -> None:
        cupy: Any = importlib.import_module('cupy')
        if not hasattr(cupy, 'RawModule'):
            raise ImportError('this cupy cannot compile kernels')
        super().__init__(cupy)
        self.launch = Launcher(cupy)
        self._linalg: Any = None
        self._local = _Local()

    def matmul(self, a: Array, b: Array) -> Array:
        """See `Kernels.matmul`; in TF32 where ``config.allow_tf32`` says so."""
        resources = self._local.recording
        if resources is not None and _plain(a, b):
            return resources.products.matmul(a, b, bool(config.allow_tf32))
        self._set_tf32()
        return self.xp.matmul(a, b)

    @contextlib.contextmanager
    def recording(self) -> Iterator[Resources]:
        """Lets a CUDA graph record the kernels that this thread calls.

        Yields:
            What the recorded kernels write to besides arrays; keep it with the graph.
        """
        self._local.recording = Resources(self.xp)
        try:
            yield self._local.recording
        finally:
            self._local.recording = None

    def uniform(self, shape: tuple[int, ...]) -> Array:
        """See `RandomKernels.uniform`; each replay of a recording draws new numbers."""
        resources = self._local.recording
        if resources is None:  # CuPy's generator cannot be recorded
            return super().uniform(shape)
        out, state = self.xp.empty(shape, np.float32), resources.random_state
        if out.size:
            name = 'random'
            blocks = min(-(-out.size // (4 * THREADS)), MOST_BLOCKS)
            size = np.int64(out.size)
            draw = self.launch.raw(name, 'uniform', out.dtype, out.dtype)
            draw((blocks,), (THREADS,), (out, state, size))
            advance = self.launch.raw(name, 'advance', out.dtype, out.dtype)
            advance((1,), (1,), (state, size))
        return out

    def _set_tf32(self) -> None:
        """Makes CuPy's products use TF32 or not, as the configuration says."""
        # CuPy has no public name for it, only the variable CUPY_TF32. The setting is one
        # for the whole program, so its present value is read, not remembered.
        private = self._linalg
        if private is None:
            name = 'cupy._core._routines_linalg'
            private = self._linalg = importlib.import_module(name)
        wanted = (
            private.COMPUTE_TYPE_TF32
            if config.allow_tf32
            else private.COMPUTE_TYPE_DEFAULT
        )
        if private.get_compute_type(np.float32) != wanted:
            private.set_compute_type(np.float32, wanted)

    # Convolution: im2col, one matrix product, and the batch axis put first again.

    def conv_2d(self, x: Array, W: Array, b: Array | None, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d`."""
        if not _plain(x, W) or (b is not None and b.dtype != x.dtype) or not len(x):
            return super().conv_2d(x, W, b, spec)
        xp = self.xp
        N, (OC, C, KH, KW), groups = len(x), W.shape, spec.groups
        rows, P = C * KH * KW, spec.oh * spec.ow
        x = xp.ascontiguousarray(x)
        weights = xp.ascontiguousarray(W).reshape(groups, OC // groups, rows)
        bias = x if b is None else xp.ascontiguousarray(b)
        y = xp.empty((N, OC, spec.oh, spec.ow), x.dtype)
        for first, last in self._pieces(N, groups * rows * P * x.itemsize):
            n = last - first
            col = self._columns(x[first:last], spec).reshape(groups, rows, n * P)
            product = self._product(weights, col)
            piece = y[first:last]
            self.launch.each(
                'columns', 'images_first', x, piece.size,
                product, bias, piece, n, OC, P, int(b is not None),
            )  # fmt: skip
        return y

    def conv_2d_grad_x(self, W: Array, gy: Array, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d_grad_x`."""
        if not _plain(W, gy) or not len(gy):
            return super().conv_2d_grad_x(W, gy, spec)
        xp = self.xp
        N, (OC, C, KH, KW), groups = len(gy), W.shape, spec.groups
        rows, P = C * KH * KW, spec.oh * spec.ow
        weights = xp.ascontiguousarray(W).reshape(groups, OC // groups, rows)
        gy = xp.ascontiguousarray(gy)
        gx = xp.empty((N, groups * C, spec.h, spec.w), gy.dtype)
        for first, last in self._pieces(N, groups * rows * P * gy.itemsize):
            n = last - first
            outer = self._channels_first(gy[first:last], n, OC, P)
            outer = outer.reshape(groups, OC // groups, n * P)
            col = self._product(weights.transpose(0, 2, 1), outer)
            piece = gx[first:last]
            self.launch.each(
                'columns', 'col2im', gy, piece.size,
                xp.ascontiguousarray(col), piece, n, groups * C, *_steps(spec),
            )  # fmt: skip
        return gx

    def conv_2d_grad_w(self, x: Array, gy: Array, spec: ConvSpec) -> Array:
        """See `Kernels.conv_2d_grad_w`."""
        if not _plain(x, gy) or not len(x):
            return super().conv_2d_grad_w(x, gy, spec)
        xp = self.xp
        (N, OC), groups = gy.shape[:2], spec.groups
        C = x.shape[1] // groups
        rows, P = C * spec.kh * spec.kw, spec.oh * spec.ow
        x, gy = xp.ascontiguousarray(x), xp.ascontiguousarray(gy)
        gW: Array = None
        for first, last in self._pieces(N, groups * rows * P * x.itemsize):
            n = last - first
            col = self._columns(x[first:last], spec).reshape(groups, rows, n * P)
            outer = self._channels_first(gy[first:last], n, OC, P)
            outer = outer.reshape(groups, OC // groups, n * P)
            part = self._product(outer, col.transpose(0, 2, 1))
            # Pieces of a float16 sum are added in float32.
            part = part.astype(wide(x.dtype), copy=False)
            gW = part if gW is None else gW + part
        return gW.astype(x.dtype, copy=False).reshape(OC, C, spec.kh, spec.kw)

    def _product(self, a: Array, b: Array) -> Array:
        """Returns the products of two stacks of matrices, one pair for each group."""
        return self.matmul(a[0], b[0])[None] if len(a) == 1 else self.matmul(a, b)

    def _pieces(self, N: int, bytes_each: int) -> list[tuple[int, int]]:
        step = min(max(COLUMN_BYTES // max(bytes_each, 1), 1), N)
        return [(first, min(first + step, N)) for first in range(0, N, step)]

    def _columns(self, x: Array, spec: ConvSpec) -> Array:
        """Returns (C, KH, KW, N, OH, OW)."""
        N, C = x.shape[:2]
        shape = (C, spec.kh, spec.kw, N, spec.oh, spec.ow)
        col = self.xp.empty(shape, x.dtype)
        self.launch.each('columns', 'im2col', x, col.size, x, col, N, C, *_steps(spec))
        return col

    def _channels_first(self, x: Array, N: int, C: int, P: int) -> Array:
        rows = self.xp.empty((C, N, P), x.dtype)
        self.launch.each('columns', 'channels_first', x, rows.size, x, rows, N, C, P)
        return rows

    def im2col(self, x: Array, spec: ConvSpec) -> Array:
        """See `Kernels.im2col`."""
        if not _plain(x):
            return super().im2col(x, spec)
        col = self._columns(self.xp.ascontiguousarray(x), spec)
        return self.xp.ascontiguousarray(col.transpose(3, 0, 1, 2, 4, 5))

    def col2im(self, col: Array, spec: ConvSpec) -> Array:
        """See `Kernels.col2im`."""
        if not _plain(col):
            return super().col2im(col, spec)
        xp, (N, C) = self.xp, col.shape[:2]
        x = xp.empty((N, C, spec.h, spec.w), col.dtype)
        col = xp.ascontiguousarray(col.transpose(1, 2, 3, 0, 4, 5))
        self.launch.each('columns', 'col2im', x, x.size, col, x, N, C, *_steps(spec))
        return x

    # Pooling: one thread computes each output, so no atomic additions are needed.

    def max_pool_2d(self, x: Array, spec: PoolSpec) -> tuple[Array, Array]:
        """See `Kernels.max_pool_2d`."""
        if not _plain(x):
            return super().max_pool_2d(x, spec)
        xp = self.xp
        shape = (*x.shape[:2], spec.oh, spec.ow)
        y, arg = xp.empty(shape, x.dtype), xp.empty(shape, np.int32)
        x = xp.ascontiguousarray(x)
        self.launch.each('pooling', 'max_pool', x, y.size, x, y, arg, *_window(spec))
        return y, arg

    def max_pool_2d_scatter(self, gy: Array, arg: Array, spec: PoolSpec) -> Array:
        """See `Kernels.max_pool_2d_scatter`."""
        if not _plain(gy):
            return super().max_pool_2d_scatter(gy, arg, spec)
        gx = self.xp.empty((*gy.shape[:2], spec.h, spec.w), gy.dtype)
        gy = self.xp.ascontiguousarray(gy)
        self.launch.each(
            'pooling', 'max_pool_scatter', gy, gx.size, gy, arg, gx, *_window(spec)
        )
        return gx

    def max_pool_2d_gather(self, ggx: Array, arg: Array, spec: PoolSpec) -> Array:
        """See `Kernels.max_pool_2d_gather`."""
        if not _plain(ggx):
            return super().max_pool_2d_gather(ggx, arg, spec)
        ggy = self.xp.empty(arg.shape, ggx.dtype)
        ggx = self.xp.ascontiguousarray(ggx)
        self.launch.each(
            'pooling', 'max_pool_gather', ggx, ggy.size, ggx, arg, ggy, *_window(spec)
        )
        return ggy

    def max_pool_2d_arg(self, indices: Array, spec: PoolSpec) -> Array:
        """See `Kernels.max_pool_2d_arg`."""
        return self.xp.ascontiguousarray(indices.astype(np.int32))

    def average_pool_2d(self, x: Array, spec: PoolSpec) -> Array:
        """See `Kernels.average_pool_2d`."""
        if not _plain(x):
            return super().average_pool_2d(x, spec)
        y = self.xp.empty((*x.shape[:2], spec.oh, spec.ow), x.dtype)
        x = self.xp.ascontiguousarray(x)
        self.launch.each(
            'pooling', 'average_pool', x, y.size,
            x, y, *_window(spec), int(spec.count_pad),
        )  # fmt: skip
        return y

    def average_pool_2d_grad(self, gy: Array, spec: PoolSpec) -> Array:
        """See `Kernels.average_pool_2d_grad`."""
        if not _plain(gy):
            return super().average_pool_2d_grad(gy, spec)
        gx = self.xp.empty((*gy.shape[:2], spec.h, spec.w), gy.dtype)
        gy = self.xp.ascontiguousarray(gy)
        self.launch.each(
            'pooling', 'average_pool_grad', gy, gx.size,
            gy, gx, *_window(spec), int(spec.count_pad),
        )  # fmt: skip
        return gx

    # Normalization

    def lrn(
        self, x: Array, n: int, k: float, alpha: float, beta: float
    ) -> tuple[Array, Array]:
        """See `Kernels.lrn`."""
        if not _plain(x):
            return super().lrn(x, n, k, alpha, beta)
        x = self.xp.ascontiguousarray(x)
        y, scale = self.xp.empty_like(x), self.xp.empty_like(x)
        P = _product_of(x.shape[2:])
        self.launch.each(
            'lrn', 'lrn', x, x.size, x, y, scale, x.shape[1], P, n // 2,
            float(k), float(alpha), float(beta),
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
        """See `Kernels.lrn_grad`."""
        if not _plain(x, y, scale, gy):
            return super().lrn_grad(x, y, scale, gy, n, k, alpha, beta)
        x, y, scale, gy = map(self.xp.ascontiguousarray, (x, y, scale, gy))
        gx = self.xp.empty_like(x)
        P = _product_of(x.shape[2:])
        self.launch.each(
            'lrn', 'lrn_grad', x, x.size, x, y, scale, gy, gx, x.shape[1], P, n // 2,
            float(alpha), float(beta),
        )  # fmt: skip
        return gx

    def batch_norm(
        self, x: Array, gamma: Array, beta: Array, eps: float, axis: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """See `Kernels.batch_norm`."""
        if not _per_channel(x, gamma, axis) or beta.dtype != gamma.dtype:
            return super().batch_norm(x, gamma, beta, eps, axis)
        x, gamma, beta = map(self.xp.ascontiguousarray, (x, gamma, beta))
        y = self.xp.empty_like(x)
        mean, inv_std = self.xp.empty_like(gamma), self.xp.empty_like(gamma)
        self.launch.rows(
            'batch_norm', 'batch_norm', x, x.shape[1],
            x, gamma, beta, y, mean, inv_std, float(eps),
            len(x), x.shape[1], _product_of(x.shape[2:]),
            parameter_dtype=gamma.dtype,
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
        alike = mean.dtype == inv_std.dtype == gamma.dtype and gy.dtype == x.dtype
        if not alike or not _per_channel(x, gamma, axis):
            return super().batch_norm_grad(x, gamma, gy, mean, inv_std, axis)
        x, gamma, gy, mean, inv_std = map(
            self.xp.ascontiguousarray, (x, gamma, gy, mean, inv_std)
        )
        gx = self.xp.empty_like(x)
        ggamma, gbeta = self.xp.empty_like(gamma), self.xp.empty_like(gamma)
        self.launch.rows(
            'batch_norm', 'batch_norm_grad', x, x.shape[1],
            x, gamma, gy, mean, inv_std, gx, ggamma, gbeta,
            len(x), x.shape[1], _product_of(x.shape[2:]),
            parameter_dtype=gamma.dtype,
        )  # fmt: skip
        return gx, ggamma, gbeta

    # Activation, noise and loss

    def relu_grad(self, y: Array, gy: Array) -> Array:
        """See `Kernels.relu_grad`."""
        if not _plain(y, gy):
            return super().relu_grad(y, gy)
        gx = self.xp.empty_like(gy)
        self.launch.elementwise('relu_grad', y, gy, gx)
        return gx

    def dropout(self, x: Array, u: Array, ratio: float) -> tuple[Array, Array]:
        """See `Kernels.dropout`."""
        if not _plain(x):
            return super().dropout(x, u, ratio)
        y, mask = self.xp.empty_like(x), self.xp.empty_like(x)
        scale = wide(x.dtype)(1 / (1 - ratio))
        self.launch.elementwise('dropout', x, u, u.dtype.type(ratio), scale, y, mask)
        return y, mask

    def softmax(self, x: Array, axis: int = 1) -> Array:
        """See `Kernels.softmax`."""
        return self._softmax(x, axis, 0) if _rows(x) else super().softmax(x, axis)

    def log_softmax(self, x: Array, axis: int = 1) -> Array:
        """See `Kernels.log_softmax`."""
        return self._softmax(x, axis, 1) if _rows(x) else super().log_softmax(x, axis)

    def _softmax(self, x: Array, axis: int, logarithm: int) -> Array:
        x = self.xp.ascontiguousarray(x)
        y = self.xp.empty_like(x)
        C, inner = x.shape[axis], _product_of(x.shape[axis % x.ndim + 1 :])
        self.launch.rows(
            'softmax', 'softmax', x, x.size // C,
            x, y, C, inner, logarithm, threads=threads_for(C),
        )  # fmt: skip
        return y

    def softmax_cross_entropy(
        self, x: Array, t: Array, ignore_label: int
    ) -> tuple[Array, Array]:
        """See `Kernels.softmax_cross_entropy`."""
        if not _rows(x):
            return super().softmax_cross_entropy(x, t, ignore_label)
        xp = self.xp
        x = xp.ascontiguousarray(x)
        labels = xp.ascontiguousarray(t.astype(np.int32, copy=False))
        loss, log_y = xp.empty(t.shape, x.dtype), xp.empty_like(x)
        C, inner = x.shape[1], _product_of(x.shape[2:])
        self.launch.rows(
            'softmax', 'softmax_cross_entropy', x, x.size // C,
            x, labels, loss, log_y, C, inner, int(ignore_label),
            threads=threads_for(C),
        )  # fmt: skip
        return loss, log_y

    def softmax_cross_entropy_grad(
        self, log_y: Array, t: Array, coeff: Array | float, ignore_label: int
    ) -> Array:
        """See `Kernels.softmax_cross_entropy_grad`."""
        if not _rows(log_y):
            return super().softmax_cross_entropy_grad(log_y, t, coeff, ignore_label)
        xp = self.xp
        if not isinstance(coeff, xp.ndarray):
            # Filled on the device: a copy from the host would wait for it.
            coeff = xp.full((1,), coeff, log_y.dtype)
        coeff = xp.ascontiguousarray(coeff.astype(log_y.dtype, copy=False))
        log_y = xp.ascontiguousarray(log_y)
        labels = xp.ascontiguousarray(t.astype(np.int32, copy=False))
        gx = xp.empty_like(log_y)
        C, inner = log_y.shape[1], _product_of(log_y.shape[2:])
        self.launch.each(
            'softmax', 'softmax_cross_entropy_grad', log_y, gx.size,
            log_y, labels, coeff, gx, C, inner, int(ignore_label),
            int(coeff.size == 1),
        )  # fmt: skip
        return gx

    # Optimizers: one launch each, or `together` one for many.

    def update(
        self,
        name: str,
        param: Array,
        grad: Array,
        *states: Array,
        **hyperparameters: Any,
    ) -> None:
        """See `Kernels.update`."""
        if not _plain(param, grad, *states):
            super().update(name, param, grad, *states, **hyperparameters)
            return
        kind = wide(grad.dtype)
        numbers = UPDATES[name].numbers(**hyperparameters).values()
        self.launch.elementwise(name, grad, *map(kind, numbers), param, *states)

    def together(self, varying: bool = False) -> Together:
        """See `Kernels.together`."""
        return Together(self, varying)

    def launch_many(
        self,
        name: str,
        dtype: str,
        other: str,
        rows: list[tuple[Array, ...]],
        numbers: tuple[float, ...],
        varying: Array | None,
    ) -> None:
        """Applies an update to many rows of arrays, for `Together`.

        Args:
            name: Name in `OF_MANY`.
            dtype: Character of the first array's dtype.
            other: Character of the last one's.
            rows: The gradient, the parameter and the states of each call.
            numbers: The numbers of all rows, if they are the same.
            varying: Those of each row, on the device.
        """
        kernel = self.launch.of_many(name, dtype, other)
        for first in range(0, len(rows), ROWS):
            table, blocks = fill(rows[first : first + ROWS])
            table['number'][0, : len(numbers)] = numbers
            if varying is not None:
                table['varying'] = varying[first * n_numbers(name) :].data.ptr
            kernel((blocks,), (THREADS,), (table,))

    def count_numbers(self, name: str) -> int:
        """Returns how many numbers each row of `launch_many` takes."""
        return n_numbers(name)

    def finite(self, arrays: Sequence[Array]) -> list[bool]:
        """See `Kernels.finite`; one launch and one wait."""
        arrays = [self.xp.ascontiguousarray(a) for a in arrays]
        if not arrays or not _plain(*arrays):
            return super().finite(arrays)
        bad = self.xp.zeros(len(arrays), np.int32)
        dtype = arrays[0].dtype.char
        kernel = self.launch.of_many('finite', dtype, dtype)
        for first in range(0, len(arrays), ROWS):
            table, blocks = fill([(a,) for a in arrays[first : first + ROWS]])
            if blocks:
                kernel((blocks,), (THREADS,), (table, bad[first : first + ROWS]))
        return [not b for b in bad.get().tolist()]


def _plain(*arrays: Array) -> bool:
    """Tells whether all arrays have the same of the three dtypes of the sources."""
    first = arrays[0].dtype
    if first.char not in 'efd':
        return False
    return all([a.dtype == first for a in arrays[1:]])  # noqa: C419 - on the hot path


def _rows(x: Array) -> bool:
    return _plain(x) and x.size > 0


def _per_channel(x: Array, gamma: Array, axis: tuple[int, ...]) -> bool:
    """Tells whether the statistics are those of the channels of (N, C, ...)."""
    if not _rows(x) or axis != (0, *range(2, x.ndim)):
        return False
    return bool(
        gamma.dtype == x.dtype or (x.dtype.char, gamma.dtype.char) == ('e', 'f')
    )


def _product_of(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product


def _steps(spec: ConvSpec) -> tuple[int, ...]:
    return (
        spec.h, spec.w, spec.kh, spec.kw, spec.oh, spec.ow,
        spec.sy, spec.sx, spec.ph, spec.pw, spec.dy, spec.dx,
    )  # fmt: skip


def _window(spec: PoolSpec) -> tuple[int, ...]:
    return (
        spec.h, spec.w, spec.oh, spec.ow,
        spec.kh, spec.kw, spec.sy, spec.sx, spec.ph, spec.pw,
    )  # fmt: skip

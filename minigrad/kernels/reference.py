"""The definition of every kernel, in plain array code for NumPy and CuPy.

Arrays and specs in, arrays out: shapes and values were checked by the caller, nothing
here reads the configuration. Other kernel sets inherit from `Kernels`, are tested
equal to it, and fall back to it for what they do not do themselves. Keep it naive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.dtypes import is_bfloat16
from minigrad.kernels.cumulative import CumulativeKernels
from minigrad.kernels.formula import Formula
from minigrad.kernels.nd import NdKernels
from minigrad.kernels.random import RandomKernels
from minigrad.kernels.roi import ROIKernels
from minigrad.kernels.specs import ConvSpec, PoolSpec
from minigrad.kernels.updates import UPDATES
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.kernels.together import Together


class Kernels(NdKernels, CumulativeKernels, ROIKernels, RandomKernels):
    """Kernels for the arrays of one module, ``numpy`` or ``cupy``.

    Example:
        >>> from minigrad.kernels import Kernels, kernels_for
        >>> isinstance(kernels_for(np.ones(3)), Kernels)
        True
        >>> Kernels().relu(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    name = 'reference'
    convolves_bfloat16 = False
    fuses_rows = False
    """Whether `along_rows` makes one pass of a formula."""

    def __init__(self, xp: Any = np) -> None:
        self.xp = xp

    def matmul(self, a: Array, b: Array) -> Array:
        """Returns ``a @ b`` of two matrices; either may be a transposed view."""
        return self.xp.matmul(a, b)

    # Convolution. With x (N, C, H, W), W (OC, C / groups, KH, KW) and
    # y (N, OC, OH, OW), each of the three is linear in both of its arrays.

    def conv_2d(self, x: Array, W: Array, b: Array | None, spec: ConvSpec) -> Array:
        """Returns ``y``, the cross-correlation of ``x`` and ``W``, plus ``b``."""
        N, groups = len(x), spec.groups
        OC, C, KH, KW = W.shape
        col = self.im2col(x, spec).reshape(N, groups, C, KH, KW, spec.oh, spec.ow)
        W = W.reshape(groups, OC // groups, C, KH, KW)
        y = self._einsum('ngcklij,gockl->ngoij', col, W)
        y = y.reshape(N, OC, spec.oh, spec.ow)
        if b is not None:
            y += b[:, None, None]
        return y.astype(x.dtype, copy=False)

    def conv_2d_grad_x(self, W: Array, gy: Array, spec: ConvSpec) -> Array:
        """Returns ``gx`` (N, C, H, W); also the value of a deconvolution of ``gy``."""
        N, groups = len(gy), spec.groups
        OC, C, KH, KW = W.shape
        W = W.reshape(groups, OC // groups, C, KH, KW)
        gy5 = gy.reshape(N, groups, OC // groups, spec.oh, spec.ow)
        col = self._einsum('gockl,ngoij->ngcklij', W, gy5)
        col = col.reshape(N, groups * C, KH, KW, spec.oh, spec.ow)
        return self.col2im(col, spec).astype(gy.dtype, copy=False)

    def conv_2d_grad_w(self, x: Array, gy: Array, spec: ConvSpec) -> Array:
        """Returns ``gW`` (OC, C / groups, KH, KW)."""
        (N, OC), groups = gy.shape[:2], spec.groups
        C, KH, KW = x.shape[1] // groups, spec.kh, spec.kw
        col = self.im2col(x, spec).reshape(N, groups, C, KH, KW, spec.oh, spec.ow)
        gy5 = gy.reshape(N, groups, OC // groups, spec.oh, spec.ow)
        # In this order of the two, the result needs no transposing.
        gW = self._einsum('ngcklij,ngoij->gockl', col, gy5)
        return gW.reshape(OC, C, KH, KW).astype(x.dtype, copy=False)

    def sum_channels(self, gy: Array) -> Array:
        """Returns ``gy`` (N, C, ...) summed over all but the channels: a bias's ``gb``."""
        axis = (0, *range(2, gy.ndim))
        return gy.sum(axis=axis, dtype=_wide(gy.dtype)).astype(gy.dtype, copy=False)

    def im2col(self, x: Array, spec: ConvSpec) -> Array:
        """Returns every window of ``x``: (N, C, KH, KW, OH, OW), padded with zeros."""
        x = self._pad(x, spec, 0)
        N, C = x.shape[:2]
        shape = (N, C, spec.kh, spec.kw, spec.oh, spec.ow)
        col = self.xp.empty(shape, x.dtype)
        for j in range(spec.kh):
            for i in range(spec.kw):
                col[:, :, j, i] = x[:, :, *_taps(spec, j, i, spec.dy, spec.dx)]
        return col

    def col2im(self, col: Array, spec: ConvSpec) -> Array:
        """Returns (N, C, H, W): the sum of all windows, each at its place."""
        N, C = col.shape[:2]
        x = self.xp.zeros((N, C, *_padded_size(spec)), col.dtype)
        for j in range(spec.kh):
            for i in range(spec.kw):
                x[:, :, *_taps(spec, j, i, spec.dy, spec.dx)] += col[:, :, j, i]
        return self._unpad(x, spec)

    # Pooling

    def max_pool_2d(self, x: Array, spec: PoolSpec) -> tuple[Array, Array]:
        """Returns the maximum of each window, and where it was.

        The first maximum of a window counts; NaN is larger than every number;
        padding never wins. The second array belongs to this kernel set: only its
        own scatter, gather and indices understand it.
        """
        xp = self.xp
        valid = self._pad(xp.ones((1, 1, spec.h, spec.w), bool), spec, False)
        x = self._pad(x, spec, -np.inf)
        shape = (*x.shape[:2], spec.oh, spec.ow)
        y = xp.full(shape, -np.inf, x.dtype)
        arg = xp.full(shape, -1, np.int32)
        for j in range(spec.kh):
            for i in range(spec.kw):
                taps = _taps(spec, j, i)
                value = x[:, :, *taps]
                better = (arg < 0) | (value > y) | (xp.isnan(value) & ~xp.isnan(y))
                better &= valid[:, :, *taps]
                y = xp.where(better, value, y)
                arg = xp.where(better, np.int32(j * spec.kw + i), arg)
        # A window that lies entirely in the padding has no maximum.
        return y, xp.maximum(arg, 0)

    def max_pool_2d_scatter(self, gy: Array, arg: Array, spec: PoolSpec) -> Array:
        """Returns ``gx``: each ``gy`` added at the maximum of its window."""
        zero = gy.dtype.type(0)
        gx = self.xp.zeros((*gy.shape[:2], *_padded_size(spec)), gy.dtype)
        for j in range(spec.kh):
            for i in range(spec.kw):
                chosen = arg == j * spec.kw + i
                gx[:, :, *_taps(spec, j, i)] += self.xp.where(chosen, gy, zero)
        return self._unpad(gx, spec)

    def max_pool_2d_gather(self, ggx: Array, arg: Array, spec: PoolSpec) -> Array:
        """Returns ``ggy``: the element of ``ggx`` at the maximum of each window."""
        ggx = self._pad(ggx, spec, 0)
        ggy = self.xp.zeros(arg.shape, ggx.dtype)
        for j in range(spec.kh):
            for i in range(spec.kw):
                chosen = arg == j * spec.kw + i
                ggy = self.xp.where(chosen, ggx[:, :, *_taps(spec, j, i)], ggy)
        return ggy

    def max_pool_2d_indices(self, arg: Array, spec: PoolSpec) -> Array:
        """Returns where each maximum is in its window, ``ky * KW + kx``, int64."""
        return arg.astype(np.int64)

    def max_pool_2d_arg(self, indices: Array, spec: PoolSpec) -> Array:
        """Returns ``arg`` from what `max_pool_2d_indices` gave."""
        return indices.astype(np.int32)

    def average_pool_2d(self, x: Array, spec: PoolSpec) -> Array:
        """Returns the mean of each window."""
        x = self._pad(x, spec, 0)
        y = self.xp.zeros((*x.shape[:2], spec.oh, spec.ow), _wide(x.dtype))
        for j in range(spec.kh):
            for i in range(spec.kw):
                y += x[:, :, *_taps(spec, j, i)]
        return (y / self._counts(spec, y.dtype)).astype(x.dtype, copy=False)

    def average_pool_2d_grad(self, gy: Array, spec: PoolSpec) -> Array:
        """Returns ``gx``: each ``gy`` spread evenly over its window."""
        dtype = _wide(gy.dtype)
        share = gy / self._counts(spec, dtype)
        gx = self.xp.zeros((*gy.shape[:2], *_padded_size(spec)), dtype)
        for j in range(spec.kh):
            for i in range(spec.kw):
                gx[:, :, *_taps(spec, j, i)] += share
        return self._unpad(gx, spec).astype(gy.dtype, copy=False)

    # Normalization

    def lrn(
        self, x: Array, n: int, k: float, alpha: float, beta: float
    ) -> tuple[Array, Array]:
        """Returns ``y = x * scale**-beta`` and the scale.

        ``scale = k + alpha * (sum of x**2 over n neighbouring channels)``.
        """
        scale = k + alpha * self._channel_window_sum(x * x, n)
        return x * scale**-beta, scale

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
        """Returns ``gx`` of `lrn`."""
        shared = self._channel_window_sum(y * gy / scale, n)
        return gy * scale**-beta - 2 * alpha * beta * x * shared

    def batch_norm(
        self, x: Array, gamma: Array, beta: Array, eps: float, axis: tuple[int, ...]
    ) -> tuple[Array, Array, Array]:
        """Returns ``y``, and the mean and ``1 / sqrt(var + eps)`` over ``axis``."""
        dtype = np.promote_types(x.dtype, gamma.dtype)
        wide = x.astype(_wide(dtype), copy=False)
        mean, centred = centre(wide, axis)
        var = (centred * centred).mean(axis=axis, keepdims=True)
        inv_std = 1 / self.xp.sqrt(var + eps)
        y = centred * inv_std * gamma.reshape(mean.shape) + beta.reshape(mean.shape)
        return (
            y.astype(x.dtype, copy=False),
            mean.reshape(gamma.shape).astype(dtype, copy=False),
            inv_std.reshape(gamma.shape).astype(dtype, copy=False),
        )

    def batch_norm_grad(
        self,
        x: Array,
        gamma: Array,
        gy: Array,
        mean: Array,
        inv_std: Array,
        axis: tuple[int, ...],
    ) -> tuple[Array, Array, Array]:
        """Returns ``gx``, ``ggamma`` and ``gbeta`` of `batch_norm`."""
        shape = [1 if i in axis else size for i, size in enumerate(x.shape)]
        dtype = _wide(np.promote_types(x.dtype, gamma.dtype))
        inv_std = inv_std.reshape(shape).astype(dtype, copy=False)
        gy = gy.astype(dtype, copy=False)
        x_hat = (x - mean.reshape(shape)) * inv_std
        gbeta = gy.sum(axis=axis, keepdims=True)
        ggamma = (gy * x_hat).sum(axis=axis, keepdims=True)
        count = max(x.size // max(gamma.size, 1), 1)
        gx = gy - (x_hat * ggamma + gbeta) / count
        gx *= gamma.reshape(shape) * inv_std
        return (
            gx.astype(x.dtype, copy=False),
            ggamma.reshape(gamma.shape).astype(gamma.dtype, copy=False),
            gbeta.reshape(gamma.shape).astype(gamma.dtype, copy=False),
        )

    # Activation, noise and loss

    def elementwise(self, formula: Formula, *arrays: Array, **numbers: float) -> Any:
        """Returns a formula's value, or a tuple of its values.

        Args:
            formula: See `minigrad.kernels.formula`; the same object for each call.
            arrays: Arrays of one dtype whose shapes broadcast.
            numbers: Its numbers.
        """
        return formula(self.xp, *arrays, **numbers)

    def along_rows(self, formula: Formula, *arrays: Array, **numbers: float) -> Any:
        """Returns the values of a formula that reduces rows, as arrays.

        Args:
            formula: See `minigrad.kernels.formula`; the same object for each call.
            arrays: Arrays of one dtype: a matrix first, other matrices of its shape,
                vectors as long as its rows, and columns of one number for each row.
            numbers: Its numbers.
        """
        return formula(self.xp, *arrays, **numbers)

    def relu(self, x: Array) -> Array:
        """Returns ``max(x, 0)``; NaN stays NaN."""
        return self.xp.maximum(x, x.dtype.type(0))

    def relu_grad(self, y: Array, gy: Array) -> Array:
        """Returns ``gy`` where ``y > 0``, else zero."""
        return self.xp.where(y > 0, gy, gy.dtype.type(0))

    def dropout(self, x: Array, u: Array, ratio: float) -> tuple[Array, Array]:
        """Returns ``y = x * mask``, and the mask: 0 or ``1 / (1 - ratio)``.

        An element stays where the uniform number ``u`` is at least ``ratio``.
        """
        stays = u >= ratio
        mask = stays * x.dtype.type(1 / (1 - ratio))
        return self.xp.where(stays, x * mask, x.dtype.type(0)), mask

    def softmax(self, x: Array, axis: int = 1) -> Array:
        """Returns ``exp(x) / sum(exp(x))`` along ``axis``."""
        return self._along(_softmax, axis, x)

    def softmax_grad(self, y: Array, gy: Array, axis: int = 1) -> Array:
        """Returns ``gx`` of `softmax`."""
        return self._along(_softmax_grad, axis, y, gy)

    def log_softmax(self, x: Array, axis: int = 1) -> Array:
        """Returns ``x - log(sum(exp(x)))`` along ``axis``."""
        return self._along(_log_softmax, axis, x)

    def log_softmax_grad(self, y: Array, gy: Array, axis: int = 1) -> Array:
        """Returns ``gx`` of `log_softmax`."""
        return self._along(_log_softmax_grad, axis, y, gy)

    def _along(self, formula: Formula, axis: int, *arrays: Array) -> Array:
        """Applies a formula along rows to rows that lie along any axis."""
        shape = arrays[0].shape
        moved = [self.xp.moveaxis(array, axis, -1) for array in arrays]
        rows = [array.reshape(-1, shape[axis]) for array in moved]
        y = self.along_rows(formula, *rows).reshape(moved[0].shape)
        return self.xp.moveaxis(y, -1, axis)

    def softmax_cross_entropy(
        self, x: Array, t: Array, ignore_label: int
    ) -> tuple[Array, Array]:
        """Returns the loss of every label in ``t``, and ``log_softmax(x)``.

        ``x`` is (N, C, ...), ``t`` and the loss are (N, ...); the loss is zero
        where ``t == ignore_label``.
        """
        log_y = self.log_softmax(x)
        valid = t != ignore_label
        label = self.xp.expand_dims(self.xp.where(valid, t, 0), 1)
        loss = -self.xp.take_along_axis(log_y, label, axis=1)[:, 0]
        return self.xp.where(valid, loss, x.dtype.type(0)), log_y

    def softmax_cross_entropy_grad(
        self, log_y: Array, t: Array, coeff: Array | float, ignore_label: int
    ) -> Array:
        """Returns ``gx = coeff * (softmax(x) - onehot(t))``, zero where ignored.

        ``coeff`` is a number, an array of one element, or an array like ``t``.
        """
        xp = self.xp
        coeff = xp.asarray(coeff, dtype=log_y.dtype)
        if coeff.size == 1:
            coeff = coeff.reshape(())
        else:
            coeff = xp.expand_dims(coeff.reshape(t.shape), 1)
        t = xp.expand_dims(t, 1)
        classes = xp.arange(log_y.shape[1]).reshape((-1,) + (1,) * (log_y.ndim - 2))
        gx = (xp.exp(log_y) - (classes == t)) * coeff
        return xp.where(t != ignore_label, gx, 0).astype(log_y.dtype, copy=False)

    # Choices

    def where(self, condition: Any, x: Array, y: Array) -> Array:
        """Returns ``x`` where the condition is True and ``y`` elsewhere; they broadcast."""
        return self.xp.where(condition, x, y)

    def masked(self, x: Array, mask: Array) -> Array:
        """Returns ``x`` where ``mask`` is True and 0 elsewhere, whatever stands there.

        The bits are multiplied, as integers: on a CPU a million take as long as a
        product of floats (0.2 ms), and ``where`` with a random mask fifteen times
        longer.
        """
        bits = x.view(f'u{x.dtype.itemsize}')
        kept = mask.astype(bits.dtype)
        if x.ndim and kept.shape == x.shape:
            kept *= bits
            return kept.view(x.dtype)
        return (bits * kept).view(x.dtype)

    # Rows of a table

    def add_rows(self, total: Array, rows: Array, values: Array) -> None:
        """Adds ``values[i]`` to ``total[rows[i]]`` in place, for every index ``i``."""
        self.xp.add.at(total, rows, values)

    # Resizing: each output pixel lies at a real-valued place of the input.

    def resize(
        self,
        x: Array,
        size: tuple[int, int],
        mode: str = 'bilinear',
        align_corners: bool = True,
    ) -> Array:
        """Returns ``x`` (N, C, H, W) sampled at (OH, OW) places."""
        y0, y1, wy = self._sample(x.shape[2], size[0], mode, align_corners, x.dtype)
        x0, x1, wx = self._sample(x.shape[3], size[1], mode, align_corners, x.dtype)
        rows = x[:, :, y0] * (1 - wy)[:, None] + x[:, :, y1] * wy[:, None]
        return rows[:, :, :, x0] * (1 - wx) + rows[:, :, :, x1] * wx

    def resize_grad(
        self,
        gy: Array,
        size: tuple[int, int],
        mode: str = 'bilinear',
        align_corners: bool = True,
    ) -> Array:
        """Returns ``gx`` (N, C, H, W) of `resize`, given (H, W)."""
        xp, (N, C, OH, OW) = self.xp, gy.shape
        y0, y1, wy = self._sample(size[0], OH, mode, align_corners, gy.dtype)
        x0, x1, wx = self._sample(size[1], OW, mode, align_corners, gy.dtype)
        # The two sampling matrices, (H, OH) and (W, OW).
        down, across = xp.arange(size[0])[:, None], xp.arange(size[1])[:, None]
        vertical = (down == y0) * (1 - wy) + (down == y1) * wy
        horizontal = (across == x0) * (1 - wx) + (across == x1) * wx
        gx = xp.matmul(xp.matmul(vertical, gy), horizontal.T)
        return gx.reshape(N, C, *size).astype(gy.dtype, copy=False)

    # Optimizers: param and the states change in place.

    def together(self, varying: bool = False) -> Together | None:
        """Returns an object that collects updates to launch them together, or None."""
        return None

    def finite(self, arrays: Sequence[Array]) -> list[bool]:
        """Tells for each array of one device whether all its elements are finite."""
        if not arrays:
            return []
        answers: list[bool] = self.xp.stack(
            [self.xp.isfinite(a).all() for a in arrays]
        ).tolist()  # one wait for all of them
        return answers

    def update(
        self,
        name: str,
        param: Array,
        grad: Array,
        *states: Array,
        **hyperparameters: Any,
    ) -> None:
        """Makes a step of an optimizer, by its row of `UPDATES`, on these arrays."""
        row = UPDATES[name]
        dtype = _wide(param.dtype)  # the square of a small float16 is zero
        wide = [a.astype(dtype, copy=False) for a in (param, grad, *states)]
        numbers = {
            key: dtype.type(value)
            for key, value in row.numbers(**hyperparameters).items()
        }
        results = row.formula(self.xp, *wide, **numbers)
        for array, result in zip((param, *states), results, strict=True):
            array[...] = result

    # Helpers

    def _einsum(self, subscripts: str, a: Array, b: Array) -> Array:
        """Contracts two arrays, summing in at least float32."""
        dtype = _wide(np.promote_types(a.dtype, b.dtype))
        a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
        return self.xp.einsum(subscripts, a, b, optimize=True)

    def _pad(self, x: Array, spec: ConvSpec | PoolSpec, value: float) -> Array:
        """Returns ``x`` with a margin such that every window lies inside."""
        H, W = _padded_size(spec)
        size = (*x.shape[:2], H, W)
        padded = self.xp.full(size, value, x.dtype)
        ph, pw = spec.ph, spec.pw
        padded[:, :, ph : ph + spec.h, pw : pw + spec.w] = x
        return padded

    def _unpad(self, x: Array, spec: ConvSpec | PoolSpec) -> Array:
        ph, pw = spec.ph, spec.pw
        x = x[:, :, ph : ph + spec.h, pw : pw + spec.w]
        return self.xp.ascontiguousarray(x)

    def _counts(self, spec: PoolSpec, dtype: Any) -> Array:
        """Returns what each window is divided by, (OH, OW) or a number."""
        if spec.count_pad:
            return dtype.type(spec.kh * spec.kw)
        ones = self._pad(self.xp.ones((1, 1, spec.h, spec.w), dtype), spec, 0)
        count = self.xp.zeros((1, 1, spec.oh, spec.ow), dtype)
        for j in range(spec.kh):
            for i in range(spec.kw):
                count += ones[:, :, *_taps(spec, j, i)]
        return self.xp.maximum(count, 1)

    def _channel_window_sum(self, x: Array, n: int) -> Array:
        """Returns the sum over channels c - n // 2 ... c + n // 2 for each c."""
        total = x.copy()
        for i in range(1, n // 2 + 1):
            total[:, i:] += x[:, :-i]
            total[:, :-i] += x[:, i:]
        return total

    def _sample(
        self, size: int, out: int, mode: str, align_corners: bool, dtype: Any
    ) -> tuple[Array, Array, Array]:
        """Returns, per output, two neighbours and the weight of the second."""
        xp = self.xp
        if mode == 'nearest':
            place = xp.floor(xp.arange(out) * (size / out))
        elif align_corners:
            place = xp.linspace(0, size - 1, out)
        else:
            place = xp.maximum((xp.arange(out) + 0.5) * (size / out) - 0.5, 0)
        first = xp.minimum(place.astype(np.int64), size - 1)
        second = xp.minimum(first + 1, size - 1)
        return first, second, (place - first).astype(dtype)


def centre(x: Array, axis: tuple[int, ...]) -> tuple[Array, Array]:
    """Returns the mean over axes (kept with length 1) and ``x`` minus that mean.

    Sums are of distances from the first numbers: those of numbers around 10,000 would
    lose the digits that a variance is made of.
    """
    near = x[tuple([slice(1) if i in axis else slice(None) for i in range(x.ndim)])]
    centred = x - near
    offset = centred.mean(axis=axis, keepdims=True)
    centred -= offset
    return near + offset, centred


# Formulas along rows.


def _softmax(xp: Any, x: Any) -> Any:
    y = xp.exp(x - x.max(axis=-1, keepdims=True))
    return y / y.sum(axis=-1, keepdims=True)


def _softmax_grad(xp: Any, y: Any, gy: Any) -> Any:
    return y * (gy - (y * gy).sum(axis=-1, keepdims=True))


def _log_softmax(xp: Any, x: Any) -> Any:
    y = x - x.max(axis=-1, keepdims=True)
    return y - xp.log(xp.exp(y).sum(axis=-1, keepdims=True))


def _log_softmax_grad(xp: Any, y: Any, gy: Any) -> Any:
    return gy - xp.exp(y) * gy.sum(axis=-1, keepdims=True)


def _wide(dtype: Any) -> Any:
    """Returns the dtype to sum in: float32 for float16, whose sums lose small terms."""
    dtype = np.dtype(dtype)
    narrow = dtype == np.float16 or is_bfloat16(dtype)
    return np.dtype(np.float32) if narrow else dtype


def _padded_size(spec: ConvSpec | PoolSpec) -> tuple[int, int]:
    """Returns the size of the image with its padding, enough for every window."""
    dy, dx = (spec.dy, spec.dx) if isinstance(spec, ConvSpec) else (1, 1)
    return (
        max(spec.h + 2 * spec.ph, (spec.oh - 1) * spec.sy + (spec.kh - 1) * dy + 1),
        max(spec.w + 2 * spec.pw, (spec.ow - 1) * spec.sx + (spec.kw - 1) * dx + 1),
    )


def _taps(
    spec: ConvSpec | PoolSpec, j: int, i: int, dy: int = 1, dx: int = 1
) -> tuple[slice, slice]:
    """Returns where tap (j, i) of every window lies in the padded image."""
    y, x = j * dy, i * dx
    return (
        slice(y, y + (spec.oh - 1) * spec.sy + 1, spec.sy),
        slice(x, x + (spec.ow - 1) * spec.sx + 1, spec.sx),
    )

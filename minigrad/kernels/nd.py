"""Convolution and pooling over any number of axes, by the two-dimensional kernels.

Windows over the last two axes are what `conv_2d` and the poolings of images are good
at, in every kernel set. So a convolution unrolls its windows over the axes before them
into channels, and a pooling, which is separable, visits those axes one after another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.kernels.specs import ConvSpec, PoolSpec
from minigrad.kernels.specs_nd import WindowSpec
from minigrad.types import Array


class NdKernels:
    """The part of `Kernels` for any number of spatial axes."""

    xp: Any

    if TYPE_CHECKING:  # other methods of `Kernels`
        conv_2d: Any
        conv_2d_grad_x: Any
        conv_2d_grad_w: Any
        max_pool_2d: Any
        max_pool_2d_scatter: Any
        max_pool_2d_gather: Any
        max_pool_2d_indices: Any
        average_pool_2d: Any
        average_pool_2d_grad: Any
        im2col: Any
        col2im: Any

    # Convolution. x is (N, C, *size), W (OC, C / groups, *window), y (N, OC, *out).

    def conv_nd(self, x: Array, W: Array, b: Array | None, spec: WindowSpec) -> Array:
        """Returns ``y``, the cross-correlation of ``x`` and ``W``, plus ``b``."""
        plane = spec.plane()
        W = W.reshape(len(W), -1, plane.kh, plane.kw)
        y = self.conv_2d(self._unroll(x, spec), W, b, plane)
        n = len(spec.out[:-2])
        y = y.reshape(len(x), *spec.out[:-2], *y.shape[1:])  # (N, O, ..., OC, OH, OW)
        y = self.xp.ascontiguousarray(self.xp.moveaxis(y, n + 1, 1))
        return y.reshape(*y.shape[:2], *spec.out)

    def conv_nd_grad_x(self, W: Array, gy: Array, spec: WindowSpec) -> Array:
        """Returns ``gx`` (N, C, *size); also the value of a deconvolution of ``gy``."""
        plane = spec.plane()
        W = W.reshape(len(W), -1, plane.kh, plane.kw)
        gcol = self.conv_2d_grad_x(W, self._images_(gy, spec), plane)
        return self._roll(gcol, spec)

    def conv_nd_grad_w(self, x: Array, gy: Array, spec: WindowSpec) -> Array:
        """Returns ``gW`` (OC, C / groups, *window)."""
        gW = self.conv_2d_grad_w(
            self._unroll(x, spec), self._images_(gy, spec), spec.plane()
        )
        C = x.shape[1] // spec.groups
        return gW.reshape(gy.shape[1], C, *spec.window)

    def _images_(self, gy: Array, spec: WindowSpec) -> Array:
        """Returns ``gy`` (N, OC, O, ..., OH, OW) as (N * O * ..., OC, OH, OW)."""
        OC, outer = gy.shape[1], spec.out[:-2]
        plane = spec.plane()
        gy = self.xp.moveaxis(gy, 1, len(outer) + 1)
        return gy.reshape(len(gy) * math.prod(outer), OC, plane.oh, plane.ow)

    def _unroll(self, x: Array, spec: WindowSpec) -> Array:
        """Returns ``x`` as images: places of windows are samples, taps are channels.

        That concerns the axes before the last two: (N * O * ..., C * K * ..., H, W).
        """
        N, C = x.shape[:2]
        plane = spec.plane()
        outer, taps = spec.out[:-2], spec.window[:-2]
        if not outer:
            return x.reshape(N, C, plane.h, plane.w)
        padded = self.xp.zeros((N, C, *_padded(spec), plane.h, plane.w), x.dtype)
        padded[:, :, *_inside(spec)] = x
        col = self.xp.empty((N, *outer, C, *taps, plane.h, plane.w), x.dtype)
        for tap in np.ndindex(*taps):
            part = padded[:, :, *_places(spec, tap)]
            here = (slice(None),) * (len(outer) + 2) + tap
            col[here] = self.xp.moveaxis(part, 1, len(outer) + 1)
        return col.reshape(N * math.prod(outer), C * math.prod(taps), plane.h, plane.w)

    def _roll(self, col: Array, spec: WindowSpec) -> Array:
        """Returns (N, C, *size), the transpose of `_unroll`: adds the windows up."""
        plane = spec.plane()
        outer, taps = spec.out[:-2], spec.window[:-2]
        N = len(col) // math.prod(outer) if math.prod(outer) else 0
        C = col.shape[1] // math.prod(taps)
        if not outer:
            return col.reshape(N, C, *spec.size)
        col = col.reshape(N, *outer, C, *taps, plane.h, plane.w)
        dtype = np.promote_types(col.dtype, np.float32)
        padded = self.xp.zeros((N, C, *_padded(spec), plane.h, plane.w), dtype)
        for tap in np.ndindex(*taps):
            here = (slice(None),) * (len(outer) + 2) + tap
            part = self.xp.moveaxis(col[here], len(outer) + 1, 1)
            padded[:, :, *_places(spec, tap)] += part
        return padded[:, :, *_inside(spec)].astype(col.dtype)

    # Pooling

    def max_pool_nd(self, x: Array, spec: WindowSpec) -> tuple[Array, list[Array]]:
        """Returns the maximum of each window, and where it was, axis by axis.

        The maximum over the last two axes first, then over those before them: so the
        first maximum in the order of memory wins, as in two dimensions.
        """
        shape, args = x.shape[:2], []
        for images, step in _steps(x.shape, spec):
            x, arg = self.max_pool_2d(x.reshape(images), step)
            args.append(arg)
        return x.reshape(*shape, *spec.out), args

    def max_pool_nd_scatter(
        self, gy: Array, args: list[Array], spec: WindowSpec
    ) -> Array:
        """Returns ``gx``: each ``gy`` added at the maximum of its window."""
        shape = gy.shape[:2]
        steps = list(_steps(shape, spec))
        for (images, step), arg in zip(reversed(steps), reversed(args), strict=True):
            gy = gy.reshape(*images[:2], step.oh, step.ow)
            gy = self.max_pool_2d_scatter(gy, arg, step)
        return gy.reshape(*shape, *spec.size)

    def max_pool_nd_gather(
        self, ggx: Array, args: list[Array], spec: WindowSpec
    ) -> Array:
        """Returns ``ggy``: the element of ``ggx`` at the maximum of each window."""
        shape = ggx.shape[:2]
        for (images, step), arg in zip(_steps(shape, spec), args, strict=True):
            ggx = self.max_pool_2d_gather(ggx.reshape(images), arg, step)
        return ggx.reshape(*shape, *spec.out)

    def max_pool_nd_indices(
        self, args: list[Array], shape: tuple[int, ...], spec: WindowSpec
    ) -> Array:
        """Returns where each maximum is in its window, in the order of memory, int64.

        ``shape`` is that of ``y``.
        """
        (_, first), *steps = _steps(shape, spec)
        # Float64, which the gathering kernels know, is exact for such numbers.
        inner = self.max_pool_2d_indices(args[0], first).astype(np.float64)
        area = first.kh * first.kw
        for (images, step), arg in zip(steps, args[1:], strict=True):
            inner = self.max_pool_2d_gather(inner.reshape(images), arg, step)
            inner += area * self.max_pool_2d_indices(arg, step)
            area *= step.kh
        return inner.reshape(shape).astype(np.int64)

    def average_pool_nd(self, x: Array, spec: WindowSpec) -> Array:
        """Returns the mean of each window."""
        shape = x.shape[:2]
        for images, step in _steps(shape, spec):
            x = self.average_pool_2d(x.reshape(images), step)
        return x.reshape(*shape, *spec.out)

    def average_pool_nd_grad(self, gy: Array, spec: WindowSpec) -> Array:
        """Returns ``gx``: each ``gy`` spread evenly over its window."""
        shape = gy.shape[:2]
        for images, step in reversed(list(_steps(shape, spec))):
            gy = gy.reshape(*images[:2], step.oh, step.ow)
            gy = self.average_pool_2d_grad(gy, step)
        return gy.reshape(*shape, *spec.size)

    def window_sum_nd(self, x: Array, spec: WindowSpec) -> Array:
        """Returns the sum of each window."""
        shape = x.shape[:2]
        for images, step in _steps(shape, spec):
            x = self.im2col(x.reshape(images), _conv(step)).sum(axis=(2, 3))
        return x.reshape(*shape, *spec.out)

    def window_spread_nd(self, gy: Array, spec: WindowSpec) -> Array:
        """Returns ``gx``: each ``gy`` added to all of its window."""
        shape = gy.shape[:2]
        for images, step in reversed(list(_steps(shape, spec))):
            gy = gy.reshape(*images[:2], 1, 1, step.oh, step.ow)
            size = (*images[:2], step.kh, step.kw, step.oh, step.ow)
            gy = self.col2im(self.xp.broadcast_to(gy, size), _conv(step))
        return gy.reshape(*shape, *spec.size)


def _steps(
    shape: tuple[int, ...], spec: WindowSpec
) -> Iterator[tuple[tuple[int, int, int, int], PoolSpec]]:
    """Yields the poolings of images that make up one over many axes.

    Each with the shape that its input takes: the last two axes are an image; then each
    axis before them, with all that follow it in a row.
    """
    N, C = shape[:2]
    n = len(spec.size)
    plane = spec.plane()
    outer = C * math.prod(spec.size[:-2])
    yield (N, outer, plane.h, plane.w), PoolSpec(*plane[:10], spec.count_pad)
    for axis in reversed(range(n - 2)):
        h, kh, oh, sy, ph = [numbers[axis] for numbers in spec[:5]]
        w = math.prod(spec.out[axis + 1 :])
        step = PoolSpec(h, w, kh, 1, oh, w, sy, 1, ph, 0, spec.count_pad)
        yield (N, C * math.prod(spec.size[:axis]), h, w), step


def _conv(step: PoolSpec) -> ConvSpec:
    return ConvSpec(*step[:10], dy=1, dx=1, groups=1)


def _padded(spec: WindowSpec) -> list[int]:
    """Returns the lengths of the outer axes with a margin for every window."""
    return [
        max(n + 2 * p, (o - 1) * s + (k - 1) * d + 1)
        for n, k, o, s, p, d in list(zip(*spec[:6], strict=True))[:-2]
    ]


def _inside(spec: WindowSpec) -> list[slice]:
    """Returns where ``x`` lies between the margins of the outer axes."""
    return [
        slice(p, p + n) for n, p in list(zip(spec.size, spec.pad, strict=True))[:-2]
    ]


def _places(spec: WindowSpec, tap: tuple[int, ...]) -> list[slice]:
    """Returns where this tap of every window lies on the outer axes."""
    return [
        slice(k * d, k * d + (o - 1) * s + 1, s)
        for k, d, o, s in zip(
            tap, spec.dilate[:-2], spec.out[:-2], spec.stride[:-2], strict=True
        )
    ]

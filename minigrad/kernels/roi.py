"""Pooling of regions of interest.

Where regions lie is known on the CPU, in NumPy arrays: ``batch`` is the image of each
of the R regions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.types import Array


class ROIKernels:
    """The part of `Kernels` for regions of interest."""

    xp: Any

    def roi_weight(self, x: Array, A: Any, B: Any, batch: Any) -> Array:
        """Returns ``y[r] = A[r] @ x[batch[r]] @ B[r].T``, channel by channel.

        ``x`` is (N, C, H, W), ``A`` (R, P, H), ``B`` (R, Q, W) and ``y`` (R, C, P, Q).
        Pixels of no weight are not read.
        """
        xp = self.xp
        (R, P, _), Q, C = A.shape, B.shape[1], x.shape[1]
        x = xp.ascontiguousarray(x.transpose(0, 2, 3, 1))  # long rows of channels
        y = xp.zeros((R, P, Q, C), x.dtype)
        for r, (n, rows, columns) in enumerate(_used(A, B, batch)):
            a, b = self._matrix(A[r, :, rows], x), self._matrix(B[r, :, columns], x)
            along = xp.matmul(b, x[n, rows, columns])  # (h, Q, C)
            y[r] = xp.matmul(a, along.reshape(len(along), Q * C)).reshape(P, Q, C)
        return xp.ascontiguousarray(y.transpose(0, 3, 1, 2))

    def roi_weight_grad(
        self, gy: Array, A: Any, B: Any, batch: Any, x_shape: tuple[int, ...]
    ) -> Array:
        """Returns ``gx`` (N, C, H, W): the sum of ``A[r].T @ gy[r] @ B[r]``."""
        xp = self.xp
        N, C, H, W = x_shape
        P, Q = gy.shape[2:]
        gx = xp.zeros((N, H, W, C), gy.dtype)
        gy = xp.ascontiguousarray(gy.transpose(0, 2, 3, 1))
        for r, (n, rows, columns) in enumerate(_used(A, B, batch)):
            a, b = self._matrix(A[r, :, rows], gy), self._matrix(B[r, :, columns], gy)
            along = xp.matmul(a.T, gy[r].reshape(P, Q * C)).reshape(-1, Q, C)
            gx[n, rows, columns] += xp.matmul(b.T, along)  # (h, w, C)
        return xp.ascontiguousarray(gx.transpose(0, 3, 1, 2))

    def roi_argmax(
        self,
        x: Array,
        rows: tuple[Any, Any],
        columns: tuple[Any, Any],
        batch: Any,
    ) -> Array:
        """Returns where in ``x``, flat, the first maximum of each bin is: (R, C, P, Q).

        ``rows`` are the first and the last-but-one rows of all bins, (R, P) each, and so
        are columns. -1 stands for a bin without pixels.
        """
        xp = self.xp
        C, H, W = x.shape[1:]
        places = xp.full((len(batch), C, rows[0].shape[1], columns[0].shape[1]), -1)
        channels = xp.arange(C) * (H * W)
        for (r, p, q), _ in np.ndenumerate(
            np.empty(places.shape[:1] + places.shape[2:])
        ):
            top, bottom = int(rows[0][r, p]), int(rows[1][r, p])
            left, right = int(columns[0][r, q]), int(columns[1][r, q])
            if top >= bottom or left >= right:
                continue
            n, width = int(batch[r]), right - left
            window = x[n, :, top:bottom, left:right]
            arg = window.reshape(C, (bottom - top) * width).argmax(axis=1)
            pixel = (top + arg // width) * W + left + arg % width
            places[r, :, p, q] = n * C * H * W + channels + pixel
        return places

    def _matrix(self, weights: Any, like: Array) -> Array:
        return self.xp.asarray(weights, dtype=like.dtype)


def _used(A: Any, B: Any, batch: Any) -> list[tuple[int, slice, slice]]:
    """Returns the image of each region, and the rows and columns that have weight."""
    return [
        (int(n), _extent(a), _extent(b)) for n, a, b in zip(batch, A, B, strict=True)
    ]


def _extent(weights: Any) -> slice:
    (used,) = np.nonzero(weights.any(axis=0))
    return slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)

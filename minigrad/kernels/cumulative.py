"""Running sums and products along an axis."""

from __future__ import annotations

from typing import Any

from minigrad.types import Array


class CumulativeKernels:
    """The part of `Kernels` for running sums and products."""

    xp: Any

    def cumulate(
        self, x: Array, axis: int, product: bool = False, backwards: bool = False
    ) -> Array:
        """Returns sums, or products, of the elements up to each place along an axis.

        With ``backwards`` they are counted from the end.
        """
        along = self.xp.cumprod if product else self.xp.cumsum
        if not backwards:
            return along(x, axis=axis)
        return self.xp.flip(along(self.xp.flip(x, axis), axis=axis), axis)

    def cumprod_grad(self, x: Array, gy: Array, axis: int) -> Array:
        """Returns ``gx`` of running products, without dividing.

        ``gx[j] = before[j] * s[j]``: the product before j, and the sum over i >= j of
        ``gy[i]`` times the product of ``x`` between them, which is
        ``s[j] = gy[j] + x[j + 1] * s[j + 1]``.
        """
        x = self.xp.moveaxis(x, axis, 0)
        s = self.xp.moveaxis(gy, axis, 0).copy()
        for j in range(len(s) - 2, -1, -1):
            s[j] += x[j + 1] * s[j + 1]
        return self.xp.moveaxis(self._before(x) * s, 0, axis)

    def prod(self, x: Array, axis: int) -> Array:
        """Returns the products along an axis, which stays with length 1."""
        return x.prod(axis=axis, keepdims=True)

    def prod_grad(self, x: Array, gy: Array, axis: int) -> Array:
        """Returns ``gx`` of `prod`: ``gy`` times the product of all others."""
        moved = self.xp.moveaxis(x, axis, 0)
        others = self._before(moved) * self._before(moved[::-1])[::-1]
        return gy * self.xp.moveaxis(others, 0, axis)

    def _before(self, x: Array) -> Array:
        """Returns the products of what comes before each place on the first axis."""
        before = self.xp.ones_like(x)
        if len(x):
            before[1:] = self.xp.cumprod(x[:-1], axis=0)
        return before

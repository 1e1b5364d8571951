"""Initializers whose spread follows from how many inputs and outputs a weight has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minigrad.initializer import Initializer, get_fans
from minigrad.types import Array


class ScaledByFans(Initializer):
    """Draws with a spread that follows from the fans of the array.

    A subclass says how to fill an array, and with what spread.

    Args:
        scale: Factor on the spread.
        dtype: See ``Initializer``.
        rng: The generator to draw from; None takes the array module's global one.
    """

    _fill_: ClassVar[Callable[..., None]]
    """Fills an array with a spread, from a generator."""

    def __init__(
        self, scale: float = 1.0, dtype: Any = None, *, rng: Any = None
    ) -> None:
        self.scale = scale
        self.rng = rng
        super().__init__(dtype)

    def _spread_(self, fan_in: int, fan_out: int) -> Any:
        raise NotImplementedError

    def __call__(self, array: Array) -> None:
        self._check_dtype_(array)
        spread = self._spread_(*get_fans(array.shape))
        self._fill_(array, self.scale * spread, self.rng)

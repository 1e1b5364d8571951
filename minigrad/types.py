"""The few type names that the rest of the package shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

Array: TypeAlias = Any
"""A ``numpy.ndarray`` or a ``cupy.ndarray``: CuPy has no typed array yet."""

ArrayModule: TypeAlias = Any
"""``numpy`` or ``cupy``."""

Shape: TypeAlias = Sequence[int]

Ints: TypeAlias = Any
"""A whole number or several of them, as a shape, axes or the size of an output."""


class AbstractInitializer(Protocol):
    """What can be given as an initializer: it fills an array, and may have a dtype."""

    dtype: Any

    def __call__(self, array: Array) -> None:
        """Fills an array."""


Initializer: TypeAlias = 'Callable[[Array], None] | Array | int | float | None'


class InputTypes(tuple[Any, ...]):
    """The input arrays as `FunctionNode.check_type_forward` sees them."""

    def size(self) -> int:
        """Returns the number of inputs."""
        return len(self)

"""ChainerX, which is not available here: programs ask ``chainerx.is_available()``.

Chainer's own ``chainerx`` can be imported where it was not built, too, and then says the
same. Its arrays do not exist, so nothing is an instance of `ndarray`.
"""

from typing import Any

__all__ = ['is_available', 'ndarray']


class ndarray:
    """ChainerX's array: there are none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(_MESSAGE)


def is_available() -> bool:
    """Returns False."""
    return False


_MESSAGE = (
    'ChainerX is not available in minigrad; use NumPy or CuPy arrays, whose speed comes '
    'from kernels of their own: device @numpy or @cupy:0'
)


def __getattr__(name: str) -> Any:
    if name.startswith('__'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    raise AttributeError(f'chainerx.{name}: {_MESSAGE}')

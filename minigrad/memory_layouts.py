"""Names of memory layouts: all arrays here have Chainer's standard one.

A program may ask which layout something has; the answer is always None, ``(N, C, ...)``.
"""

from __future__ import annotations

from typing import Any

CUDNN_CHANNEL_FIRST_X = None
CUDNN_CHANNEL_LAST_X = 'CUDNN_CHANNEL_LAST_X'
CUDNN_CHANNEL_FIRST_W = None
CUDNN_CHANNEL_LAST_W = 'CUDNN_CHANNEL_LAST_W'


def get_raw_shape(arr_or_var: Any) -> tuple[int, ...]:
    """Returns the shape of the memory of an array or a Variable."""
    return tuple(arr_or_var.shape)


def get_semantic_shape(
    arr_or_var: Any, *, assumed_layout: str | None = None
) -> tuple[int, ...]:
    """Returns the shape of an array or a Variable, as ``(N, C, ...)``.

    Args:
        arr_or_var: The array or Variable.
        assumed_layout: Layout of an array; only the standard one, None.
    """
    check_standard('get_semantic_shape', assumed_layout)
    return tuple(arr_or_var.shape)


def check_standard(name: str, layout: str | None) -> None:
    """Raises for a layout that is not the standard one.

    Raises:
        NotImplementedError: The layout is another.
    """
    if layout is not None:
        raise NotImplementedError(
            f'{name}: the layout {layout!r} is not supported; arrays are (N, C, ...)\n  '
            'the kernels choose what is fast for cuDNN and for the CPU themselves'
        )

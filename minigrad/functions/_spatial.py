"""What functions of any number of spatial axes check about their input."""

from __future__ import annotations

from typing import Any

from minigrad.dtypes import is_float
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._check import array_of

_LENGTHS = ('L', 'H, W', 'D, H, W')


def require_axes(function: str, x: Any, ndim: int) -> None:
    """Refuses an ``x`` that has not this number of spatial axes.

    Raises:
        ValueError: It has more or fewer.
    """
    x = array_of(function, 'x', x)
    if x.ndim != ndim + 2:
        raise ValueError(
            f'{function}: expected x.ndim == {ndim + 2} (N, C, {_LENGTHS[ndim - 1]}), '
            f'got {x.ndim}: shape {x.shape}'
        )


def check_ndim(node: FunctionNode, in_types: InputTypes, ndim: int) -> None:
    """Refuses inputs that are not float arrays with this number of spatial axes."""
    for name, x in zip(node.arg_names, in_types[:2], strict=False):
        if x.dtype.kind != 'f' and not is_float(x.dtype):
            raise node.refuse(f"{name}.dtype.kind == 'f'", x.dtype)
        if x.ndim != ndim + 2:
            rule = f'{name}.ndim == {ndim + 2}'
            if name == 'x' and ndim <= len(_LENGTHS):
                rule += f' (N, C, {_LENGTHS[ndim - 1]})'
            raise node.refuse(rule, x.ndim)

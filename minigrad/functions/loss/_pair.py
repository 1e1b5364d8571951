"""Losses of two float arrays that are alike."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.function_node import FunctionNode, InputTypes


class PairLoss(FunctionNode):
    """A function of two float arrays of one shape and dtype."""

    arg_names = ('x0', 'x1')

    def check_type_forward(self, in_types: InputTypes) -> None:
        x0, x1 = in_types
        a, b = self.arg_names
        if x0.dtype.kind != 'f':
            raise self.refuse(f"{a}.dtype.kind == 'f'", x0.dtype)
        if x0.dtype != x1.dtype:
            raise self.refuse(f'{a}.dtype == {b}.dtype', f'{x0.dtype} != {x1.dtype}')
        if x0.shape != x1.shape:
            raise self.refuse(f'{a}.shape == {b}.shape', f'{x0.shape} != {x1.shape}')


def wide(dtype: Any) -> numpy.dtype[Any]:
    """Returns the dtype to add up in: float16 ends at 65504, so float32 for it."""
    return numpy.promote_types(dtype, numpy.float32)

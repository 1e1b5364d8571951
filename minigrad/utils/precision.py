"""float16 computed in float32."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy


def _fp16_mixed_precision_helper(forward: Callable[..., Any]) -> Callable[..., Any]:
    # Chainer's name for: give the method float32 in place of float16, and cast its
    # outputs back where no input was of a wider type.
    @functools.wraps(forward)
    def wrapper(self: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        narrow = all(x.dtype.kind != 'f' or x.dtype == numpy.float16 for x in inputs)
        wide = [
            x.astype(numpy.float32) if x.dtype == numpy.float16 else x for x in inputs
        ]
        ys = forward(self, tuple(wide))
        if not narrow:
            return tuple(ys)
        return tuple(
            [
                y.astype(numpy.float16)
                if y is not None and y.dtype == numpy.float32
                else y
                for y in ys
            ]
        )

    return wrapper

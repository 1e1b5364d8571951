"""The exponential of float32 without a call, so that loops over it use vectors.

``exp(x) = 2**n * exp(r)`` with n the whole number next to ``x / log(2)``, and a
polynomial for ``exp(r)``. Right to 2 units in the last place; what would be smaller than
the smallest normal number is zero. The coefficients are those of ``expf`` in the Cephes
library (S. Moshier, netlib.org/cephes).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from minigrad.kernels.cpu.jit import intrinsic

_LOWEST, _HIGHEST = -87.33, 88.8  # below: 0; above: infinity
_LOG2_HIGH, _LOG2_LOW = 0.693359375, -2.12194440e-4
_POLYNOMIAL = (
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2,
    1.6666665459e-1, 5.0000001201e-1,
)  # fmt: skip

_f32, _i32 = ir.FloatType(), ir.IntType(32)


@intrinsic(np.exp)
def exp(typing_context: Any, x: Any) -> Any:
    """Returns ``exp(x)``; NaN stays NaN. Other types than float32 take LLVM's."""

    def call(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        (x,) = args
        return builder.call(builder.module.declare_intrinsic('llvm.exp', [x.type]), [x])

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        def number(value: float) -> Any:
            # As the nearest float32, which is what LLVM wants to read.
            return ir.Constant(_f32, float(np.float32(value)))

        b, (x,) = builder, args
        lowest, highest = number(_LOWEST), number(_HIGHEST)
        r = b.select(b.fcmp_ordered('>', x, lowest), x, lowest)
        r = b.select(b.fcmp_ordered('<', r, highest), r, highest)
        floor = b.module.declare_intrinsic('llvm.floor', [_f32])
        scaled = b.fadd(b.fmul(r, number(1 / math.log(2))), number(0.5))
        n = b.call(floor, [scaled])
        r = b.fsub(r, b.fmul(n, number(_LOG2_HIGH)))
        r = b.fsub(r, b.fmul(n, number(_LOG2_LOW)))
        y = number(_POLYNOMIAL[0])
        for coefficient in _POLYNOMIAL[1:]:
            y = b.fadd(b.fmul(y, r), number(coefficient))
        y = b.fadd(b.fadd(b.fmul(y, b.fmul(r, r)), r), number(1.0))
        # 2**n in two factors: 2**128 alone would be infinity.
        n = b.fptosi(n, _i32)
        half = b.ashr(n, ir.Constant(_i32, 1))
        for part in (half, b.sub(n, half)):
            bits = b.shl(b.add(part, ir.Constant(_i32, 127)), ir.Constant(_i32, 23))
            y = b.fmul(y, b.bitcast(bits, _f32))
        y = b.select(b.fcmp_ordered('<', x, lowest), number(0.0), y)
        return b.select(b.fcmp_unordered('uno', x, x), x, y)

    return x(x), codegen if x is types.float32 else call

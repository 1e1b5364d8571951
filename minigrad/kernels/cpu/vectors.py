"""Vectors of the CPU in LLVM: what the inner loops of this folder are written with.

Numba cannot be told to keep a block of sums in vector registers, nor to read the two
rows under a row of windows as vectors, so such loops are built from LLVM's vectors, as
intrinsics; everything around them is ordinary Numba code. The sizes follow the CPU that
Numba compiles for.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from llvmlite import ir
from numba.core import cgutils


def _register_block() -> tuple[int, ...]:
    """Returns vector bytes, and the blocks of sums that fit into the registers."""
    try:
        features = llvm.get_host_cpu_features()
    except RuntimeError:
        features = {}
    if features.get('avx512f'):  # 32 registers of 64 bytes
        return 64, 8, 3, 6, 4, 6, 4
    if features.get('avx'):  # 16 registers of 32 bytes
        return 32, 6, 2, 6, 2, 4, 3
    return 16, 4, 2, 4, 2, 4, 2


(
    VECTOR_BYTES, ROWS, VECTORS, LOW_ROWS, LOW_VECTORS, DOT_ROWS, DOT_COLUMNS,
) = _register_block()  # fmt: skip
LANES = VECTOR_BYTES // 4
COLUMNS = LANES * VECTORS  # of an outer block in float32; half in float64


class Emitter:
    """Writes vector code for one element type."""

    @classmethod
    def of(cls, context: Any, builder: Any, dtype: Any) -> Emitter:
        """Returns one for a type of Numba's."""
        return cls(builder, context.get_value_type(dtype))

    def __init__(self, builder: Any, element: Any) -> None:
        self.builder = builder
        self.element = element
        self.bytes = 4 if element == ir.FloatType() else 8
        self.lanes = VECTOR_BYTES // self.bytes
        self.vector = ir.VectorType(self.element, self.lanes)
        self.index = ir.IntType(64)
        self.int32 = ir.IntType(32)

    def const(self, value: int) -> Any:
        return self.index(value)

    def at(self, base: Any, *offsets: Any) -> Any:
        pointer = base
        for offset in offsets:
            pointer = self.builder.gep(pointer, [offset])
        return pointer

    def as_vector(self, pointer: Any) -> Any:
        return self.builder.bitcast(pointer, self.vector.as_pointer())

    def splat(self, scalar: Any) -> Any:
        zero = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(zero, scalar, self.int32(0))
        mask = ir.Constant(ir.VectorType(self.int32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, zero, mask)

    def mask(self, count: Any) -> Any:
        """Returns which lanes lie below ``count``."""
        wide = ir.VectorType(self.index, self.lanes)
        iota = ir.Constant(wide, list(range(self.lanes)))
        first = self.builder.insert_element(
            ir.Constant(wide, ir.Undefined), count, self.int32(0)
        )
        picks = ir.Constant(ir.VectorType(self.int32, self.lanes), [0] * self.lanes)
        counts = self.builder.shuffle_vector(first, first, picks)
        return self.builder.icmp_signed('<', iota, counts)

    def _masked(self, kind: str, signature: Any) -> Any:
        code = 'f32' if self.bytes == 4 else 'f64'
        name = f'llvm.masked.{kind}.v{self.lanes}{code}.p0'
        return cgutils.get_or_insert_function(self.builder.module, signature, name)

    def load(self, pointer: Any, mask: Any | None) -> Any:
        pointer = self.as_vector(pointer)
        if mask is None:
            return self.builder.load(pointer, align=self.bytes)
        bits = ir.VectorType(ir.IntType(1), self.lanes)
        signature = ir.FunctionType(
            self.vector, [pointer.type, self.int32, bits, self.vector]
        )
        zero = ir.Constant(self.vector, [self.element(0.0)] * self.lanes)
        function = self._masked('load', signature)
        return self.builder.call(
            function, [pointer, self.int32(self.bytes), mask, zero]
        )

    def store(self, value: Any, pointer: Any, mask: Any | None) -> None:
        pointer = self.as_vector(pointer)
        if mask is None:
            self.builder.store(value, pointer, align=self.bytes)
            return
        bits = ir.VectorType(ir.IntType(1), self.lanes)
        signature = ir.FunctionType(
            ir.VoidType(), [self.vector, pointer.type, self.int32, bits]
        )
        function = self._masked('store', signature)
        self.builder.call(function, [value, pointer, self.int32(self.bytes), mask])

    def call(self, name: str, *args: Any) -> Any:
        """Calls a function of LLVM's on vectors."""
        code = 'f32' if self.bytes == 4 else 'f64'
        name = f'llvm.{name}.v{self.lanes}{code}'
        signature = ir.FunctionType(self.vector, [self.vector] * len(args))
        function = cgutils.get_or_insert_function(self.builder.module, signature, name)
        return self.builder.call(function, args)

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        return self.call('fmuladd', a, b, c)

    def constant(self, value: float) -> Any:
        """Returns a vector of one number."""
        if self.bytes == 4:
            value = float(np.float32(value))  # which is what LLVM wants to read
        return ir.Constant(self.vector, [self.element(value)] * self.lanes)

    def keep_loop(self) -> None:
        """Keeps LLVM from unrolling this loop: its sums would leave the registers."""
        nothing = ir.FunctionType(ir.VoidType(), [])
        mark = self.builder.asm(nothing, '', '', [], True)
        mark.attributes.add('convergent')

    def total(self, vector: Any) -> Any:
        """Returns the sum of the lanes, halving: the same order every time."""
        return self._halved(vector, self.builder.fadd)

    def greatest(self, vector: Any) -> Any:
        """Returns the largest lane, or NaN if there is one."""
        b = self.builder

        def larger(x: Any, y: Any) -> Any:
            value = b.select(b.fcmp_ordered('>', x, y), x, y)
            return b.select(b.fcmp_unordered('uno', x, x), x, value)

        return self._halved(vector, larger)

    def _halved(self, vector: Any, merge: Any) -> Any:
        builder, lanes = self.builder, self.lanes
        while lanes > 1:
            lanes //= 2
            low = ir.Constant(ir.VectorType(self.int32, lanes), list(range(lanes)))
            high = ir.Constant(
                ir.VectorType(self.int32, lanes), list(range(lanes, 2 * lanes))
            )
            vector = merge(
                builder.shuffle_vector(vector, vector, low),
                builder.shuffle_vector(vector, vector, high),
            )
        return builder.extract_element(vector, self.int32(0))


def pointer(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, builder, array).data

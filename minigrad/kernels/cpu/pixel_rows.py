"""Short rows of pixels, copied and transposed in vectors."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

from minigrad.kernels.cpu import interpreted
from minigrad.kernels.cpu.jit import intrinsic
from minigrad.kernels.cpu.vectors import Emitter, pointer


@intrinsic(interpreted.copy_rows)
def copy_rows(
    typing_context: Any,
    source: Any,
    source_start: Any,
    source_row: Any,
    target: Any,
    target_start: Any,
    target_row: Any,
    rows: Any,
    columns: Any,
    shift: Any,
) -> Any:
    """``target[i, j] = source[i, j] + shift`` for ``rows`` short rows of flat arrays.

    A slice costs Numba 10 ns, more than a row of eight pixels takes here.
    """
    integer = types.int64
    signature = types.void(
        source, integer, integer, target, integer, integer, integer, integer,
        source.dtype,
    )  # fmt: skip

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        emit = Emitter.of(context, builder, source.dtype)
        source_data = emit.at(pointer(context, builder, source, args[0]), args[1])
        target_data = emit.at(pointer(context, builder, target, args[3]), args[4])
        source_row, target_row, rows, columns = args[2], *args[5:8]
        shift = emit.splat(args[8])
        lanes = emit.const(emit.lanes)
        whole = builder.udiv(columns, lanes)
        start = builder.mul(whole, lanes)
        rest = emit.mask(builder.sub(columns, start))
        partial = builder.icmp_signed('<', start, columns)
        with cgutils.for_range(builder, rows, intp=emit.index) as row:
            source_at = emit.at(source_data, builder.mul(row.index, source_row))
            target_at = emit.at(target_data, builder.mul(row.index, target_row))
            with cgutils.for_range(builder, whole, intp=emit.index) as part:
                place = builder.mul(part.index, lanes)
                value = emit.load(emit.at(source_at, place), None)
                value = builder.fadd(value, shift)
                emit.store(value, emit.at(target_at, place), None)
            with builder.if_then(partial):
                value = emit.load(emit.at(source_at, start), rest)
                value = builder.fadd(value, shift)
                emit.store(value, emit.at(target_at, start), rest)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic(interpreted.transpose_block)
def transpose_block(
    typing_context: Any,
    source: Any,
    source_start: Any,
    source_row: Any,
    target: Any,
    target_start: Any,
    target_row: Any,
    rows: Any,
    columns: Any,
) -> Any:
    """``target[j, i] = source[i, j]`` for at most a vector of rows and of columns."""
    integer = types.int64
    signature = types.void(
        source, integer, integer, target, integer, integer, integer, integer
    )

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        emit = Emitter.of(context, builder, source.dtype)
        source_data = emit.at(pointer(context, builder, source, args[0]), args[1])
        target_data = emit.at(pointer(context, builder, target, args[3]), args[4])
        source_row, target_row, rows, columns = args[2], *args[5:8]
        lanes = emit.lanes
        mask = emit.mask(columns)
        vectors = []
        for i in range(lanes):  # rows that do not exist read row 0
            exists = builder.icmp_signed('<', emit.const(i), rows)
            row = builder.select(exists, emit.const(i), emit.const(0))
            place = emit.at(source_data, builder.mul(row, source_row))
            vectors.append(emit.load(place, mask))
        # Squares of two rows and columns are turned, then squares of these squares.
        picks = ir.VectorType(emit.int32, lanes)
        step = 1
        while step < lanes:
            upper = [j if not j & step else lanes + j - step for j in range(lanes)]
            lower = [j + step if not j & step else lanes + j for j in range(lanes)]
            for i in range(lanes):
                if i & step:
                    continue
                a, b = vectors[i], vectors[i + step]
                vectors[i] = builder.shuffle_vector(a, b, ir.Constant(picks, upper))
                vectors[i + step] = builder.shuffle_vector(
                    a, b, ir.Constant(picks, lower)
                )
            step *= 2
        mask = emit.mask(rows)
        for j in range(lanes):
            with builder.if_then(builder.icmp_signed('<', emit.const(j), columns)):
                place = emit.at(target_data, builder.mul(emit.const(j), target_row))
                emit.store(vectors[j], place, mask)
        return context.get_dummy_value()

    return signature, codegen

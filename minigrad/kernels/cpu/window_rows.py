"""Rows of pooling windows: a vector holds neighbouring windows."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

from minigrad.kernels.cpu import interpreted
from minigrad.kernels.cpu.jit import intrinsic
from minigrad.kernels.cpu.vectors import Emitter, pointer


def _max_row(stride: int) -> Any:
    """Returns the intrinsic for one row of windows, 1 or 2 pixels apart."""

    @intrinsic(interpreted.max_row(stride))
    def max_row(
        typing_context: Any,
        x: Any,
        x_start: Any,
        x_row: Any,
        first: Any,
        last: Any,
        KW: Any,
        y: Any,
        arg: Any,
        y_start: Any,
        count: Any,
    ) -> Any:
        """Fills ``count`` windows: rows ``first ... last`` of them, KW pixels wide.

        The first window's row k begins at ``x[x_start + k * x_row]``; the values go to
        ``y[y_start:]`` and their places in the window to ``arg[y_start:]``.
        """
        integer = types.int64
        signature = types.void(
            x, integer, integer, integer, integer, integer, y, arg, integer, integer
        )

        def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
            emit = Emitter.of(context, builder, x.dtype)
            x_data = emit.at(pointer(context, builder, x, args[0]), args[1])
            y_data = emit.at(pointer(context, builder, y, args[6]), args[8])
            arg_data = emit.at(pointer(context, builder, arg, args[7]), args[8])
            x_row, first, last, KW, count = *args[2:6], args[9]
            lanes, one = emit.const(emit.lanes), emit.const(1)
            places = ir.VectorType(emit.int32, emit.lanes)
            small = ir.VectorType(context.get_value_type(arg.dtype), emit.lanes)
            lowest = emit.splat(emit.element(float('-inf')))
            even = ir.Constant(places, list(range(0, 2 * emit.lanes, 2)))

            def spread(number: Any) -> Any:
                number = builder.trunc(number, emit.int32)
                vector = builder.insert_element(
                    ir.Constant(places, ir.Undefined), number, emit.int32(0)
                )
                zeros = ir.Constant(places, [0] * emit.lanes)
                return builder.shuffle_vector(vector, vector, zeros)

            best_at = cgutils.alloca_once(builder, emit.vector)
            place_at = cgutils.alloca_once(builder, places)
            blocks = builder.udiv(builder.add(count, emit.const(emit.lanes - 1)), lanes)
            with cgutils.for_range(builder, blocks, intp=emit.index) as block:
                start = builder.mul(block.index, lanes)
                left = builder.sub(count, start)
                mask = emit.mask(left)
                if stride == 2:  # every other one of the next 2 * left - 1 pixels
                    pixels = builder.sub(builder.mul(left, emit.const(2)), one)
                    low = emit.mask(pixels)
                    high = emit.mask(builder.sub(pixels, lanes))
                source = emit.at(x_data, builder.mul(start, emit.const(stride)))
                builder.store(lowest, best_at)
                builder.store(spread(builder.mul(first, KW)), place_at)
                with cgutils.for_range_slice(
                    builder, first, last, one, intp=emit.index
                ) as (k, _):
                    row = emit.at(source, builder.mul(k, x_row))
                    with cgutils.for_range(builder, KW, intp=emit.index) as tap:
                        pixel = emit.at(row, tap.index)
                        if stride == 2:
                            value = builder.shuffle_vector(
                                emit.load(pixel, low),
                                emit.load(emit.at(pixel, lanes), high),
                                even,
                            )
                        else:
                            value = emit.load(pixel, mask)
                        best = builder.load(best_at)
                        # Larger, or the first NaN.
                        better = builder.and_(
                            builder.fcmp_unordered('>', value, best),
                            builder.fcmp_ordered('ord', best, best),
                        )
                        place = spread(builder.add(builder.mul(k, KW), tap.index))
                        before = builder.load(place_at)
                        builder.store(builder.select(better, value, best), best_at)
                        builder.store(builder.select(better, place, before), place_at)
                emit.store(builder.load(best_at), emit.at(y_data, start), mask)
                place = builder.load(place_at)
                if small.element.width < 32:
                    place = builder.trunc(place, small)
                target = emit.at(arg_data, start)
                target = builder.bitcast(target, small.as_pointer())
                bits = ir.VectorType(ir.IntType(1), emit.lanes)
                name = f'llvm.masked.store.v{emit.lanes}i{small.element.width}.p0'
                function = cgutils.get_or_insert_function(
                    builder.module,
                    ir.FunctionType(
                        ir.VoidType(), [small, target.type, emit.int32, bits]
                    ),
                    name,
                )
                builder.call(function, [place, target, emit.int32(1), mask])
            return context.get_dummy_value()

        return signature, codegen

    return max_row


max_row_1, max_row_2 = _max_row(1), _max_row(2)


@intrinsic(interpreted.max_quarter_rows)
def max_quarter_rows(
    typing_context: Any,
    x: Any,
    x_start: Any,
    y: Any,
    arg: Any,
    y_start: Any,
    rows: Any,
    columns: Any,
) -> Any:
    """Fills rows of 2x2 windows side by side: ``x`` is twice as wide as ``y``."""
    integer = types.int64
    signature = types.void(x, integer, y, arg, integer, integer, integer)

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        emit = Emitter.of(context, builder, x.dtype)
        x_data = emit.at(pointer(context, builder, x, args[0]), args[1])
        y_data = emit.at(pointer(context, builder, y, args[2]), args[4])
        arg_data = emit.at(pointer(context, builder, arg, args[3]), args[4])
        rows, columns = args[5:7]
        lanes, two = emit.const(emit.lanes), emit.const(2)
        small = ir.VectorType(context.get_value_type(arg.dtype), emit.lanes)
        picks = ir.VectorType(emit.int32, emit.lanes)
        bits = ir.VectorType(ir.IntType(1), emit.lanes)
        store_places = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(
                ir.VoidType(), [small, small.as_pointer(), emit.int32, bits]
            ),
            f'llvm.masked.store.v{emit.lanes}i{small.element.width}.p0',
        )
        blocks = builder.udiv(builder.add(columns, emit.const(emit.lanes - 1)), lanes)
        with cgutils.for_range(builder, blocks, intp=emit.index) as block:
            first = builder.mul(block.index, lanes)
            left = builder.sub(columns, first)
            pixels = builder.mul(left, two)
            mask = emit.mask(left)
            masks = emit.mask(pixels), emit.mask(builder.sub(pixels, lanes))
            with cgutils.for_range(builder, rows, intp=emit.index) as row:
                start = builder.add(builder.mul(row.index, columns), first)
                best, place = None, ir.Constant(small, [small.element(0)] * emit.lanes)
                for k in range(2):
                    skip = builder.mul(row.index, builder.mul(columns, emit.const(4)))
                    above = builder.mul(columns, emit.const(2 * k))
                    source = emit.at(x_data, skip, above, builder.mul(first, two))
                    halves = (
                        emit.load(source, masks[0]),
                        emit.load(emit.at(source, lanes), masks[1]),
                    )
                    for m in range(2):
                        order = list(range(m, 2 * emit.lanes, 2))
                        value = builder.shuffle_vector(
                            *halves, ir.Constant(picks, order)
                        )
                        if best is None:
                            best = value
                            continue
                        # Larger, or the first NaN.
                        better = builder.and_(
                            builder.fcmp_unordered('>', value, best),
                            builder.fcmp_ordered('ord', best, best),
                        )
                        here = [small.element(2 * k + m)] * emit.lanes
                        place = builder.select(better, ir.Constant(small, here), place)
                        best = builder.select(better, value, best)
                emit.store(best, emit.at(y_data, start), mask)
                target = builder.bitcast(emit.at(arg_data, start), small.as_pointer())
                builder.call(store_places, [place, target, emit.int32(1), mask])
        return context.get_dummy_value()

    return signature, codegen


@intrinsic(interpreted.scatter_row)
def scatter_row(
    typing_context: Any,
    gy: Any,
    arg: Any,
    start: Any,
    gx: Any,
    gx_start: Any,
    gx_row: Any,
    count: Any,
) -> Any:
    """Undoes a row of ``count`` 2x2 windows side by side: two rows of ``gx``."""
    integer = types.int64
    signature = types.void(gy, arg, integer, gx, integer, integer, integer)

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        emit = Emitter.of(context, builder, gy.dtype)
        start, gx_row, count = args[2], *args[5:7]
        gy_data = emit.at(pointer(context, builder, gy, args[0]), start)
        arg_data = emit.at(pointer(context, builder, arg, args[1]), start)
        gx_data = emit.at(pointer(context, builder, gx, args[3]), args[4])
        lanes, two = emit.const(emit.lanes), emit.const(2)
        small = ir.VectorType(context.get_value_type(arg.dtype), emit.lanes)
        zero = ir.Constant(emit.vector, [emit.element(0.0)] * emit.lanes)
        order = [i // 2 + i % 2 * emit.lanes for i in range(2 * emit.lanes)]
        picks = ir.VectorType(emit.int32, emit.lanes)
        halves = (order[: emit.lanes], order[emit.lanes :])
        bits = ir.VectorType(ir.IntType(1), emit.lanes)
        blocks = builder.udiv(builder.add(count, emit.const(emit.lanes - 1)), lanes)
        with cgutils.for_range(builder, blocks, intp=emit.index) as block:
            first = builder.mul(block.index, lanes)
            left = builder.sub(count, first)
            mask = emit.mask(left)
            value = emit.load(emit.at(gy_data, first), mask)
            source = emit.at(arg_data, first)
            source = builder.bitcast(source, small.as_pointer())
            name = f'llvm.masked.load.v{emit.lanes}i{small.element.width}.p0'
            function = cgutils.get_or_insert_function(
                builder.module,
                ir.FunctionType(small, [source.type, emit.int32, bits, small]),
                name,
            )
            nowhere = ir.Constant(small, [small.element(0)] * emit.lanes)
            place = builder.call(function, [source, emit.int32(1), mask, nowhere])
            pixels = builder.mul(left, two)
            masks = emit.mask(pixels), emit.mask(builder.sub(pixels, lanes))
            for k in range(2):
                row = emit.at(gx_data, builder.mul(emit.const(k), gx_row))
                row = emit.at(row, builder.mul(first, two))
                columns = []
                for m in range(2):
                    here = ir.Constant(small, [small.element(2 * k + m)] * emit.lanes)
                    chosen = builder.icmp_signed('==', place, here)
                    columns.append(builder.select(chosen, value, zero))
                for half in range(2):
                    mixed = builder.shuffle_vector(
                        columns[0], columns[1], ir.Constant(picks, halves[half])
                    )
                    target = emit.at(row, emit.const(half * emit.lanes))
                    emit.store(mixed, target, masks[half])
        return context.get_dummy_value()

    return signature, codegen

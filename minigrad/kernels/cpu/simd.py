"""Two register-blocked inner loops of matrix products, as Numba intrinsics.

Numba cannot be told to keep a block of sums in vector registers, so the two loops are
built from LLVM vectors here; everything around them is ordinary Numba code. OpenBLAS
does not know every CPU (it ran AVX2 code, at half of the peak, on an AVX-512 machine);
this follows the CPU that Numba compiles for.

- `outer_block`: ``C[i, j] (+)= sum_k A[i, k] * B[k, j]``, the lanes of a vector are
  neighbouring ``j``; `low_block` has fewer rows, for few channels;
- `dot_block`: ``C[i, j] (+)= sum_p A[i, p] * B[j, p]``, the lanes are neighbouring ``p``.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from minigrad.kernels.cpu.jit import INTERPRETED, intrinsic


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


class _Emitter:
    """Writes vector code for one element type."""

    def __init__(self, context: Any, builder: Any, dtype: Any) -> None:
        self.builder = builder
        self.element = context.get_value_type(dtype)
        self.bytes = dtype.bitwidth // 8
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

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        code = 'f32' if self.bytes == 4 else 'f64'
        name = f'llvm.fmuladd.v{self.lanes}{code}'
        signature = ir.FunctionType(self.vector, [self.vector] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, signature, name)
        return self.builder.call(function, [a, b, c])

    def keep_loop(self) -> None:
        """Keeps LLVM from unrolling this loop: its sums would leave the registers."""
        nothing = ir.FunctionType(ir.VoidType(), [])
        mark = self.builder.asm(nothing, '', '', [], True)
        mark.attributes.add('convergent')

    def total(self, vector: Any) -> Any:
        """Returns the sum of the lanes, halving: the same order every time."""
        builder, lanes = self.builder, self.lanes
        while lanes > 1:
            lanes //= 2
            low = ir.Constant(ir.VectorType(self.int32, lanes), list(range(lanes)))
            high = ir.Constant(
                ir.VectorType(self.int32, lanes), list(range(lanes, 2 * lanes))
            )
            vector = builder.fadd(
                builder.shuffle_vector(vector, vector, low),
                builder.shuffle_vector(vector, vector, high),
            )
        return builder.extract_element(vector, self.int32(0))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any) -> Any:
    return context.make_array(array_type)(context, builder, array).data


def _outer_block(block_rows: int, block_vectors: int) -> Any:
    """Returns the intrinsic for blocks of so many rows and vectors."""

    @intrinsic
    def block(
        typing_context: Any,
        a: Any,
        a_start: Any,
        a_row: Any,
        a_step: Any,
        b: Any,
        b_start: Any,
        b_offsets: Any,
        c: Any,
        c_start: Any,
        c_row: Any,
        size: Any,
        rows: Any,
        columns: Any,
        add: Any,
    ) -> Any:
        """Computes one block of at most block_rows x block_vectors sums over ``size`` terms.

        ``A[i, k] = a[a_start + i * a_row + k * a_step]``,
        ``B[k, j] = b[b_start + b_offsets[k] + j]``, ``C[i, j] = c[c_start + i * c_row + j]``;
        ``rows`` and ``columns`` say how much of the block exists, ``add`` whether to add to
        ``C``. All arrays are flat and have one dtype; nothing is read or written outside.
        """
        integer = types.int64
        signature = types.void(
            a, integer, integer, integer, b, integer, b_offsets, c, integer, integer,
            integer, integer, integer, types.boolean,
        )  # fmt: skip

        def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
            emit = _Emitter(context, builder, a.dtype)
            a_data = _pointer(context, builder, a, args[0])
            b_data = _pointer(context, builder, b, args[4])
            table = _pointer(context, builder, b_offsets, args[6])
            c_data = _pointer(context, builder, c, args[7])
            a_start, a_row, a_step = args[1:4]
            b_start, c_start, c_row, size, rows, columns, add = args[5], *args[8:14]
            zero, one = emit.const(0), emit.const(1)
            a_data, b_data, c_data = (
                emit.at(a_data, a_start),
                emit.at(b_data, b_start),
                emit.at(c_data, c_start),
            )

            # Rows that do not exist read row 0 and are not stored.
            a_rows = []
            for i in range(block_rows):
                exists = builder.icmp_signed('<', emit.const(i), rows)
                row = builder.select(exists, emit.const(i), zero)
                a_rows.append(emit.at(a_data, builder.mul(row, a_row)))
            starts = [emit.const(v * emit.lanes) for v in range(block_vectors)]
            masks = [emit.mask(builder.sub(columns, start)) for start in starts]

            def sums_of(masked: bool) -> None:
                chosen = masks if masked else [None] * block_vectors
                before = builder.block
                loop = builder.append_basic_block('outer.loop')
                after = builder.append_basic_block('outer.after')
                nothing = ir.Constant(emit.vector, [emit.element(0.0)] * emit.lanes)
                builder.cbranch(builder.icmp_signed('>', size, zero), loop, after)
                builder.position_at_end(loop)
                k = builder.phi(emit.index)
                k.add_incoming(zero, before)
                sums = [
                    builder.phi(emit.vector) for _ in range(block_rows * block_vectors)
                ]
                for acc in sums:
                    acc.add_incoming(nothing, before)
                row_b = emit.at(b_data, builder.load(emit.at(table, k)))
                bs = [
                    emit.load(emit.at(row_b, starts[v]), chosen[v])
                    for v in range(block_vectors)
                ]
                emit.keep_loop()
                step = builder.mul(k, a_step)
                new = []
                for i in range(block_rows):
                    value = emit.splat(builder.load(emit.at(a_rows[i], step)))
                    new += [
                        emit.multiply_add(value, bs[v], sums[i * block_vectors + v])
                        for v in range(block_vectors)
                    ]
                k_next = builder.add(k, one)
                k.add_incoming(k_next, loop)
                for acc, value in zip(sums, new, strict=True):
                    acc.add_incoming(value, loop)
                builder.cbranch(builder.icmp_signed('<', k_next, size), loop, after)
                builder.position_at_end(after)
                done = []
                for value in new:
                    phi = builder.phi(emit.vector)
                    phi.add_incoming(nothing, before)
                    phi.add_incoming(value, loop)
                    done.append(phi)
                for i in range(block_rows):
                    with builder.if_then(builder.icmp_signed('<', emit.const(i), rows)):
                        row_c = emit.at(c_data, builder.mul(emit.const(i), c_row))
                        places = [emit.at(row_c, start) for start in starts]
                        with builder.if_else(add) as (then, otherwise):
                            with then:
                                for v in range(block_vectors):
                                    value = done[i * block_vectors + v]
                                    old = emit.load(places[v], chosen[v])
                                    value = builder.fadd(old, value)
                                    emit.store(value, places[v], chosen[v])
                            with otherwise:
                                for v in range(block_vectors):
                                    value = done[i * block_vectors + v]
                                    emit.store(value, places[v], chosen[v])

            full = builder.icmp_signed(
                '>=', columns, emit.const(block_vectors * emit.lanes)
            )
            with builder.if_else(full) as (then, otherwise):
                with then:
                    sums_of(False)
                with otherwise:
                    sums_of(True)
            return context.get_dummy_value()

        return signature, codegen

    return block


outer_block = _outer_block(ROWS, VECTORS)
low_block = _outer_block(LOW_ROWS, LOW_VECTORS)


@intrinsic
def dot_block(
    typing_context: Any,
    a: Any,
    a_start: Any,
    a_row: Any,
    b: Any,
    b_start: Any,
    b_offsets: Any,
    b_first: Any,
    c: Any,
    c_start: Any,
    c_row: Any,
    size: Any,
    rows: Any,
    columns: Any,
    add: Any,
    repeats: Any,
    a_jump: Any,
    b_jump: Any,
) -> Any:
    """Computes at most DOT_ROWS x DOT_COLUMNS sums of products over ``size`` places.

    ``A[i, p] = a[a_start + i * a_row + p]``,
    ``B[j, p] = b[b_start + b_offsets[b_first + j] + p]``,
    ``C[i, j] = c[c_start + i * c_row + j]``; the rest as for `outer_block`. The sums
    go on for ``repeats`` times, with ``a_start`` and ``b_start`` moved by their jumps,
    before the lanes are added up, which costs as much as 100 places.
    """
    integer = types.int64
    signature = types.void(
        a, integer, integer, b, integer, b_offsets, integer, c, integer, integer,
        integer, integer, integer, types.boolean, integer, integer, integer,
    )  # fmt: skip

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        emit = _Emitter(context, builder, a.dtype)
        a_data = emit.at(_pointer(context, builder, a, args[0]), args[1])
        b_data = emit.at(_pointer(context, builder, b, args[3]), args[4])
        table = emit.at(_pointer(context, builder, b_offsets, args[5]), args[6])
        c_data = emit.at(_pointer(context, builder, c, args[7]), args[8])
        a_row, c_row, size, rows, columns, add = args[2], *args[9:14]
        repeats, a_jump, b_jump = args[14:]
        zero, one, lanes = emit.const(0), emit.const(1), emit.const(emit.lanes)

        def clamp(i: int, count: Any) -> Any:
            exists = builder.icmp_signed('<', emit.const(i), count)
            return builder.select(exists, emit.const(i), zero)

        a_rows = [
            emit.at(a_data, builder.mul(clamp(i, rows), a_row)) for i in range(DOT_ROWS)
        ]
        b_rows = [
            emit.at(b_data, builder.load(emit.at(table, clamp(j, columns))))
            for j in range(DOT_COLUMNS)
        ]
        nothing = ir.Constant(emit.vector, [emit.element(0.0)] * emit.lanes)

        number = DOT_ROWS * DOT_COLUMNS

        def merge(before: Any, values: list[Any]) -> list[Any]:
            """Returns phis of ``values`` that come from the block ``before``."""
            phis = [builder.phi(value.type) for value in values]
            for phi, value in zip(phis, values, strict=True):
                phi.add_incoming(value, before)
            return phis

        def products(
            b_place: Any, a_place: Any, sums: list[Any], mask: Any | None
        ) -> list[Any]:
            bs = [emit.load(emit.at(row, b_place), mask) for row in b_rows]
            new = []
            for i in range(DOT_ROWS):
                value = emit.load(emit.at(a_rows[i], a_place), mask)
                new += [
                    emit.multiply_add(value, bs[j], sums[i * DOT_COLUMNS + j])
                    for j in range(DOT_COLUMNS)
                ]
            return new

        def looped(values: list[Any], start: Any, stop: Any, mask: Any | None) -> Any:
            """Adds the products of the places from ``start`` while below ``stop``."""
            before = builder.block
            loop = builder.append_basic_block('dot.loop')
            after = builder.append_basic_block('dot.after')
            builder.cbranch(builder.icmp_signed('<', start, stop), loop, after)
            builder.position_at_end(loop)
            p, *sums = merge(before, [start, *values])
            emit.keep_loop()
            new = products(builder.add(p, shift_b), builder.add(p, shift_a), sums, mask)
            p_next = builder.add(p, lanes)
            for phi, value in zip([p, *sums], [p_next, *new], strict=True):
                phi.add_incoming(value, loop)
            builder.cbranch(builder.icmp_signed('<', p_next, stop), loop, after)
            builder.position_at_end(after)
            done = merge(before, values)
            for phi, value in zip(done, new, strict=True):
                phi.add_incoming(value, loop)
            return done

        whole = builder.and_(size, emit.const(-emit.lanes))
        rest = emit.mask(builder.sub(size, whole))
        before = builder.block
        again = builder.append_basic_block('dot.again')
        finished = builder.append_basic_block('dot.finished')
        builder.branch(again)
        builder.position_at_end(again)
        step, shift_a, shift_b, *start_sums = merge(
            before, [zero, zero, zero, *[nothing] * number]
        )
        sums = looped(start_sums, zero, whole, None)
        sums = looped(sums, whole, size, rest)
        following = [
            builder.add(step, one),
            builder.add(shift_a, a_jump),
            builder.add(shift_b, b_jump),
            *sums,
        ]
        last = builder.block
        for phi, value in zip(
            [step, shift_a, shift_b, *start_sums], following, strict=True
        ):
            phi.add_incoming(value, last)
        builder.cbranch(
            builder.icmp_signed('<', following[0], repeats), again, finished
        )
        builder.position_at_end(finished)
        for i in range(DOT_ROWS):
            for j in range(DOT_COLUMNS):
                exists = builder.and_(
                    builder.icmp_signed('<', emit.const(i), rows),
                    builder.icmp_signed('<', emit.const(j), columns),
                )
                with builder.if_then(exists):
                    place = emit.at(
                        c_data, builder.mul(emit.const(i), c_row), emit.const(j)
                    )
                    value = emit.total(sums[i * DOT_COLUMNS + j])
                    old = builder.select(add, builder.load(place), emit.element(0.0))
                    builder.store(builder.fadd(old, value), place)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
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
        emit = _Emitter(context, builder, source.dtype)
        source_data = emit.at(_pointer(context, builder, source, args[0]), args[1])
        target_data = emit.at(_pointer(context, builder, target, args[3]), args[4])
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


@intrinsic
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
        emit = _Emitter(context, builder, source.dtype)
        source_data = emit.at(_pointer(context, builder, source, args[0]), args[1])
        target_data = emit.at(_pointer(context, builder, target, args[3]), args[4])
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


def _max_row(stride: int) -> Any:
    """Returns the intrinsic for one row of windows, 1 or 2 pixels apart."""

    @intrinsic
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
            emit = _Emitter(context, builder, x.dtype)
            x_data = emit.at(_pointer(context, builder, x, args[0]), args[1])
            y_data = emit.at(_pointer(context, builder, y, args[6]), args[8])
            arg_data = emit.at(_pointer(context, builder, arg, args[7]), args[8])
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


@intrinsic
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
        emit = _Emitter(context, builder, x.dtype)
        x_data = emit.at(_pointer(context, builder, x, args[0]), args[1])
        y_data = emit.at(_pointer(context, builder, y, args[2]), args[4])
        arg_data = emit.at(_pointer(context, builder, arg, args[3]), args[4])
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


@intrinsic
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
        emit = _Emitter(context, builder, gy.dtype)
        start, gx_row, count = args[2], *args[5:7]
        gy_data = emit.at(_pointer(context, builder, gy, args[0]), start)
        arg_data = emit.at(_pointer(context, builder, arg, args[1]), start)
        gx_data = emit.at(_pointer(context, builder, gx, args[3]), args[4])
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


if INTERPRETED:  # the same two blocks in NumPy, for tests and for coverage

    def _outer_block_interpreted(block_rows: int, block_vectors: int) -> Any:
        def block(
            a: Any, a_start: int, a_row: int, a_step: int, b: Any, b_start: int,
            b_offsets: Any, c: Any, c_start: int, c_row: int, size: int, rows: int,
            columns: int, add: bool,
        ) -> None:  # fmt: skip
            columns = min(columns, block_vectors * VECTOR_BYTES // a.itemsize)
            i, j = np.arange(min(rows, block_rows))[:, None], np.arange(columns)
            k = np.arange(size)
            A = a[a_start + i * a_row + k * a_step]
            B = b[b_start + np.asarray(b_offsets[:size])[:, None] + j]
            place = c_start + i * c_row + j
            c[place] = A @ B + (c[place] if add else 0)

        return block

    outer_block = _outer_block_interpreted(ROWS, VECTORS)
    low_block = _outer_block_interpreted(LOW_ROWS, LOW_VECTORS)

    def transpose_block(
        source: Any, source_start: int, source_row: int, target: Any,
        target_start: int, target_row: int, rows: int, columns: int,
    ) -> None:  # fmt: skip
        i, j = np.arange(rows)[:, None], np.arange(columns)
        value = source[source_start + i * source_row + j]
        target[target_start + j * target_row + i] = value

    def dot_block(
        a: Any, a_start: int, a_row: int, b: Any, b_start: int, b_offsets: Any,
        b_first: int, c: Any, c_start: int, c_row: int, size: int, rows: int,
        columns: int, add: bool, repeats: int, a_jump: int, b_jump: int,
    ) -> None:  # fmt: skip
        columns = min(columns, DOT_COLUMNS)
        i, p = np.arange(min(rows, DOT_ROWS))[:, None], np.arange(size)
        offsets = np.asarray(b_offsets[b_first : b_first + columns])[:, None]
        place = c_start + i * c_row + np.arange(columns)
        total = c[place] if add else 0
        for step in range(repeats):
            A = a[a_start + step * a_jump + i * a_row + p]
            B = b[b_start + step * b_jump + offsets + p]
            total = total + A @ B.T
        c[place] = total

    def copy_rows(
        source: Any, source_start: int, source_row: int, target: Any,
        target_start: int, target_row: int, rows: int, columns: int, shift: float,
    ) -> None:  # fmt: skip
        i, j = np.arange(rows)[:, None], np.arange(columns)
        value = source[source_start + i * source_row + j] + shift
        target[target_start + i * target_row + j] = value

    def _max_row_interpreted(stride: int) -> Any:
        def max_row(
            x: Any, x_start: int, x_row: int, first: int, last: int, KW: int,
            y: Any, arg: Any, y_start: int, count: int,
        ) -> None:  # fmt: skip
            k, m = np.arange(first, last)[:, None], np.arange(KW)
            for j in range(count):
                taps = x[x_start + j * stride + k * x_row + m].ravel()
                place = int(taps.argmax()) if taps.size else 0  # the first NaN wins
                y[y_start + j] = taps[place] if taps.size else -np.inf
                arg[y_start + j] = first * KW + place

        return max_row

    max_row_1, max_row_2 = _max_row_interpreted(1), _max_row_interpreted(2)

    def scatter_row(
        gy: Any, arg: Any, start: int, gx: Any, gx_start: int, gx_row: int, count: int
    ) -> None:
        value, place = gy[start : start + count], arg[start : start + count]
        for k in range(2):
            for m in range(2):
                target = gx_start + k * gx_row + m + 2 * np.arange(count)
                gx[target] = np.where(place == 2 * k + m, value, 0)

    def max_quarter_rows(
        x: Any, x_start: int, y: Any, arg: Any, y_start: int, rows: int, columns: int
    ) -> None:
        size = rows * columns
        windows = x[x_start : x_start + 4 * size].reshape(rows, 2, columns, 2)
        taps = windows.transpose(0, 2, 1, 3).reshape(size, 4)
        place = taps.argmax(axis=1)  # the first NaN wins
        y[y_start : y_start + size] = taps[np.arange(size), place]
        arg[y_start : y_start + size] = place

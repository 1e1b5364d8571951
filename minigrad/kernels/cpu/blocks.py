"""The inner loops of matrix products: blocks of sums that stay in registers.

- `outer_block`: ``C[i, j] (+)= sum_k A[i, k] * B[k, j]``, the lanes of a vector are
  neighbouring ``j``; `low_block` has fewer rows, for few channels;
- `dot_block`: ``C[i, j] (+)= sum_p A[i, p] * B[j, p]``, the lanes are neighbouring ``p``.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from minigrad.kernels.cpu import interpreted
from minigrad.kernels.cpu.jit import intrinsic
from minigrad.kernels.cpu.vectors import (
    DOT_COLUMNS,
    DOT_ROWS,
    LOW_ROWS,
    LOW_VECTORS,
    ROWS,
    VECTORS,
    Emitter,
    pointer,
)


def _outer_block(block_rows: int, block_vectors: int) -> Any:
    """Returns the intrinsic for blocks of so many rows and vectors."""

    @intrinsic(interpreted.outer_block(block_rows, block_vectors))
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
            emit = Emitter.of(context, builder, a.dtype)
            a_data = pointer(context, builder, a, args[0])
            b_data = pointer(context, builder, b, args[4])
            table = pointer(context, builder, b_offsets, args[6])
            c_data = pointer(context, builder, c, args[7])
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


@intrinsic(interpreted.dot_block)
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
        emit = Emitter.of(context, builder, a.dtype)
        a_data = emit.at(pointer(context, builder, a, args[0]), args[1])
        b_data = emit.at(pointer(context, builder, b, args[3]), args[4])
        table = emit.at(pointer(context, builder, b_offsets, args[5]), args[6])
        c_data = emit.at(pointer(context, builder, c, args[7]), args[8])
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

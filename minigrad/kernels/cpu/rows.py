"""Formulas along rows: sums and maxima of a row, in as few passes as they need.

A row is short enough to stay in the cache, so every pass but the first costs no memory.
What a pass computes by a slow function is kept in a work row for the passes after it.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types

from minigrad.kernels.cpu import fused
from minigrad.kernels.cpu.jit import INTERPRETED, intrinsic, jit
from minigrad.kernels.cpu.team import in_team, offer, pieces, rank, share, workspace
from minigrad.kernels.cpu.vectors import Emitter
from minigrad.kernels.formula import Formula, Program, Step, trace
from minigrad.types import Array

_f32, _f64, _i64 = ir.FloatType(), ir.DoubleType(), ir.IntType(64)
# first and last row, their length, addresses of the arrays, numbers, work rows
_LOOP = ir.FunctionType(
    ir.VoidType(), [_i64, _i64, _i64, _i64.as_pointer(), _f64.as_pointer(), _i64]
)
REDUCTIONS = ('row_sum', 'row_max')
FULL, ALONG, ONE = 'full', 'along', 'one'
"""Kinds of values: of each element; of each column, the same in all rows; of a row."""


class RowLoop:
    """The machine code of a formula along rows for one dtype.

    Args:
        formula: The formula.
        char: ``'f'`` or ``'d'``.
        kinds: The kind of each array.
    """

    def __init__(self, formula: Formula, char: str, kinds: tuple[str, ...]) -> None:
        program = trace(formula, char)
        plan = _Plan(program, kinds)
        self.numbers = program.numbers
        self.results = tuple([plan.kind_of_result(step) for step in program.results])
        self._work = len(plan.kept)
        self._char = char
        self._code = fused.compiler().address(
            lambda name: _module(name, program, char, plan)
        )
        slow = sum(step.operation in fused.ELEMENTARY for step in program.steps)
        width = 4 if char == 'f' else 8
        memory = width * (kinds.count(FULL) + self.results.count(FULL))
        self._bytes = memory + slow * fused.ELEMENTARY_BYTES

    def __call__(
        self, arrays: list[Array], shape: tuple[int, int], numbers: Array
    ) -> Any:
        """Runs over contiguous arrays; returns the results.

        Args:
            arrays: Flat; ``rows * columns``, ``columns`` or ``rows`` elements long.
            shape: Rows and columns.
            numbers: The formula's numbers, float64.
        """
        rows, columns = shape
        grain = fused.GRAIN_BYTES // (columns * self._bytes + 1) + 1
        cut = share(rows, grain)
        results, given, sums = [], [], []
        for kind in self.results:
            if kind == ALONG:  # each thread has sums of its own
                result = np.zeros((cut.threads, columns), arrays[0].dtype)
                sums.append(columns)
            else:
                size = rows * columns if kind == FULL else rows
                result = np.empty(size, arrays[0].dtype)
                sums.append(0)
            results.append(result)
            given.append(result.reshape(-1))
        arrays = [*arrays, *given]
        own = np.zeros(fused.MOST_ARRAYS, np.int64)  # what a thread's place moves
        own[len(arrays) - len(sums) : len(arrays)] = sums
        padded = (*arrays, *arrays[:1] * (fused.MOST_ARRAYS - len(arrays)))
        work = workspace('rows', self._work * columns, arrays[0].dtype, cut.threads)
        in_team(_run, cut, columns, self._code, padded, own, numbers, work)
        done = []
        for kind, result in zip(self.results, results, strict=True):
            if kind == ALONG:
                result = result[0] if cut.threads == 1 else result.sum(axis=0)
            done.append(result)
        return done


def kind_of(shape: tuple[int, ...], rows: tuple[int, ...]) -> str:
    """Returns the kind of an array beside a matrix."""
    if shape == rows:
        return FULL
    return ALONG if shape == rows[1:] else ONE


@functools.cache
def loop_of(formula: Formula, char: str, kinds: tuple[str, ...]) -> RowLoop | None:
    """Returns the compiled loop of a formula; None where NumPy computes it as well."""
    if INTERPRETED or char not in 'fd':
        return None
    try:
        steps = trace(formula, char).steps
    except Exception:  # it does what only arrays can: then arrays do it
        return None
    if char == 'd' and any(step.operation in fused.ELEMENTARY for step in steps):
        return None
    return RowLoop(formula, char, kinds)


@intrinsic(fused.call_nothing)
def _call(
    typing_context: Any, code: Any, first: Any, last: Any, columns: Any, table: Any,
    numbers: Any, work: Any,
) -> Any:  # fmt: skip
    """Calls a loop by its address."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        loop = builder.inttoptr(args[0], _LOOP.as_pointer())
        pointers = [
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(sig.args[4:6], args[4:6], strict=True)
        ]
        builder.call(loop, [*args[1:4], *pointers, args[6]])
        return context.get_dummy_value()

    integer = types.int64
    signature = types.void(integer, integer, integer, integer, table, numbers, integer)
    return signature, codegen


@jit
def _run(
    team: int, rows: int, number: int,
    columns: int, code: int, arrays: tuple[Array, ...], own: Array, numbers: Array,
    work: Array,
) -> None:  # fmt: skip
    """Calls the loop on pieces of the rows."""
    offer(team)
    table = np.empty(len(arrays), np.int64)
    for i in range(len(arrays)):
        table[i] = arrays[i].ctypes.data + own[i] * rank(team) * work.itemsize
    address = work[rank(team)].ctypes.data
    for _, first, last in pieces(team, rows, number):
        _call(code, first, last, columns, table, numbers, address)


class _Plan:
    """What is computed in which pass over a row.

    Attributes:
        kind: The kind of each step, by ``id``.
        level: The pass in which a step can be computed: after so many reductions.
        passes: Number of passes that reduce, plus the one that stores.
        kept: Slow steps that more than one pass needs, in work rows.
        stores: Whether the last pass goes over the elements.
    """

    def __init__(self, program: Program, kinds: tuple[str, ...]) -> None:
        self.program = program
        self.kinds = kinds
        self.kind: dict[int, str] = {}
        self.level: dict[int, int] = {}
        for step in program.steps:
            operands = [o for o in step.operands if isinstance(o, Step)]
            kind, level = ONE, max([self.level[id(o)] for o in operands], default=0)
            if step.operation == 'array':
                kind = kinds[step.operands[0]]
            elif step.operation in REDUCTIONS:
                level += 1
            elif step.operation == 'column_sum':
                kind = ALONG
            elif any(self.kind[id(o)] != ONE for o in operands):
                kind = FULL
            self.kind[id(step)], self.level[id(step)] = kind, level
        self.reductions = [s for s in program.steps if s.operation in REDUCTIONS]
        self.passes = 1 + max([self.level[id(s)] for s in self.reductions], default=0)
        # What the last pass stores: elements, and sums over the rows.
        self.stored = [
            step.operands[0] if step.operation == 'column_sum' else step
            for step in program.results
        ]
        self.stores = any(self.kind_of_result(s) != ONE for s in program.results)
        needed: dict[int, set[int]] = {}  # the passes that need a step's elements
        for number in range(self.passes):
            for step in self._elements(number):
                needed.setdefault(id(step), set()).add(number)
        self.kept = [
            step
            for step in program.steps
            if step.operation in fused.ELEMENTARY
            and self.kind[id(step)] == FULL
            and len(needed.get(id(step), ())) > 1
        ]
        self.first = {id(s): min(needed[id(s)]) for s in self.kept}

    def kind_of_result(self, step: Step) -> str:
        return self.kind[id(step)]

    def roots(self, number: int) -> list[Step]:
        """Returns the steps whose elements a pass is about."""
        if number == self.passes - 1:
            return [s for s in self.stored if self.kind[id(s)] != ONE]
        return [
            s.operands[0] for s in self.reductions if self.level[id(s)] == number + 1
        ]

    def _elements(self, number: int) -> list[Step]:
        """Returns the steps of elements that a pass computes, in order."""
        found: set[int] = set()

        def visit(step: Step) -> None:
            if id(step) in found or self.kind[id(step)] == ONE:
                return
            found.add(id(step))
            for operand in step.operands:
                if isinstance(operand, Step):
                    visit(operand)

        for root in self.roots(number):
            visit(root)
        return [step for step in self.program.steps if id(step) in found]

    def steps(self, number: int) -> list[Step]:
        """Returns what a pass computes, without what is kept from an earlier one."""
        kept = {id(s) for s in self.kept if self.first[id(s)] < number}
        found: set[int] = set()

        def visit(step: Step) -> None:
            if id(step) in found or self.kind[id(step)] == ONE:
                return
            found.add(id(step))
            if id(step) in kept:
                return
            for operand in step.operands:
                if isinstance(operand, Step):
                    visit(operand)

        for root in self.roots(number):
            visit(root)
        return [step for step in self.program.steps if id(step) in found]


def _module(name: str, program: Program, char: str, plan: _Plan) -> Any:
    """Returns the LLVM code: for each row, the passes over its elements."""
    module = ir.Module()
    function = ir.Function(module, _LOOP, name)
    first, last, columns, table, numbers, work = function.args
    builder = ir.IRBuilder(function.append_basic_block())
    element = _f32 if char == 'f' else _f64
    emit = Emitter(builder, element)

    def load_at(pointer: Any, i: int) -> Any:
        return builder.load(builder.gep(pointer, [emit.const(i)]))

    def narrow(value: Any) -> Any:
        return builder.fptrunc(value, _f32) if char == 'f' else value

    count = len(program.arrays)
    bases = [
        builder.inttoptr(load_at(table, i), element.as_pointer())
        for i in range(count + len(program.results))
    ]
    work = builder.inttoptr(work, element.as_pointer())
    fixed = {  # values that are the same for all rows
        i: emit.splat(narrow(load_at(numbers, i))) for i in range(len(program.numbers))
    }
    size = emit.splat(builder.sitofp(columns, element))
    whole = builder.and_(columns, emit.const(-emit.lanes))

    with _counted(emit, first, last, emit.const(1)) as row:
        start = builder.mul(row, columns)
        ones: dict[int, Any] = {}  # the row's own values, as vectors of one number

        def one(step: Step) -> Any:
            """Returns a value of the row; of reductions it is known by now."""
            if id(step) not in ones:
                if step.operation == 'array':
                    place = emit.at(bases[step.operands[0]], row)
                    value = emit.splat(builder.load(place))
                elif step.operation == 'number':
                    value = fixed[step.operands[0]]
                elif step.operation == 'constant':
                    value = emit.constant(step.operands[0])
                elif step.operation == 'count':
                    value = size
                else:
                    value = fused.emit_step(emit, step, [one(o) for o in step.operands])
                ones[id(step)] = value
            return ones[id(step)]

        def prepare(number: int) -> None:
            """Computes what a pass needs of the row before its loop."""
            for step in plan.steps(number):
                for operand in step.operands:
                    if isinstance(operand, Step) and plan.kind[id(operand)] == ONE:
                        one(operand)

        def elements(number: int, place: Any, mask: Any) -> dict[int, Any]:
            values: dict[int, Any] = {}
            kept = {id(s): i for i, s in enumerate(plan.kept)}
            for step in plan.steps(number):
                key = id(step)
                if key in kept and plan.first[key] < number:
                    offset = builder.add(
                        builder.mul(emit.const(kept[key]), columns), place
                    )
                    values[key] = emit.load(emit.at(work, offset), mask)
                    continue
                if step.operation == 'array':
                    base = bases[step.operands[0]]
                    if plan.kind[key] == FULL:
                        base = emit.at(base, start)
                    values[key] = emit.load(emit.at(base, place), mask)
                    continue
                args = [
                    values[id(o)] if plan.kind[id(o)] != ONE else one(o)
                    for o in step.operands
                ]
                if step.operation == 'column_sum':
                    continue
                values[key] = fused.emit_step(emit, step, args)
                if key in kept:
                    offset = builder.add(
                        builder.mul(emit.const(kept[key]), columns), place
                    )
                    emit.store(values[key], emit.at(work, offset), mask)
            return values

        for number in range(plan.passes - 1):
            reductions = [s for s in plan.reductions if plan.level[id(s)] == number + 1]
            prepare(number)
            begin = [
                emit.constant(0.0 if s.operation == 'row_sum' else float('-inf'))
                for s in reductions
            ]

            def merged(place: Any, mask: Any, sums: list[Any]) -> list[Any]:
                values = elements(number, place, mask)  # noqa: B023
                new = []
                for step, total in zip(reductions, sums, strict=True):  # noqa: B023
                    operand = step.operands[0]
                    value = (
                        one(operand)
                        if plan.kind[id(operand)] == ONE
                        else values[id(operand)]
                    )
                    neutral = 0.0 if step.operation == 'row_sum' else float('-inf')
                    if mask is not None:
                        value = builder.select(mask, value, emit.constant(neutral))
                    if step.operation == 'row_sum':
                        new.append(builder.fadd(total, value))
                    else:
                        new.append(fused.chosen(emit, '>', total, value))
                return new

            sums = _over_columns(emit, columns, whole, begin, merged)
            for step, total in zip(reductions, sums, strict=True):
                scalar = (
                    emit.total(total)
                    if step.operation == 'row_sum'
                    else emit.greatest(total)
                )
                ones[id(step)] = emit.splat(scalar)
        final = plan.passes - 1
        for i, step in enumerate(program.results):
            if plan.kind[id(step)] == ONE:
                scalar = builder.extract_element(one(step), emit.int32(0))
                builder.store(scalar, emit.at(bases[count + i], row))
        if plan.stores:
            prepare(final)

            def store(place: Any, mask: Any, sums: list[Any]) -> list[Any]:
                values = elements(final, place, mask)
                for i, (step, stored) in enumerate(
                    zip(program.results, plan.stored, strict=True)
                ):
                    if plan.kind[id(step)] == ONE:
                        continue
                    value = values[id(stored)]
                    base = bases[count + i]
                    if step.operation == 'column_sum':
                        target = emit.at(base, place)
                        value = builder.fadd(emit.load(target, mask), value)
                        emit.store(value, target, mask)
                    else:
                        emit.store(value, emit.at(base, start, place), mask)
                return []

            _over_columns(emit, columns, whole, [], store)
    builder.ret_void()
    return module


class _counted:
    """A loop of a builder; what is emitted inside is its body."""

    def __init__(self, emit: Emitter, first: Any, last: Any, step: Any) -> None:
        self._emit, self._last, self._step = emit, last, step
        b = emit.builder
        function = b.function
        before = b.block
        self._body = function.append_basic_block('row')
        self._after = function.append_basic_block('rows.done')
        b.cbranch(b.icmp_signed('<', first, last), self._body, self._after)
        b.position_at_end(self._body)
        self._phi = b.phi(_i64)
        self._phi.add_incoming(first, before)

    def __enter__(self) -> Any:
        return self._phi

    def __exit__(self, *error: Any) -> None:
        b = self._emit.builder
        following = b.add(self._phi, self._step)
        self._phi.add_incoming(following, b.block)
        b.cbranch(b.icmp_signed('<', following, self._last), self._body, self._after)
        b.position_at_end(self._after)


def _over_columns(
    emit: Emitter, columns: Any, whole: Any, begin: list[Any], body: Any
) -> list[Any]:
    """Emits a loop over whole vectors and a masked step for the rest.

    Args:
        emit: Where it goes.
        columns: How many elements there are.
        whole: How many of them are in whole vectors.
        begin: Vectors that the loop carries.
        body: Emits a step: from a place, a mask or None, and the vectors carried, to
            their new values.

    Returns:
        The vectors after the last step.
    """
    b = emit.builder
    function = b.function
    before = b.block
    loop, rest, some, done = [
        function.append_basic_block(name)
        for name in ('columns', 'rest', 'some', 'done')
    ]
    b.cbranch(b.icmp_signed('<', emit.const(0), whole), loop, rest)
    b.position_at_end(loop)
    place = b.phi(_i64)
    place.add_incoming(emit.const(0), before)
    carried = [b.phi(emit.vector) for _ in begin]
    for phi, value in zip(carried, begin, strict=True):
        phi.add_incoming(value, before)
    new = body(place, None, carried)
    following = b.add(place, emit.const(emit.lanes))
    place.add_incoming(following, b.block)
    for phi, value in zip(carried, new, strict=True):
        phi.add_incoming(value, b.block)
    b.cbranch(b.icmp_signed('<', following, whole), loop, rest)
    end = b.block
    b.position_at_end(rest)
    middle = []
    for value, last in zip(begin, new, strict=True):
        phi = b.phi(emit.vector)
        phi.add_incoming(value, before)
        phi.add_incoming(last, end)
        middle.append(phi)
    b.cbranch(b.icmp_signed('<', whole, columns), some, done)
    b.position_at_end(some)
    mask = emit.mask(b.sub(columns, whole))
    final = body(whole, mask, middle)
    some_end = b.block
    b.branch(done)
    b.position_at_end(done)
    results = []
    for value, last in zip(middle, final, strict=True):
        phi = b.phi(emit.vector)
        phi.add_incoming(value, rest)
        phi.add_incoming(last, some_end)
        results.append(phi)
    return results

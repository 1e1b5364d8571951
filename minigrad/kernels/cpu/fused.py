"""Formulas as one pass over memory: compiled, in vectors, by several threads.

Numba takes a third of a second for a loop; a program compiles dozens of formulas. So a
formula's steps are written in LLVM's vectors directly, which takes some ten milliseconds,
and one Numba kernel, `_run`, shares the loop's machine code with the team.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np
from llvmlite import ir
from numba import types

from minigrad.kernels.cpu.elementary import Elementary
from minigrad.kernels.cpu.jit import INTERPRETED, intrinsic, jit
from minigrad.kernels.cpu.team import in_team, offer, pieces, share
from minigrad.kernels.cpu.vectors import Emitter
from minigrad.kernels.formula import (
    COMPARISONS,
    OPERATIONS,
    Formula,
    Program,
    Step,
    trace,
)
from minigrad.kernels.updates import UPDATES
from minigrad.types import Array

BLOCK = 256  # elements that one thread takes at least: lines of the cache stay whole
MOST_ARRAYS = 8
TINY = 512  # elements for which two calls of NumPy are cheaper than one of ours
GRAIN_BYTES = 1 << 18  # that are worth another thread
ELEMENTARY = frozenset(
    {'exp', 'expm1', 'log', 'log1p', 'tanh', 'sin', 'cos', 'erf', 'erfc'}
)
"""What is computed by `Elementary`, in float32 only: float64 stays NumPy's."""
ELEMENTARY_BYTES = 16  # of memory that take as long as one of these

_NOTHING = np.empty(0)
_SIGNS = {
    'greater': '>', 'greater_equal': '>=', 'less': '<', 'less_equal': '<=',
    'equal': '==', 'not_equal': '!=',
}  # fmt: skip
_f32, _f64, _i64 = ir.FloatType(), ir.DoubleType(), ir.IntType(64)
# first and last element, addresses of the arrays, numbers
_LOOP = ir.FunctionType(
    ir.VoidType(), [_i64, _i64, _i64.as_pointer(), _f64.as_pointer()]
)


class Loop:
    """The machine code of a formula for one dtype.

    Args:
        formula: The formula.
        char: ``'f'`` or ``'d'``.
        targets: Where each result goes: the place of an array among those that the loop
            is given. By default, results follow the inputs.

    Attributes:
        results: How many results there are.
        numbers: Names of the formula's numbers, in order.
        least: Elements for which it is faster than NumPy.
    """

    def __init__(
        self, formula: Formula, char: str, targets: tuple[int, ...] | None = None
    ) -> None:
        program = trace(formula, char)
        if targets is None:
            first = len(program.arrays)
            targets = tuple(range(first, first + len(program.results)))
        self._code = compiler().address(
            lambda name: _module(name, program, char, targets)
        )
        width = 4 if char == 'f' else 8
        self.results = len(program.results)
        self.numbers = program.numbers
        computed = [step for step in program.steps if step.operation in OPERATIONS]
        self.least = TINY if len(computed) <= 2 else 1
        slow = sum(step.operation in ELEMENTARY for step in program.steps)
        memory = width * max(len(program.arrays), max(targets) + 1)
        work = memory + slow * ELEMENTARY_BYTES
        self._grain = GRAIN_BYTES // (BLOCK * work) + 1  # blocks
        self._small = 2 * BLOCK * self._grain  # elements that one thread does as fast

    def __call__(self, arrays: list[Array], numbers: Array = _NOTHING) -> None:
        """Runs over arrays that are flat, contiguous and of one dtype and size.

        Args:
            arrays: As many as the formula takes and fills.
            numbers: Its numbers, float64.
        """
        size = arrays[0].size
        # `_run` is compiled for each length of the tuple: two suffice.
        room = 4 if len(arrays) <= 4 else MOST_ARRAYS
        given = (*arrays, *arrays[:1] * (room - len(arrays)))
        blocks = -(-size // BLOCK)
        if size < self._small:
            _run(0, blocks, 1, size, self._code, given, numbers)
        else:
            cut = share(blocks, self._grain)
            in_team(_run, cut, size, self._code, given, numbers)


@functools.cache
def loop_of(
    formula: Formula, char: str, targets: tuple[int, ...] | None = None
) -> Loop | None:
    """Returns the compiled loop of a formula; None where NumPy computes it as well."""
    if INTERPRETED or char not in 'fd':
        return None
    try:
        steps = trace(formula, char).steps
    except Exception:  # it does what only arrays can: then arrays do it
        return None
    if char == 'd' and any(step.operation in ELEMENTARY for step in steps):
        return None
    return Loop(formula, char, targets)


@functools.cache
def update(name: str, char: str) -> Loop | None:
    """Returns the loop of an optimizer's step: parameter, gradient, states."""
    row = UPDATES[name]
    return loop_of(row.formula, char, (0, *range(2, 2 + len(row.states))))


def call_nothing(*args: Any) -> None:
    """Stands for a call of machine code where nothing is compiled."""
    raise NotImplementedError('machine code, where nothing is compiled')


@intrinsic(call_nothing)
def _call(
    typing_context: Any, code: Any, first: Any, last: Any, table: Any, numbers: Any
) -> Any:
    """Calls a loop by its address."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        loop = builder.inttoptr(args[0], _LOOP.as_pointer())
        pointers = [
            context.make_array(kind)(context, builder, array).data
            for kind, array in zip(sig.args[3:], args[3:], strict=True)
        ]
        builder.call(loop, [*args[1:3], *pointers])
        return context.get_dummy_value()

    signature = types.void(types.int64, types.int64, types.int64, table, numbers)
    return signature, codegen


@jit
def _run(
    team: int, blocks: int, number: int,
    size: int, code: int, arrays: tuple[Array, ...], numbers: Array,
) -> None:  # fmt: skip
    """Calls the loop on pieces of the arrays."""
    offer(team)
    table = np.empty(len(arrays), np.int64)
    for i in range(len(arrays)):
        table[i] = arrays[i].ctypes.data
    for _, first, last in pieces(team, blocks, number):
        _call(code, first * BLOCK, min(size, last * BLOCK), table, numbers)


class _Compiler:
    """One engine for all loops; it owns their machine code."""

    def __init__(self) -> None:
        target = llvm.Target.from_default_triple()
        self.triple = target.triple
        machine = target.create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=3,
            jit=True,
        )
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(''), machine)
        self._lock = threading.Lock()
        self._count = 0

    def address(self, make: Callable[[str], Any]) -> int:
        """Compiles a module that has a function of a given name; returns where it is."""
        with self._lock:
            self._count += 1
            name = f'loop_{self._count}'
            module = llvm.parse_assembly(str(make(name)))
            module.triple = self.triple
            module.verify()
            self._engine.add_module(module)
            self._engine.finalize_object()
            address: int = self._engine.get_function_address(name)
        return address


@functools.cache
def compiler() -> _Compiler:
    """Returns the one of this process."""
    return _Compiler()


def _module(name: str, program: Program, char: str, targets: tuple[int, ...]) -> Any:
    """Returns the LLVM code of a loop over whole vectors, and one masked step."""
    module = ir.Module()
    loop = ir.Function(module, _LOOP, name)
    first, last, table, numbers = loop.args
    builder = ir.IRBuilder(loop.append_basic_block())
    element = _f32 if char == 'f' else _f64
    emit = Emitter(builder, element)

    def load_at(pointer: Any, i: int) -> Any:
        return builder.load(builder.gep(pointer, [emit.const(i)]))

    count = max(len(program.arrays), *[target + 1 for target in targets])
    bases = [
        builder.inttoptr(load_at(table, i), element.as_pointer()) for i in range(count)
    ]
    scalars = []
    for i in range(len(program.numbers)):
        value = load_at(numbers, i)
        scalars.append(builder.fptrunc(value, _f32) if char == 'f' else value)
    splats = [emit.splat(scalar) for scalar in scalars]

    def body(place: Any, mask: Any) -> None:
        values = evaluate(
            program, emit, lambda i: emit.load(emit.at(bases[i], place), mask), splats
        )
        for result, target in zip(program.results, targets, strict=True):
            emit.store(values[id(result)], emit.at(bases[target], place), mask)

    lanes = emit.const(emit.lanes)
    whole = builder.and_(builder.sub(last, first), emit.const(-emit.lanes))
    end = builder.add(first, whole)
    vectors, rest, done, finished = [
        loop.append_basic_block(name) for name in ('vectors', 'rest', 'done', 'end')
    ]
    entry = builder.block
    builder.cbranch(builder.icmp_signed('<', first, end), vectors, rest)
    builder.position_at_end(vectors)
    place = builder.phi(_i64)
    place.add_incoming(first, entry)
    body(place, None)
    following = builder.add(place, lanes)
    place.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed('<', following, end), vectors, rest)
    builder.position_at_end(rest)
    builder.cbranch(builder.icmp_signed('<', end, last), done, finished)
    builder.position_at_end(done)
    body(end, emit.mask(builder.sub(last, end)))
    builder.branch(finished)
    builder.position_at_end(finished)
    builder.ret_void()
    return module


def evaluate(
    program: Program, emit: Emitter, load: Callable[[int], Any], numbers: list[Any]
) -> dict[int, Any]:
    """Emits the steps of a program on vectors; returns their values by ``id``."""
    values: dict[int, Any] = {}
    for step in program.steps:
        if step.operation == 'array':
            value = load(step.operands[0])
        elif step.operation == 'number':
            value = numbers[step.operands[0]]
        elif step.operation == 'constant':
            value = emit.constant(step.operands[0])
        else:
            value = emit_step(emit, step, [values[id(o)] for o in step.operands])
        values[id(step)] = value
    return values


def emit_step(emit: Emitter, step: Step, args: list[Any]) -> Any:
    """Emits one operation on vectors."""
    b, operation = emit.builder, step.operation
    plain = {
        'add': b.fadd, 'subtract': b.fsub, 'multiply': b.fmul, 'divide': b.fdiv,
        'logical_and': b.and_, 'logical_or': b.or_, 'logical_not': b.not_,
        'negative': b.fneg, 'where': b.select,
    }  # fmt: skip
    if operation in plain:
        return plain[operation](*args)
    if operation in COMPARISONS:
        unlike = operation == 'not_equal'
        compare = b.fcmp_unordered if unlike else b.fcmp_ordered
        return compare(_SIGNS[operation], *args)
    if operation == 'isnan':
        return b.fcmp_unordered('uno', args[0], args[0])
    if operation in ('maximum', 'minimum'):  # a NaN wins, as it does in NumPy
        return chosen(emit, '>' if operation == 'maximum' else '<', *args)
    if operation in ELEMENTARY:
        return getattr(Elementary(b, emit.vector), operation)(*args)
    name = {'absolute': 'fabs'}.get(operation, operation)
    return emit.call(name, *args)


def chosen(emit: Emitter, sign: str, x: Any, y: Any) -> Any:
    """Emits the larger or the smaller of two vectors; a NaN wins."""
    b = emit.builder
    better = b.select(b.fcmp_ordered(sign, x, y), x, y)
    return b.select(b.fcmp_unordered('uno', x, x), x, better)

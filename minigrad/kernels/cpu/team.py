"""Threads that share a kernel without the GIL.

To hand work to a Python thread costs two fights over the GIL and, where the thread has
gone to sleep, 60 us: as much as a whole layer of a small network. Here the threads of
the team stay in compiled code. A kernel offers itself, its own machine code and its own
arguments, in a mailbox that they watch; whoever is there takes pieces off its range
until none is left; the caller leaves when the last has left. A thread that came late,
or not at all, did less, and what a piece computes does not depend on who computed it.

A kernel that can be shared takes ``team, size, number`` first and reads::

    offer(team)
    for index, first, last in pieces(team, size, number):
        ...

Every thread runs the whole of it with the same arguments but for `rank` of its team, by
which it finds its own work space. It must not raise.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

from minigrad.kernels import threads
from minigrad.kernels.cpu.jit import INTERPRETED, intrinsic, jit, jit_generator
from minigrad.types import Array

WATCH_SECONDS = 1e-3  # how long a thread without work watches the mailbox
BRIEF_SECONDS = 20e-6  # likewise, when there are more threads than cores
YIELD_TURNS = 64

# A mailbox is an array of numbers; words that different threads write are a cache line
# apart. Its address, a multiple of ALIGNMENT, plus a thread's rank is a `team`.
ALIGNMENT = 256
POSTED, OPEN, ACTIVE, NEXT, CODE, ARGUMENTS, TICKET, HELPERS = range(0, 64, 8)
WORDS = 64

_i8, _i32, _i64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _word(builder: Any, team: Any, word: Any) -> Any:
    """Returns a pointer to a word of the mailbox."""
    base = builder.and_(team, ir.Constant(_i64, -ALIGNMENT))
    place = builder.add(base, builder.shl(word, ir.Constant(_i64, 3)))
    return builder.inttoptr(place, _i64.as_pointer())


@intrinsic()
def _load(typing_context: Any, team: Any, word: Any) -> Any:
    """Reads a word of the mailbox from memory, each time anew."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        return builder.load_atomic(_word(builder, *args), 'seq_cst', 8)

    return types.int64(types.int64, types.int64), codegen


@intrinsic()
def _swap(typing_context: Any, team: Any, word: Any, value: Any) -> Any:
    """Writes a word, after everything before and before everything after."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        place = _word(builder, *args[:2])
        return builder.atomic_rmw('xchg', place, args[2], 'seq_cst')

    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic()
def _add(typing_context: Any, team: Any, word: Any, value: Any) -> Any:
    """Adds to a word; returns what it was."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        place = _word(builder, *args[:2])
        return builder.atomic_rmw('add', place, args[2], 'seq_cst')

    return types.int64(types.int64, types.int64, types.int64), codegen


@intrinsic()
def _yield(typing_context: Any) -> Any:
    """Lets another thread run that waits for this core."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        if os.name == 'posix':
            yields = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(_i32, []), 'sched_yield'
            )
            builder.call(yields, [])
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic()
def _pause(typing_context: Any) -> Any:
    """Tells the core that this is a loop of waiting.

    A thread that shares the core, as two "CPUs" often do, then runs at full speed.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        name, hint = '', []
        if platform.machine() in ('x86_64', 'AMD64'):
            name = 'llvm.x86.sse2.pause'
        elif platform.machine() in ('aarch64', 'arm64'):
            name, hint = 'llvm.aarch64.hint', [ir.Constant(_i32, 1)]  # yield
        if name:
            pause_type = ir.FunctionType(ir.VoidType(), [_i32] * len(hint))
            pause = cgutils.get_or_insert_function(builder.module, pause_type, name)
            builder.call(pause, hint)
        return context.get_dummy_value()

    return types.void(), codegen


def _offer_nothing(team: int) -> None:
    """Nothing to share: Python runs one thread at a time."""


@intrinsic(_offer_nothing)
def offer(typing_context: Any, team: Any) -> Any:
    """Puts the kernel that contains this, with its arguments, into the mailbox.

    Only if it runs as the caller of a team, not as a helper and not alone.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        kernel, (team,) = builder.function, args
        # Where to put the result and an error, the team, then all others.
        result, error, _, *others = kernel.args
        packed_type = ir.LiteralStructType([arg.type for arg in others])
        packed = cgutils.alloca_once(builder, packed_type)

        # What a helper calls: unpacks the arguments and puts its own team in front.
        entry_type = ir.FunctionType(ir.VoidType(), [_i8.as_pointer(), _i64])
        entry = ir.Function(builder.module, entry_type, f'{kernel.name}.helper')
        entry.linkage = 'internal'
        inner = ir.IRBuilder(entry.append_basic_block())
        source = inner.bitcast(entry.args[0], packed_type.as_pointer())
        own = [inner.bitcast(inner.alloca(_i64), arg.type) for arg in (result, error)]
        own.append(entry.args[1])
        for i in range(len(others)):
            own.append(inner.load(cgutils.gep_inbounds(inner, source, 0, i)))
        inner.call(kernel, own, attrs=('noinline',))
        inner.ret_void()

        def word(number: int) -> Any:
            return _word(builder, team, ir.Constant(_i64, number))

        rank = builder.and_(team, ir.Constant(_i64, ALIGNMENT - 1))
        nobody = builder.icmp_signed('==', team, ir.Constant(_i64, 0))
        helper = builder.icmp_signed('!=', rank, ir.Constant(_i64, 0))
        with builder.if_then(builder.not_(builder.or_(nobody, helper))):
            for i, arg in enumerate(others):
                builder.store(arg, cgutils.gep_inbounds(builder, packed, 0, i))
            builder.store(builder.ptrtoint(entry, _i64), word(CODE))
            builder.store(builder.ptrtoint(packed, _i64), word(ARGUMENTS))
            builder.store(ir.Constant(_i64, 0), word(NEXT))
            ticket = builder.load(word(TICKET))
            for number in (OPEN, POSTED):
                builder.atomic_rmw('xchg', word(number), ticket, 'seq_cst')
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@intrinsic()
def _call(typing_context: Any, code: Any, arguments: Any, team: Any) -> Any:
    """Calls what `offer` has put into the mailbox."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        entry_type = ir.FunctionType(ir.VoidType(), [_i8.as_pointer(), _i64])
        entry = builder.inttoptr(args[0], entry_type.as_pointer())
        builder.call(entry, [builder.inttoptr(args[1], _i8.as_pointer()), args[2]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@jit
def rank(team: int) -> int:
    """Returns which thread of the team this is; the caller is 0."""
    return team & (ALIGNMENT - 1)


@jit
def _wait(team: int) -> None:
    """Takes the offer back, and waits until nobody works on it any more."""
    _swap(team, OPEN, 0)
    turn = 0
    while _load(team, ACTIVE) != 0:
        turn += 1
        _pause()
        if turn % YIELD_TURNS == 0:
            _yield()


@jit_generator
def pieces(team: int, size: int, number: int) -> Iterator[tuple[int, int, int]]:
    """Yields index, first and last of those pieces of a range that fall to this thread.

    The caller's last turn ends when all pieces are done.
    """
    if team == 0:
        for index in range(number):
            yield index, size * index // number, size * (index + 1) // number
    else:
        index = _add(team, NEXT, 1)
        while index < number:
            yield index, size * index // number, size * (index + 1) // number
            index = _add(team, NEXT, 1)
        if rank(team) == 0:
            _wait(team)


@jit
def _help(team: int, seen: int, turns: int) -> int:
    """Helps with what is posted, until nothing has come for a number of turns.

    Returns the last ticket that it has seen.
    """
    turn = 0
    while turn < turns:
        ticket = _load(team, POSTED)
        if ticket == seen:
            turn += 1
            _pause()
            if turn % YIELD_TURNS == 0:
                _yield()
            continue
        seen = ticket
        turn = 0
        if rank(team) > _load(team, HELPERS):
            continue
        _add(team, ACTIVE, 1)
        if _load(team, OPEN) == ticket:
            _call(_load(team, CODE), _load(team, ARGUMENTS), team)
        _add(team, ACTIVE, -1)
    return seen


class _Team:
    """A mailbox, and the daemon threads that watch it; started when first needed."""

    def __init__(self) -> None:
        room = np.zeros(WORDS + ALIGNMENT // 8, np.int64)
        start = -room.ctypes.data % ALIGNMENT // 8
        self.mailbox = room[start : start + WORDS]
        self.address = self.mailbox.ctypes.data
        self.busy = threading.Lock()  # held by the user thread whose kernel is shared
        self.ticket = 0
        self.alarms: list[threading.Lock] = []  # a thread sleeps on its own
        self.asleep: set[int] = set()
        self.turn_seconds = 0.0

    def open(self, helpers: int) -> None:
        """Prepares the mailbox, and wakes who is needed."""
        mailbox = self.mailbox
        self.ticket += 1
        mailbox[TICKET] = self.ticket
        mailbox[HELPERS] = helpers
        while len(self.alarms) < helpers:
            self._start_()
        if self.asleep:
            # Not a loop over the set: a helper that falls asleep changes it meanwhile.
            for number in range(1, helpers + 1):
                if number in self.asleep:
                    self.asleep.discard(number)
                    if self.alarms[number - 1].locked():
                        self.alarms[number - 1].release()

    def close(self) -> None:
        """Waits until nobody is at work, should the kernel not have done so."""
        mailbox = self.mailbox
        mailbox[OPEN] = 0
        while mailbox[ACTIVE]:
            time.sleep(1e-5)

    def _start_(self) -> None:
        if not self.turn_seconds:
            _help(self.address, 0, 1)  # compiled
            start = time.perf_counter()
            _help(self.address, 0, 10_000)
            self.turn_seconds = (time.perf_counter() - start) / 10_000
        alarm = threading.Lock()
        alarm.acquire()
        self.alarms.append(alarm)
        threading.Thread(
            target=self._serve, args=(len(self.alarms),), name='minigrad', daemon=True
        ).start()

    def _serve(self, number: int) -> None:
        mailbox, alarm = self.mailbox, self.alarms[number - 1]
        seen = 0
        while True:
            seconds = WATCH_SECONDS if threads.cores_suffice() else BRIEF_SECONDS
            turns = int(seconds / self.turn_seconds)
            seen = _help(self.address + number, seen, turns)
            self.asleep.add(number)
            if mailbox[POSTED] == seen:
                alarm.acquire()
            self.asleep.discard(number)


_team = _Team()


def _start_anew() -> None:
    """In a forked child: nobody watches its copy of the mailbox."""
    global _team
    _team = _Team()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_start_anew)


class Share(NamedTuple):
    """How a range is cut up."""

    size: int
    number: int  # of pieces
    threads: int  # that may take part


def share(size: int, grain: int, number: int | None = None) -> Share:
    """Returns how to cut up a range.

    Args:
        size: Length of the range.
        grain: Length that is worth another thread.
        number: Number of pieces; by default a few per thread, for whoever is free.
    """
    many = min(threads.count_pieces(size, grain), ALIGNMENT)
    if number is None:
        number = many if many == 1 else threads.count_shares(size, grain, many)
    return Share(size, number, many)


def workspace(key: str, size: int, dtype: Any, rows: int) -> Array:
    """Returns work space with a row for each thread, content undefined, rows aligned."""
    size = -(-size // ALIGNMENT) * ALIGNMENT
    array = threads.scratch(key, rows * size, dtype)
    return array[: rows * size].reshape(rows, size)


def in_team(kernel: Callable[..., object], cut: Share, *args: Any) -> None:
    """Calls ``kernel(team, size, number, *args)`` in as many threads as may take part.

    If another user's thread has the team, the kernel runs in this thread alone.
    """
    size, number, many = cut
    team = _team
    if many == 1 or INTERPRETED or not team.busy.acquire(blocking=False):
        kernel(0, size, number, *args)
        return
    try:
        team.open(many - 1)
        kernel(team.address, size, number, *args)
    finally:
        team.close()
        team.busy.release()

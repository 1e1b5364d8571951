"""Waiting for a number in memory to change, without the GIL and without sleeping."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils

from minigrad.kernels.cpu.jit import intrinsic, jit
from minigrad.kernels.threads import Spinner
from minigrad.types import Array

WATCH_SECONDS = 200e-6
# Who has seen the change lets the other thread give the GIL back: to find it taken
# means to sleep for it.
COURTESY_SECONDS = 6e-6
YIELD_TURNS = 2048


@intrinsic
def _load(typing_context: Any, flag: Any) -> Any:
    """Reads ``flag[0]`` from memory, each time anew."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        data = context.make_array(flag)(context, builder, args[0]).data
        data = builder.bitcast(data, ir.IntType(64).as_pointer())
        return builder.load_atomic(data, 'acquire', 8)

    return types.int64(flag), codegen


@intrinsic
def _store(typing_context: Any, flag: Any, value: Any) -> Any:
    """Writes ``flag[0]`` after everything before."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        data = context.make_array(flag)(context, builder, args[0]).data
        data = builder.bitcast(data, ir.IntType(64).as_pointer())
        builder.store_atomic(args[1], data, 'release', 8)
        return context.get_dummy_value()

    return types.void(flag, types.int64), codegen


@intrinsic
def _yield(typing_context: Any) -> Any:
    """Lets another thread run that waits for this core, as its own waker may be."""

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        if os.name == 'posix':
            signature = ir.FunctionType(ir.IntType(32), [])
            function = cgutils.get_or_insert_function(
                builder.module, signature, 'sched_yield'
            )
            builder.call(function, [])
        return context.get_dummy_value()

    return types.void(), codegen


@jit
def _watch(
    told: Array, flag: Array, value: int, tell: bool, turns: int, courtesy: int
) -> None:
    """Returns when ``flag`` has changed and some turns more, or after ``turns``."""
    if tell:
        _store(told, 1)
    for turn in range(turns):
        if _load(flag) != value:
            for _ in range(courtesy):
                _load(told)
            break
        if turn % YIELD_TURNS == YIELD_TURNS - 1:
            _yield()


class BusySpinner(Spinner):
    """Watches a flag for a short while."""

    ready = True

    def __init__(self) -> None:
        never = np.zeros(1, np.int64)
        _watch(never, never, 0, False, 1, 0)  # compiled
        start = time.perf_counter()
        _watch(never, never, 0, False, 100_000, 0)
        turn = (time.perf_counter() - start) / 100_000
        self._turns = int(WATCH_SECONDS / turn)
        self._courtesy = int(COURTESY_SECONDS / turn)

    def new_flag(self) -> Array:
        """See `Spinner.new_flag`."""
        return np.zeros(1, np.int64)

    def wait(self, flag: Array, value: int) -> None:
        """See `Spinner.wait`."""
        _watch(flag, flag, value, False, self._turns, 0)

    def tell_and_wait(self, told: Array, flag: Array, value: int) -> None:
        """See `Spinner.tell_and_wait`."""
        _watch(told, flag, value, told is not flag, self._turns, self._courtesy)

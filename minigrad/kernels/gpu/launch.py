"""Compiles kernels when they are first needed, and launches them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from minigrad.kernels.gpu.elementwise import ELEMENTWISE
from minigrad.kernels.gpu.raw import RAW, THREADS, prelude
from minigrad.kernels.gpu.table import source

# Enough blocks to fill any card; the kernels loop over the remaining elements.
MOST_BLOCKS = 1 << 16


class Launcher:
    """The compiled kernels of one program, by name and types.

    CuPy keeps what it compiled on disk, and loads it into each device that asks.

    Args:
        cupy: The ``cupy`` module.
    """

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self._raw: dict[tuple[str, str, str], Any] = {}
        self._elementwise: dict[tuple[str, str], Any] = {}

    def raw(self, module: str, name: str, dtype: Any, parameter_dtype: Any) -> Any:
        """Returns a kernel of a module in ``raw.py``, compiled for two types."""
        key = name, dtype.char, parameter_dtype.char
        kernel = self._raw.get(key)
        if kernel is None:
            code = prelude(*key[1:]) + RAW[module]
            compiled = self._cupy.RawModule(code=code, options=('--std=c++17',))
            kernel = self._raw[key] = compiled.get_function(name)
        return kernel

    def each(self, module: str, name: str, like: Any, size: int, *args: Any) -> None:
        """Launches a kernel that loops over ``size`` elements; they follow the arrays.

        Args:
            module: Name in `RAW`.
            name: Name of the kernel.
            like: Array whose dtype is ``T``.
            size: Number of elements.
            args: Arrays, then numbers: ints become ``int``, floats become ``A``.
        """
        if size == 0:
            return
        kernel = self.raw(module, name, like.dtype, like.dtype)
        arrays = [a for a in args if not isinstance(a, (int, float))]
        numbers = numbers_of(like.dtype, args[len(arrays) :])
        blocks = min(-(-size // THREADS), MOST_BLOCKS)
        kernel((blocks,), (THREADS,), (*arrays, np.int64(size), *numbers))

    def rows(
        self,
        module: str,
        name: str,
        like: Any,
        rows: int,
        *args: Any,
        threads: int = THREADS,
        parameter_dtype: Any = None,
    ) -> None:
        """Launches one block of ``threads`` for each row."""
        if rows == 0:
            return
        other = like.dtype if parameter_dtype is None else parameter_dtype
        kernel = self.raw(module, name, like.dtype, other)
        kernel((rows,), (threads,), tuple(numbers_of(like.dtype, args)))

    def of_many(self, name: str, dtype: str, other: str) -> Any:
        """Returns a kernel of ``table.py`` for the dtypes of ``T`` and ``G``."""
        key = f'of_many {name}', dtype, other
        kernel = self._raw.get(key)
        if kernel is None:
            code = source(name, dtype, other)
            compiled = self._cupy.RawModule(code=code, options=('--std=c++17',))
            kernel = self._raw[key] = compiled.get_function('of_many')
        return kernel

    def elementwise(self, name: str, *args: Any) -> None:
        """Launches a kernel of ``elementwise.py``: its inputs, then its outputs.

        CuPy finds the types of letters from arrays alone, never from numbers, so the
        numbers' type is written out: a kernel for each.
        """
        kind = np.dtype(wide(args[0].dtype)).name
        kernel = self._elementwise.get((name, kind))
        if kernel is None:
            inputs, outputs, body = ELEMENTWISE[name]
            kernel = self._elementwise[name, kind] = self._cupy.ElementwiseKernel(
                re.sub(r'\bA ', f'{kind} ', inputs),
                outputs,
                body,
                f'minigrad_{name}',
                preamble=f'typedef {"double" if kind == "float64" else "float"} A;',
            )
        kernel(*args)


def wide(dtype: Any) -> Any:
    """Returns the type of ``A``: at least float32."""
    return np.float64 if dtype == np.float64 else np.float32


def numbers_of(dtype: Any, args: Any) -> list[Any]:
    """Gives Python's numbers the types that the sources declare: ``int`` and ``A``."""
    kind = wide(dtype)
    return [
        np.int32(a) if isinstance(a, int) else kind(a) if isinstance(a, float) else a
        for a in args
    ]


def threads_for(length: int) -> int:
    """Returns a power of two: threads that share a row of this length."""
    threads = 32
    while threads < min(length, THREADS):
        threads *= 2
    return threads

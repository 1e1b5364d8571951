"""Updates of many parameters, collected and made by few launches."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cupy_gpu import CupyKernels
from minigrad.kernels.gpu.raw import THREADS
from minigrad.kernels.gpu.table import ROWS, fill, n_numbers
from minigrad.types import Array

# device, name of the update, dtypes, numbers
_Key = tuple[int, str, str, str, tuple[float, ...]]


class Together(CupyKernels):
    """The optimizers' kernels, which wait here until `flush`.

    What is cast or divided before the updates, or cast after them, has a launch of its
    own for all parameters. Parameters share a launch if their dtypes and numbers are
    equal; with ``varying`` numbers may differ, too.

    Args:
        kernels: The set whose compiled programs are used.
        varying: Whether the launches read their numbers from the device, so that a
            recorded launch can be replayed with others.

    Attributes:
        given: The numbers of each call so far, in order; empty tuples left out.
        numbers: With ``varying``, the array on the device that `flush` makes and
            `write` fills.
    """

    def __init__(self, kernels: CupyKernels, varying: bool = False) -> None:
        # Not initialised as a set of its own: it computes with another's programs.
        self.xp = kernels.xp
        self.launch = kernels.launch
        self.given: list[tuple[float, ...]] = []
        self.numbers: Array = None
        self._varying = varying
        self._places: dict[int, int] = {}  # of a call's numbers
        self._stages: list[dict[_Key, list[tuple[int, tuple[Array, ...]]]]] = []
        self._forget()

    def _forget(self) -> None:
        self._stages = [{}, {}, {}, {}]

    def _update(
        self, name: str, grad: Array, numbers: tuple[float, ...], *arrays: Array
    ) -> None:
        self._add(2, name, numbers, grad, *arrays)

    def cast(self, x: Array, y: Array, *, afterwards: bool = False) -> None:
        """Fills y with the values of x, before or after the updates."""
        self._add(3 if afterwards else 0, 'cast', (), x, y)

    def divide(self, x: Array, scale: float) -> None:
        """Divides x by a number, before the updates and after the first casts."""
        self._add(1, 'divide', (scale,), x)

    def _add(
        self, stage: int, name: str, numbers: tuple[float, ...], *arrays: Array
    ) -> None:
        if arrays[0].size == 0:
            return
        device = self.xp.cuda.runtime.getDevice()
        dtypes = arrays[0].dtype.char, arrays[-1].dtype.char
        key = device, name, *dtypes, () if self._varying else numbers
        row = len(self.given), arrays
        self._stages[stage].setdefault(key, []).append(row)
        if numbers:
            self.given.append(numbers)

    def flush(self) -> None:
        """Launches what waits, in the order in which its results are needed."""
        stages = self._stages
        self._forget()
        if self._varying:
            self.numbers = self.xp.empty(sum(map(len, self.given)), np.float64)
        place = 0
        for stage in stages:
            for (device, name, dtype, other, numbers), rows in stage.items():
                with self.xp.cuda.Device(device):
                    kernel = self.launch.of_many(name, dtype, other)
                    for first in range(0, len(rows), ROWS):
                        some = rows[first : first + ROWS]
                        table, blocks = fill([arrays for _, arrays in some])
                        table['number'][0, : len(numbers)] = numbers
                        if self._varying and n_numbers(name):
                            table['varying'] = self.numbers[place:].data.ptr
                            for call, _ in some:
                                self._places[call] = place
                                place += n_numbers(name)
                        kernel((blocks,), (THREADS,), (table,))

    def write(self, given: list[tuple[float, ...]]) -> None:
        """Sends the numbers of a replay to the device, in the order of the calls."""
        host = np.empty(self.numbers.size)
        for call, numbers in enumerate(given):
            place = self._places[call]
            host[place : place + len(numbers)] = numbers
        self.numbers.set(host, self.xp.cuda.get_current_stream())

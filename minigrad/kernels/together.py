"""Updates of many parameters, collected and run in a few launches."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.updates import UPDATES
from minigrad.types import Array

# device, what is done, dtypes, numbers
_Key = tuple[int, str, str, str, tuple[float, ...]]


class Together:
    """Optimizers' steps that wait here until `flush`.

    What is cast or divided before the updates, or cast after them, has a launch of its
    own for all parameters. Parameters share a launch if their dtypes and numbers are
    equal; with ``varying`` numbers may differ, too.

    Args:
        kernels: The set that makes the launches, by its method ``launch_many``.
        varying: Whether the launches read their numbers from the device, so that a
            recorded launch can be replayed with others.

    Attributes:
        given: The numbers of each call so far, in order; empty tuples left out.
        numbers: With ``varying``, the array on the device that `flush` makes and
            `write` fills.
    """

    def __init__(self, kernels: Any, varying: bool = False) -> None:
        self._kernels = kernels
        self.given: list[tuple[float, ...]] = []
        self.numbers: Array = None
        self._varying = varying
        self._places: dict[int, int] = {}  # of a call's numbers
        self._stages: list[dict[_Key, list[tuple[int, tuple[Array, ...]]]]] = []
        self._forget()

    def _forget(self) -> None:
        self._stages = [{}, {}, {}, {}]

    def update(
        self,
        name: str,
        param: Array,
        grad: Array,
        *states: Array,
        **hyperparameters: Any,
    ) -> None:
        """Makes a step of an optimizer, as `Kernels.update` does, later."""
        numbers = tuple(UPDATES[name].numbers(**hyperparameters).values())
        self._add(2, name, numbers, grad, param, *states)

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
        device = self._kernels.xp.cuda.runtime.getDevice()
        dtypes = arrays[0].dtype.char, arrays[-1].dtype.char
        key = device, name, *dtypes, () if self._varying else numbers
        row = len(self.given), arrays
        self._stages[stage].setdefault(key, []).append(row)
        if numbers:
            self.given.append(numbers)

    def flush(self) -> None:
        """Launches what waits, in the order in which its results are needed."""
        xp, stages = self._kernels.xp, self._stages
        self._forget()
        if self._varying:
            # They are written before a replay. In the recording's own memory, what an
            # earlier kernel of the same replay computes could lie there first.
            with xp.cuda.using_allocator(xp.get_default_memory_pool().malloc):
                self.numbers = xp.empty(sum(map(len, self.given)), np.float64)
        place = 0
        for stage in stages:
            for (device, name, dtype, other, numbers), rows in stage.items():
                varying = None
                count = self._kernels.count_numbers(name)
                if self._varying and count:
                    varying = self.numbers[place:]
                    for call, _ in rows:
                        self._places[call] = place
                        place += count
                with xp.cuda.Device(device):
                    self._kernels.launch_many(
                        name, dtype, other, [arrays for _, arrays in rows],
                        numbers, varying,
                    )  # fmt: skip

    def write(self, given: list[tuple[float, ...]]) -> None:
        """Sends the numbers of a replay to the device, in the order of the calls."""
        host = np.empty(self.numbers.size)
        for call, numbers in enumerate(given):
            place = self._places[call]
            host[place : place + len(numbers)] = numbers
        self.numbers.set(host, self._kernels.xp.cuda.get_current_stream())

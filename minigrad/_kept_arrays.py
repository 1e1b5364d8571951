"""Arrays that a function keeps for backward, and that the program changes meanwhile.

In debug mode the contents of all of them are compared, and a change is an error. Without
it a graph is looked at now and then, at a part of large arrays, and a change is a warning:
after each look comes a pause of 500 times as long, so that it takes 0.2 % of the time. A
program that does it in every step is told within a second, a line in a notebook at once.
"""

from __future__ import annotations

import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from math import gcd
from time import perf_counter
from typing import TYPE_CHECKING

import numpy

from minigrad import backend
from minigrad.configuration import config
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode
    from minigrad.variable import VariableNode

_PAUSE = 500  # times as long as what was spent on looking
_FUNCTIONS = 1000  # of one graph: one that is never walked backwards costs no more
_WHOLE = 16 * 1024  # bytes that are compared as a whole
_SAMPLE = 1024  # elements of larger arrays
_PACKAGES = (
    __package__,
    f'{__package__}.training',
)  # whose frames are not the program's


class Watch:
    """When functions note what they keep outside of debug mode.

    Attributes:
        left: How many functions are still to do so; 0 during a pause.
        again: When the pause ends.
    """

    def __init__(self) -> None:
        self.left = 0
        self.again = 0.0
        self._spent = 0.0

    def note(self, function: FunctionNode) -> None:
        """Notes what a function keeps, as one of those that are looked at."""
        begun = perf_counter()
        _note(function, _mark)
        self._spent += perf_counter() - begun
        self.left = _FUNCTIONS if self.left == 0 else self.left - 1
        if self.left == 0:
            self.pause()

    def pause(self) -> None:
        """Looks away for a while: the graph was walked backwards, or is too long."""
        # Backward has looked a second time, which took as long.
        self.left = 0
        self.again = perf_counter() + 2 * _PAUSE * self._spent
        self._spent = 0.0


watch = Watch()


def note_kept(function: FunctionNode) -> None:
    """Notes what a function keeps: in debug mode, or if it is looked at now."""
    if config.debug:
        _note(function, _checksum)
    elif watch.left or (function.rank == 0 and perf_counter() > watch.again):
        watch.note(function)


def _note(function: FunctionNode, look: Callable[[Array], int]) -> None:
    function._contents_ = tuple(
        [(name, array, look(array), look) for name, array in _kept(function)]
    )


def _kept(function: FunctionNode) -> Iterator[tuple[str, Array]]:
    """Yields the names and arrays of what a function keeps.

    Parameters are left out: an optimizer may change them before another backward, as
    the updaters of GANs do.
    """
    inputs = function.inputs or ()
    names = function._names_(inputs)
    for i, array in zip(
        function._input_indexes_to_retain, function._retained_inputs_, strict=True
    ):
        if not hasattr(inputs[i].get_variable_or_none(), 'update_rule'):
            yield names[i], array
    for i, array in enumerate(function._retained_outputs_ or ()):
        yield f'output {i}', array


def check_kept(function: FunctionNode, debug: bool) -> None:
    """Looks whether the arrays that a function has noted were changed since forward.

    Args:
        function: Whose backward is about to run.
        debug: Whether a change is an error.

    Raises:
        RuntimeError: In debug mode, an array was changed.
    """
    for name, array, before, look in function._contents_:
        if look(array) == before:
            continue
        if array.base is not None and _is_part_of_parameter(array, function.inputs):
            continue
        text = (
            f'{function.public_name}: {name}, {array.dtype} {array.shape}, was changed '
            'in place between forward and backward, so that gradients would be wrong'
            '\n  hint: make a new array, x = x * 2, in place of x *= 2 or x[...] = y'
        )
        if debug:
            raise RuntimeError(text)
        function._contents_ = ()
        warnings.warn(text, stacklevel=_outside())


def _is_part_of_parameter(array: Array, nodes: tuple[VariableNode, ...] | None) -> bool:
    """Tells whether an array is a view of a parameter, which an optimizer changed."""
    found, seen = list(nodes or ()), set()
    while found:
        node = found.pop()
        if node in seen:
            continue
        seen.add(node)
        variable = node.get_variable_or_none()
        if variable is not None and hasattr(variable, 'update_rule'):
            if numpy.may_share_memory(array, variable.array):
                return True
        elif node.creator_node is not None:
            found.extend(node.creator_node.inputs or ())
    return False


def _outside() -> int:
    """Returns how many frames lie between `check_kept` and the program, with both."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get('__package__') in _PACKAGES:
        frame, level = frame.f_back, level + 1
    return level


def _checksum(array: Array) -> int:
    whole = numpy.ascontiguousarray(backend.CpuDevice().send(array))
    return zlib.crc32(whole.tobytes())


def _mark(array: Array) -> int:
    """Returns a number that a change of the array changes, most probably.

    An array on a GPU is not looked at: the program would wait for it.
    """
    if array.__class__ is not numpy.ndarray:
        return 0
    if array.nbytes <= _WHOLE:
        return zlib.crc32(array.tobytes())
    # Without a common divisor, so that each column of a matrix has its turn.
    step = array.size // _SAMPLE + 1
    while gcd(step, array.size) > 1:
        step += 1
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    return zlib.crc32(flat[::step].tobytes())

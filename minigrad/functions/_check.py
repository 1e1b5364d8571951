"""Rules about inputs for functions that are made of others and have no node."""

from __future__ import annotations

from typing import Any

from minigrad.backend import is_array
from minigrad.errors import InvalidType
from minigrad.input_hints import conversion
from minigrad.suggestions import shown
from minigrad.variable import Variable, as_variable


def array_of(function: str, name: str, x: Any) -> Variable:
    """Returns an input as a Variable, or refuses it in the name of a function.

    Raises:
        TypeError: It is neither an array nor a Variable.
    """
    if not isinstance(x, Variable) and not is_array(x):
        raise TypeError(
            f'{function}: expected {name} as an array or a Variable, got {shown(x)}\n'
            f'  hint: {conversion(x)}'
        )
    return as_variable(x)


def list_of(function: str, name: str, xs: Any) -> list[Variable]:
    """Returns a list or tuple of inputs as Variables, or refuses it.

    Raises:
        TypeError: It is no list or tuple, or something in it is no array.
    """
    if not isinstance(xs, (list, tuple)):
        raise TypeError(
            f'{function}: expected {name} as a list of arrays, got {shown(xs)}'
        )
    return [array_of(function, f'{name}[{i}]', x) for i, x in enumerate(xs)]


class Checker:
    """Refuses inputs in the name of a function.

    Args:
        function: Its public name.
        inputs: Its inputs by name, which a message lists; None for one left out.
    """

    def __init__(self, function: str, **inputs: Any) -> None:
        given = {
            name: as_variable(x).array for name, x in inputs.items() if x is not None
        }
        self._function = function
        self._names_ = tuple(given)
        self._values = tuple(given.values())

    def refuse(self, rule: str, got: Any, hint: str | None = None) -> InvalidType:
        """Returns the error for a broken rule; see `FunctionNode.refuse`."""
        error = InvalidType.refusal(self._function, rule, got, hint)
        error.list_inputs(self._names_, self._values)
        return error

    def float_with_axes(self, **ndims: int) -> None:
        """Refuses inputs that are not float arrays with these numbers of axes."""
        for name, ndim in ndims.items():
            x = self._values[self._names_.index(name)]
            if x.dtype.kind != 'f':
                raise self.refuse(f"{name}.dtype.kind == 'f'", x.dtype)
            if x.ndim != ndim:
                raise self.refuse(f'{name}.ndim == {ndim}', x.ndim)

"""Rules about inputs for functions that are made of others and have no node."""

from __future__ import annotations

from typing import Any

from minigrad.errors import InvalidType, expectation
from minigrad.variable import as_array


class Checker:
    """Refuses inputs in the name of a function.

    Args:
        function: Its public name.
        inputs: Its inputs by name, which a message lists; None for one left out.
    """

    def __init__(self, function: str, **inputs: Any) -> None:
        given = {name: as_array(x) for name, x in inputs.items() if x is not None}
        self._function = function
        self._names = tuple(given)
        self._values = tuple(given.values())

    def expect(self, ok: bool, rule: str, got: Any, hint: str | None = None) -> None:
        """Raises `InvalidType` unless ``ok``; see `FunctionNode.expect`."""
        if not ok:
            text = expectation(
                self._function, rule, got, self._names, self._values, hint
            )
            raise InvalidType(text)

    def float_with_axes(self, **ndims: int) -> None:
        """Refuses inputs that are not float arrays with these numbers of axes."""
        for name, ndim in ndims.items():
            x = self._values[self._names.index(name)]
            self.expect(x.dtype.kind == 'f', f"{name}.dtype.kind == 'f'", x.dtype)
            self.expect(x.ndim == ndim, f'{name}.ndim == {ndim}', x.ndim)

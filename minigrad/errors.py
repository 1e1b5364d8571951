"""The errors that minigrad raises for bad inputs, and how they read.

Every message names the public function, says what was expected and what came,
and lists all inputs, so that it can be understood without a debugger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.input_hints import hint_for


class InvalidType(TypeError):
    """An input has the wrong rank, shape, dtype or number of elements.

    Args:
        expect: The message; or, beside ``actual``, what should hold.
        actual: What is there instead.
        msg: The message, if it says more than these two.

    Example:
        >>> try:
        ...     F.max_pooling_2d(np.zeros((8, 784), 'f'), 2)
        ... except minigrad.errors.InvalidType as e:
        ...     print(e)
        max_pooling_2d: expected x.ndim == 4 (N, C, H, W), got 2
          x   float32 (8, 784)  numpy
    """

    _lists_inputs = True

    def __init__(self, expect: Any, actual: Any = None, msg: str | None = None) -> None:
        if msg is None:
            msg = expect if actual is None else f'Expect: {expect}\nActual: {actual}'
        super().__init__(msg)
        self.expect = expect
        self.actual = actual

    @classmethod
    def refusal(
        cls, function: str, rule: str, got: Any, hint: str | None = None
    ) -> InvalidType:
        """Returns the error for a broken rule; `list_inputs` adds the inputs to it.

        Args:
            function: Public name of the function that refuses.
            rule: The rule as text, such as ``'x.ndim == 4 (N, C, H, W)'``.
            got: The value that broke it.
            hint: What to do about it.
        """
        text = f'{function}: expected {rule}, got {got}'
        if hint is not None:
            text += f'\n  hint: {hint}'
        error = cls(rule, got, text)
        error._lists_inputs = False
        return error

    def list_inputs(self, names: Sequence[str], values: Sequence[Any]) -> None:
        """Adds the inputs to the message of a `refusal`, once."""
        if not self._lists_inputs:
            self._lists_inputs = True
            if values:
                text = str(self)
                hint = hint_for(names, values, '\n  hint: ' in text)
                if hint is not None:
                    text += f'\n  hint: {hint}'
                self.args = (f'{text}\n{describe(names, values)}',)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.expect, self.actual, self.args[0])


class DeviceMismatch(TypeError):
    """Arrays of different devices or array modules met in one function."""


def describe(names: Sequence[str], values: Sequence[Any]) -> str:
    """Returns one line per value: its name, dtype, shape and array module.

    >>> print(describe(('x', 'W'), (np.zeros((2, 3), 'f'), np.zeros(3))))
      x   float32 (2, 3)  numpy
      W   float64 (3,)    numpy
    """
    rows = []
    for i, value in enumerate(values):
        name = names[i] if i < len(names) else f'input {i}'
        if value is None:
            rows.append((name, 'None', ''))
        elif hasattr(value, 'dtype') and hasattr(value, 'shape'):
            module = type(value).__module__.partition('.')[0]
            rows.append((name, f'{value.dtype} {tuple(value.shape)}', module))
        else:
            rows.append((name, type(value).__name__, ''))
    name_width = max([len(row[0]) for row in rows], default=0) + 2
    kind_width = max([len(row[1]) for row in rows], default=0) + 2
    return '\n'.join(
        f'  {name:<{name_width}} {kind:<{kind_width}}{module}'.rstrip()
        for name, kind, module in rows
    )

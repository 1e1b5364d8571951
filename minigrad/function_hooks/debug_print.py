"""What goes into each function."""

from __future__ import annotations

import sys
import warnings
from typing import Any, TextIO

from minigrad.backend import get_array_module
from minigrad.function_hook import FunctionHook
from minigrad.types import Array
from minigrad.variable import Variable


class PrintHook(FunctionHook):
    """Prints the inputs, and in backward the gradients, of every function.

    Args:
        sep: Deprecated and ignored.
        end: Written after every entry.
        file: Stream to write to; None is ``sys.stdout``.
        flush: Flush the stream after every function.

    Source: compatible with chainer.function_hooks.PrintHook.

    Example:
        >>> from minigrad.function_hooks import PrintHook
        >>> with PrintHook():  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
        ...     y = F.relu(np.ones(3, 'f'))
        function ReLU
        input data
        <variable at 0x...>
        - device: ...
        - backend: <class 'numpy.ndarray'>
        - shape: (3,)
        - dtype: float32
        - statistics: mean=1.00000000, std=0.00000000
        - grad: None
    """

    name = 'PrintHook'

    def __init__(
        self,
        sep: Any = None,
        end: str = '\n',
        file: TextIO | None = None,
        flush: bool = True,
    ) -> None:
        if sep is not None:
            warnings.warn(
                'PrintHook: the sep argument is deprecated and ignored',
                DeprecationWarning,
                stacklevel=2,
            )
        self.sep = sep
        self.end = end
        self.file = sys.stdout if file is None else file
        self.flush = flush

    def _print(self, text: str) -> None:
        self.file.write(text + self.end)

    def _process_(
        self,
        function: Any,
        in_data: tuple[Array | None, ...],
        out_grad: tuple[Array | None, ...] | None = None,
    ) -> None:
        self._print(f'function\t{function.label}')
        self._print('input data')
        for array in in_data:
            if array is None:  # not retained, and freed since
                self._print('(removed)')
            else:
                self._print(Variable(array).debug_print())
        if out_grad is not None:
            self._print('output gradient')
            for gradient in out_grad:
                shown = Variable()
                if gradient is not None:
                    zeros = get_array_module(gradient).zeros_like(gradient)
                    shown = Variable(zeros, grad=gradient)
                self._print(shown.debug_print())
        if self.flush and hasattr(self.file, 'flush'):
            self.file.flush()

    def forward_preprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Prints the function and its inputs."""
        self._process_(function, in_data)

    def backward_preprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Prints the function, its inputs and the gradients of its outputs."""
        self._process_(function, in_data, out_grad)

"""Hooks that measure each function from before it runs until after."""

from __future__ import annotations

from typing import Any

from minigrad.function_hook import FunctionHook
from minigrad.types import Array


class MeasuringHook(FunctionHook):
    """Measures forward and backward of functions alike; a subclass says what."""

    def _start_(self, arrays: tuple[Array | None, ...]) -> None:
        raise NotImplementedError

    def _stop_(self, function: Any) -> None:
        raise NotImplementedError

    def forward_preprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Starts to measure."""
        self._start_(in_data)

    def forward_postprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Notes what was measured."""
        self._stop_(function)

    def backward_preprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Starts to measure."""
        self._start_(in_data + out_grad)

    def backward_postprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Notes what was measured."""
        self._stop_(function)

"""Named ranges for NVIDIA's profilers."""

from __future__ import annotations

from typing import Any

from minigrad import backend
from minigrad.function_hook import FunctionHook
from minigrad.types import Array


class CUDAProfileHook(FunctionHook):
    """Marks every function, forward and backward, as a range in NVIDIA's profilers.

    Raises:
        RuntimeError: CuPy or a device is missing; the message says what to install.

    Source: compatible with chainer.function_hooks.CUDAProfileHook.
    """

    name = 'CUDAProfileHook'

    def __init__(self) -> None:
        self._nvtx_ = backend.import_cupy().cuda.nvtx

    def forward_preprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Opens the range."""
        self._nvtx_.RangePush(f'{function.label}.forward')

    def forward_postprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        """Closes the range."""
        self._nvtx_.RangePop()

    def backward_preprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Opens the range."""
        self._nvtx_.RangePush(f'{function.label}.backward')

    def backward_postprocess(
        self, function: Any, in_data: tuple[Array, ...], out_grad: tuple[Array, ...]
    ) -> None:
        """Closes the range."""
        self._nvtx_.RangePop()

"""What the poolings over any number of axes share."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._spatial import check_ndim
from minigrad.kernels.specs_nd import IntOrInts, WindowSpec
from minigrad.types import Array


@reads('spec', 'stride', 'pad', ksize='window')
class PoolingND(FunctionNode):
    """A function of one array with this number of spatial axes."""

    arg_names = ('x',)
    on_arrays = True
    cover_all = False

    def __init__(
        self,
        ndim: int,
        ksize: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
    ) -> None:
        if ndim <= 0:
            raise ValueError(f'{self.public_name}: x must have at least 1 spatial axis')
        self.ndim = ndim
        self._arguments = ksize, stride, pad

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_ndim(self, in_types, self.ndim)

    def make_spec(self, size: tuple[int, ...], count_pad: bool = True) -> WindowSpec:
        """Returns the spec of a pooling of this size."""
        return WindowSpec.of(
            size,
            *self._arguments,
            cover_all=self.cover_all,
            count_pad=count_pad,
            function=self.public_name,
        )


@reads('spec', 'stride', 'pad', ksize='window')
class PoolingNDGrad(FunctionNode):
    """Keeps the spec of a pooling, to go back and forth."""

    arg_names = ('gy',)
    on_arrays = True

    def __init__(self, spec: WindowSpec, args: list[Array] | None = None) -> None:
        self.spec = spec
        self.args: Any = args  # where the maxima are

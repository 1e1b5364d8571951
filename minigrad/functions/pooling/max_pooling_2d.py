"""Max pooling: scatter and gather at the maxima, each other's derivatives."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._derivative import derive
from minigrad.functions.pooling._pooling_2d import check_pooling_input
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import IntPair, PoolSpec
from minigrad.types import Array


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw')
class MaxPooling2D(FunctionNode):
    """The maximum of each window; remembers where it was."""

    arg_names = ('x',)
    on_arrays = True
    label = 'MaxPoolingND'  # the name that Chainer's graphs show
    public_name = 'max_pooling_2d'

    def __init__(
        self,
        ksize: IntPair,
        stride: IntPair | None = None,
        pad: IntPair = 0,
        cover_all: bool = True,
    ) -> None:
        self._arguments = ksize, stride, pad, cover_all
        self.cover_all = cover_all

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_pooling_input(self, in_types)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.spec = PoolSpec.of(x.shape, *self._arguments)
        y, self.arg = kernels_for(x).max_pool_2d(x, self.spec)
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(MaxPooling2DScatter(self.spec, self.arg), *grad_outputs)

    def indices(self) -> Array:
        """Returns where each maximum lies in its window, ``ky * KW + kx``."""
        return kernels_for(self.arg).max_pool_2d_indices(self.arg, self.spec)


class MaxPooling2DScatter(FunctionNode):
    """Adds each element at the place of its window's maximum."""

    arg_names = ('gy',)
    on_arrays = True
    label = 'MaxPoolingNDGrad'

    def __init__(self, spec: PoolSpec, arg: Array) -> None:
        self.spec = spec
        self.arg = arg

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return kernels_for(gy).max_pool_2d_scatter(gy, self.arg, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(MaxPooling2DGather(self.spec, self.arg), *grad_outputs)


class MaxPooling2DGather(FunctionNode):
    """Takes the element at the place of each window's maximum."""

    arg_names = ('ggx',)
    on_arrays = True
    label = 'MaxPoolingNDWithIndexes'

    def __init__(self, spec: PoolSpec, arg: Array) -> None:
        self.spec = spec
        self.arg = arg

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (ggx,) = inputs
        return kernels_for(ggx).max_pool_2d_gather(ggx, self.arg, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(MaxPooling2DScatter(self.spec, self.arg), *grad_outputs)


def max_pooling_2d(
    x: Any,
    ksize: IntPair,
    stride: IntPair | None = None,
    pad: IntPair = 0,
    cover_all: bool = True,
    return_indices: bool = False,
) -> Any:
    """Maximum of each window, channel by channel.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``, in pixels.
        stride: Distance between windows, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Width of the padding, ``p`` or ``(ph, pw)``; padding never wins.
        cover_all: If True (Chainer's default) the output size rounds up so that every
            pixel is covered.
        return_indices: Return the places of the maxima too, for `upsampling_2d`.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``; with ``return_indices`` a
        tuple of it and an integer array of that shape, ``ky * KW + kx`` for a maximum
        at ``(ky, kx)`` in its window.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: to the first maximum of each window.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: Riesenhuber and Poggio 1999; compatible with chainer.functions.max_pooling_2d.

    Example:
        >>> x = np.arange(9, dtype='f').reshape(1, 1, 3, 3)
        >>> F.max_pooling_2d(x, 2).array
        array([[[[4., 5.],
                 [7., 8.]]]], dtype=float32)
        >>> F.max_pooling_2d(x, 2, cover_all=False).shape
        (1, 1, 1, 1)
    """
    function = MaxPooling2D(ksize, stride, pad, cover_all)
    (y,) = function.apply((x,))
    return (y, function.indices()) if return_indices else y

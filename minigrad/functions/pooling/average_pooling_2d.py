"""Average pooling, and the spreading of gradients that is its transpose."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._derivative import derive
from minigrad.functions.pooling._pooling_2d import check_pooling_input
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import IntPair, PoolSpec
from minigrad.types import Array
from minigrad.variable import Variable


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw')
class AveragePooling2D(FunctionNode):
    """The mean of each window, padding counted as zeros."""

    arg_names = ('x',)
    on_arrays = True
    public_name = 'average_pooling_2d'

    cover_all = False

    def __init__(
        self,
        ksize: IntPair = 1,
        stride: IntPair | None = None,
        pad: IntPair = 0,
        *,
        spec: PoolSpec | None = None,
    ) -> None:
        self._arguments = ksize, stride, pad
        self.spec = spec

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_pooling_input(self, in_types)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.spec is None:
            self.spec = PoolSpec.of(
                x.shape, *self._arguments, function=self.public_name
            )
        return kernels_for(x).average_pool_2d(x, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(AveragePooling2DGrad(self.spec), *grad_outputs)


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw')
class AveragePooling2DGrad(FunctionNode):
    """Spreads each element evenly over its window."""

    arg_names = ('gy',)
    on_arrays = True

    def __init__(self, spec: Any) -> None:
        self.spec = spec

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return kernels_for(gy).average_pool_2d_grad(gy, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return derive(AveragePooling2D(spec=self.spec), *grad_outputs)


def average_pooling_2d(
    x: Any, ksize: IntPair, stride: IntPair | None = None, pad: IntPair = 0
) -> Variable:
    """Mean of each window, channel by channel.

    The mean divides by the size of the window also where it overlaps the padding, which
    counts as zeros. With ``ksize=x.shape[2:]`` it is global average pooling.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``, in pixels.
        stride: Distance between windows, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Width of the padding, ``p`` or ``(ph, pw)``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)`` with
        ``OH = (H + 2 ph - kh) // sy + 1``.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: spread evenly over each window.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: LeCun et al. 1998; compatible with chainer.functions.average_pooling_2d.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> F.average_pooling_2d(x, 2).array
        array([[[[ 2.5,  4.5],
                 [10.5, 12.5]]]], dtype=float32)
    """
    return AveragePooling2D(ksize, stride, pad).apply((x,))[0]

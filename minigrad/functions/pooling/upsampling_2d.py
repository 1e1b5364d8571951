"""Upsampling: puts every pixel back where a max pooling found it."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._check import array_of
from minigrad.functions.pooling._pooling_nd import Pooling2D
from minigrad.functions.pooling.max_pooling_nd import MaxPoolingNDWithIndexes
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array, Ints
from minigrad.variable import Variable


@reads('spec', outh='h', outw='w')
class Upsampling2D(Pooling2D):
    """Adds each element at the place that an index names."""

    public_name = 'upsampling_2d'

    def __init__(
        self,
        indexes: Array,
        ksize: IntPair,
        stride: IntPair | None = None,
        pad: IntPair = 0,
        outsize: Any = None,
        cover_all: bool = True,
    ) -> None:
        super().__init__(ksize, stride, pad, cover_all)
        self.indexes = indexes
        self._outsize = outsize

    def check_type_forward(self, in_types: InputTypes) -> None:
        super().check_type_forward(in_types)
        (x,) = in_types
        if x.shape != self.indexes.shape:
            raise self.refuse(
                'x.shape == indexes.shape',
                f'{x.shape} != {self.indexes.shape}',
                'pass what max_pooling_2d(..., return_indices=True) returned',
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.spec = self.make_unpooling_spec(x.shape[2:], self._outsize)
        k = kernels_for(x)
        self.args = k.max_pool_2d_arg(self.indexes, self.spec)
        return k.max_pool_2d_scatter(x, self.args, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return MaxPoolingNDWithIndexes(self.spec, self.args).apply(grad_outputs)


@checks_arguments
def upsampling_2d(
    x: Any,
    indexes: Any,
    ksize: IntPair,
    stride: IntPair | None = None,
    pad: IntPair = 0,
    outsize: Ints = None,
    cover_all: bool = True,
) -> Variable:
    """Puts pixels back where a max pooling found them, and zeros elsewhere.

    Args:
        x: Pooled maps, float, shape ``(N, C, H, W)``.
        indexes: Places of the maxima, integers of that shape, as returned by
            ``max_pooling_2d(..., return_indices=True)``.
        ksize: Window of that pooling, ``k`` or ``(kh, kw)``.
        stride: Its stride, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Its padding, ``p`` or ``(ph, pw)``.
        outsize: ``(OH, OW)``, the size of what was pooled; None takes the smallest.
        cover_all: Whether that pooling rounded its output size up.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes, ``indexes`` has another
            shape, or no pooling maps ``outsize`` to the size of ``x``.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: the element at the place of each maximum.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: Zeiler and Fergus 2014; compatible with chainer.functions.upsampling_2d.

    Example:
        >>> x = np.arange(4, dtype='f').reshape(1, 1, 2, 2)
        >>> y, indexes = F.max_pooling_2d(x, 2, return_indices=True)
        >>> F.upsampling_2d(y, indexes, 2, outsize=(2, 2)).array
        array([[[[0., 0.],
                 [0., 3.]]]], dtype=float32)
    """
    indexes = array_of('upsampling_2d', 'indexes', indexes).array
    function = Upsampling2D(indexes, ksize, stride, pad, outsize, cover_all)
    return function.apply((x,))[0]

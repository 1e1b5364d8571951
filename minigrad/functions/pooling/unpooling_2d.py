"""Unpooling: spreads every pixel over a window; the transpose of window sums."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions.pooling._pooling_2d import check_pooling_input, unpooling_spec
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import ConvSpec, IntPair
from minigrad.types import Array
from minigrad.variable import Variable


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw', outh='h', outw='w')
class Unpooling2D(FunctionNode):
    """Adds each element to every pixel of its window."""

    arg_names = ('x',)
    public_name = 'unpooling_2d'

    def __init__(
        self,
        ksize: IntPair = 1,
        stride: IntPair | None = None,
        pad: IntPair = 0,
        outsize: Any = None,
        cover_all: bool = True,
        *,
        spec: ConvSpec | None = None,
    ) -> None:
        self._arguments = ksize, stride, pad, outsize, cover_all
        self.cover_all = cover_all
        self.spec = spec

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_pooling_input(self, in_types)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.spec is None:
            pool = unpooling_spec(self, inputs, *self._arguments)
            self.spec = ConvSpec(*pool[:10], dy=1, dx=1, groups=1)
        kh, kw = self.spec.kh, self.spec.kw
        xp = get_array_module(x)
        # (N, C, KH, KW, H, W), a view
        windows = xp.broadcast_to(
            x[:, :, None, None], (*x.shape[:2], kh, kw, *x.shape[2:])
        )
        return kernels_for(x).col2im(windows, self.spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Unpooling2DGrad(self.spec).apply(grad_outputs)


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw', outh='h', outw='w')
class Unpooling2DGrad(FunctionNode):
    """Sums each window."""

    arg_names = ('gy',)

    def __init__(self, spec: Any) -> None:
        self.spec = spec

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return kernels_for(gy).im2col(gy, self.spec).sum(axis=(2, 3))

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Unpooling2D(spec=self.spec).apply(grad_outputs)


def unpooling_2d(
    x: Any,
    ksize: IntPair,
    stride: IntPair | None = None,
    pad: IntPair = 0,
    outsize: Any = None,
    cover_all: bool = True,
) -> Variable:
    """Spreads every pixel over a window: the inverse of pooling in shape.

    Where windows overlap, their values add up.

    Args:
        x: Feature maps, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``, in pixels of the output.
        stride: Distance between windows, ``s`` or ``(sy, sx)``; None is ``ksize``.
        pad: Width cut off around the output, ``p`` or ``(ph, pw)``.
        outsize: ``(OH, OW)``; None takes the smallest size whose pooling gives ``x``.
        cover_all: Whether that pooling rounds its output size up; if so the smallest
            size is smaller.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not a float array with 4 axes, or no pooling maps
            ``outsize`` to its size.
        ValueError: A number is out of range, or the output would be empty.

    Gradient: the sum of each window.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy.
    Source: compatible with chainer.functions.unpooling_2d.

    Example:
        >>> x = np.array([[[[1., 2.]]]], 'f')
        >>> F.unpooling_2d(x, 2, cover_all=False).array
        array([[[[1., 1., 2., 2.],
                 [1., 1., 2., 2.]]]], dtype=float32)
    """
    return Unpooling2D(ksize, stride, pad, outsize, cover_all).apply((x,))[0]

"""Windows of feature maps as columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import ConvSpec, IntPair
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw', 'dy', 'dx')
class Im2Col(FunctionNode):
    arg_names = ('x',)
    public_name = 'im2col'

    def __init__(self, make_spec: Callable[[Array], ConvSpec]) -> None:
        self.make_spec = make_spec

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim != 4:
            raise self.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self.spec = self.make_spec(x)
        col = kernels_for(x).im2col(x, self.spec)  # (N, C, KH, KW, OH, OW)
        N, C, KH, KW, OH, OW = col.shape
        return col.reshape(N, C * KH * KW, OH, OW)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Col2Im(self.spec).apply(grad_outputs)


class Col2Im(FunctionNode):
    arg_names = ('gy',)
    label, public_name = 'Im2ColGrad', 'im2col'

    def __init__(self, spec: ConvSpec) -> None:
        self.spec = spec

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        spec = self.spec
        C = gy.shape[1] // (spec.kh * spec.kw)
        col = gy.reshape(len(gy), C, spec.kh, spec.kw, spec.oh, spec.ow)
        return kernels_for(gy).col2im(col, spec)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Im2Col(lambda _: self.spec).apply(grad_outputs)


@checks_arguments
def im2col(
    x: Any,
    ksize: IntPair,
    stride: IntPair = 1,
    pad: IntPair = 0,
    cover_all: bool = False,
    dilate: IntPair = 1,
) -> Variable:
    """Lays the windows of feature maps out as columns of pixels.

    Args:
        x: Variable or array, float, shape ``(N, C, H, W)``.
        ksize: Window, ``k`` or ``(kh, kw)``.
        stride: Step between windows, ``s`` or ``(sy, sx)``.
        pad: Zeros around the input, ``p`` or ``(ph, pw)``.
        cover_all: If True, the output size rounds up so that every pixel is covered.
        dilate: Distance between the pixels of a window, ``d`` or ``(dy, dx)``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C * KH * KW, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not float with 4 axes.
        ValueError: The window does not fit.

    Gradient: every element of ``gy`` added at the pixel it came from.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: compatible with chainer.functions.im2col.

    Example:
        >>> F.im2col(np.ones((1, 3, 5, 5)), ksize=3).shape
        (1, 27, 3, 3)
    """
    size: Any = ksize
    kh, kw = size if hasattr(size, '__getitem__') else (size, size)

    def make_spec(x: Array) -> ConvSpec:
        return ConvSpec.of(
            x.shape,
            (1, 1, kh, kw),
            stride,
            pad,
            dilate,
            1,
            cover_all,
            function='im2col',
        )

    return Im2Col(make_spec).apply((x,))[0]

"""Resizing of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.kernels import kernels_for
from minigrad.kernels.specs_nd import read_numbers
from minigrad.named_arguments import checks_arguments
from minigrad.suggestions import shown
from minigrad.types import Array
from minigrad.variable import Variable


class ResizeImages(FunctionNode):
    arg_names = ('x',)

    def __init__(self, output_shape: Any, mode: str, align_corners: bool) -> None:
        self.size = (int(output_shape[0]), int(output_shape[1]))
        self.mode = mode
        self.align_corners = align_corners

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim != 4:
            raise self.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        self._in_size = x.shape[2:]
        return kernels_for(x).resize(x, self.size, self.mode, self.align_corners)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ResizeImagesGrad(
            self._in_size, self.size, self.mode, self.align_corners
        ).apply(grad_outputs)


class ResizeImagesGrad(FunctionNode):
    arg_names = ('gy',)

    def __init__(
        self,
        in_size: tuple[int, int],
        size: tuple[int, int],
        mode: str,
        align_corners: bool,
    ) -> None:
        self.in_size = in_size
        self.size = size
        self.mode = mode
        self.align_corners = align_corners

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (gy,) = inputs
        return kernels_for(gy).resize_grad(
            gy, self.in_size, self.mode, self.align_corners
        )

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return ResizeImages(self.size, self.mode, self.align_corners).apply(
            grad_outputs
        )


@checks_arguments
def resize_images(
    x: Any, output_shape: Any, *, mode: str = 'bilinear', align_corners: bool = True
) -> Variable:
    """Resizes images.

    Args:
        x: Variable or array, float, shape ``(N, C, H, W)``.
        output_shape: ``(OH, OW)``.
        mode: ``'bilinear'`` or ``'nearest'``.
        align_corners: If True, the centres of the corner pixels keep their places;
            otherwise the corners of the images do. Only for ``'bilinear'``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, C, OH, OW)``.

    Raises:
        InvalidType: ``x`` is not float with 4 axes.
        TypeError: ``output_shape`` is not a pair.
        ValueError: ``mode`` is another one, or ``output_shape`` not two positive ints.

    Gradient: ``gy`` spread over the pixels it was made of, by their weights.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: compatible with chainer.functions.resize_images.

    Example:
        >>> x = np.array([[[[0., 2.]]]], 'f')
        >>> F.resize_images(x, (1, 3)).array
        array([[[[0., 1., 2.]]]], dtype=float32)
    """
    if mode not in ('bilinear', 'nearest'):
        raise ValueError(
            f"resize_images: mode must be 'bilinear' or 'nearest', got {mode!r}"
        )
    if not isinstance(output_shape, Sequence) or isinstance(output_shape, str):
        raise TypeError(
            'resize_images: expected output_shape as (OH, OW), got '
            f'{shown(output_shape)}'
        )
    output_shape = read_numbers(output_shape, 2, 'output_shape', 1, 'resize_images')
    return ResizeImages(output_shape, mode, align_corners).apply((x,))[0]

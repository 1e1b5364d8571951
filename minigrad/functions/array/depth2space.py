"""Channels as blocks of pixels, and back."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class _Blocks(FunctionNode):
    arg_names = ('X',)

    def __init__(self, r: int) -> None:
        self.r = r

    def check_type_forward(self, in_types: InputTypes) -> None:
        (X,) = in_types
        if X.dtype.kind != 'f':
            raise self.refuse("X.dtype.kind == 'f'", X.dtype)
        if X.ndim != 4:
            raise self.refuse('X.ndim == 4 (N, C, H, W)', X.ndim)


class Depth2Space(_Blocks):
    public_name = 'depth2space'

    def check_type_forward(self, in_types: InputTypes) -> None:
        super().check_type_forward(in_types)
        (C, n) = in_types[0].shape[1], self.r**2
        if C % n != 0:
            raise self.refuse(f'channels in groups of r**2 = {n}', C)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (X,) = inputs
        r, (N, C, H, W) = self.r, X.shape
        X = X.reshape(N, r, r, C // r**2, H, W).transpose(0, 3, 4, 1, 5, 2)
        return X.reshape(N, C // r**2, H * r, W * r)  # from (N, C', H, r, W, r)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return space2depth(grad_outputs[0], self.r)


class Space2Depth(_Blocks):
    public_name = 'space2depth'

    def check_type_forward(self, in_types: InputTypes) -> None:
        super().check_type_forward(in_types)
        (H, W), r = in_types[0].shape[2:], self.r
        if not H % r == W % r == 0:
            raise self.refuse(f'height and width in blocks of r = {r}', f'{H} and {W}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (X,) = inputs
        r, (N, C, H, W) = self.r, X.shape
        X = X.reshape(N, C, H // r, r, W // r, r).transpose(0, 3, 5, 1, 2, 4)
        return X.reshape(N, r**2 * C, H // r, W // r)  # from (N, r, r, C, H', W')

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return depth2space(grad_outputs[0], self.r)


@checks_arguments
def depth2space(X: Any, r: int) -> Variable:
    """Turns groups of channels into blocks of ``r`` by ``r`` pixels (pixel shuffle).

    Args:
        X: Variable or array, float, shape ``(N, r**2 * C, H, W)``.
        r: Side of a block.

    Returns:
        Variable, dtype of ``X``, shape ``(N, C, H * r, W * r)``.

    Raises:
        InvalidType: ``X`` is not float with 4 axes, or its channels do not divide.

    Gradient: `space2depth` of ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: Shi et al. 2016 (sub-pixel convolution); compatible with
        chainer.functions.depth2space.

    Example:
        >>> F.depth2space(np.arange(4.).reshape(1, 4, 1, 1), 2).array
        array([[[[0., 1.],
                 [2., 3.]]]])
    """
    return Depth2Space(r).apply((X,))[0]


@checks_arguments
def space2depth(X: Any, r: int) -> Variable:
    """Turns blocks of ``r`` by ``r`` pixels into channels.

    Args:
        X: Variable or array, float, shape ``(N, C, H * r, W * r)``.
        r: Side of a block.

    Returns:
        Variable, dtype of ``X``, shape ``(N, r**2 * C, H, W)``.

    Raises:
        InvalidType: ``X`` is not float with 4 axes, or its size does not divide.

    Gradient: `depth2space` of ``gy``.
    Double backprop: yes.
    Kernels: reference.
    Source: Shi et al. 2016 (sub-pixel convolution); compatible with
        chainer.functions.space2depth.

    Example:
        >>> F.space2depth(np.arange(4.).reshape(1, 1, 2, 2), 2).shape
        (1, 4, 1, 1)
    """
    return Space2Depth(r).apply((X,))[0]

"""Convolution of every channel for itself."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.transpose import transpose
from minigrad.functions.connection.convolution_2d import convolution_2d
from minigrad.kernels.specs import IntPair
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def depthwise_convolution_2d(
    x: Any, W: Any, b: Any = None, stride: IntPair = 1, pad: IntPair = 0
) -> Variable:
    """Two-dimensional convolution of each channel with its own filters.

    Channel ``c`` of ``x`` gives the output channels ``c * M`` to ``c * M + M - 1``; the
    channels are not added up. The same as `convolution_2d` with one group per channel.

    Args:
        x: Images, float, shape ``(N, C, H, W)``.
        W: Filters, float, shape ``(M, C, KH, KW)``: ``M`` for each channel.
        b: Biases, dtype of ``x``, shape ``(M * C,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sy, sx)``.
        pad: Zeros put around each image, ``p`` or ``(ph, pw)``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, M * C, OH, OW)``.

    Raises:
        InvalidType: An input is not float with 4 axes, or the channels do not fit.
        ValueError: A number is out of range, or the window does not fit.

    Gradient: as of `convolution_2d`.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn.
    Source: Sifre 2014; compatible with chainer.functions.depthwise_convolution_2d.

    Example:
        >>> x, W = np.ones((2, 3, 4, 7), 'f'), np.ones((2, 3, 3, 3), 'f')
        >>> F.depthwise_convolution_2d(x, W).shape
        (2, 6, 2, 5)
    """
    W = as_variable(W)
    if W.ndim != 4:
        check = Checker('depthwise_convolution_2d', x=x, W=W)
        raise check.refuse('W.ndim == 4 (M, C, KH, KW)', W.ndim)
    M, C, KH, KW = W.shape
    W = reshape(transpose(W, (1, 0, 2, 3)), (C * M, 1, KH, KW))
    return convolution_2d(x, W, b, stride, pad, groups=C)

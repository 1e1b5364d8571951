"""How many arithmetic operations a function takes.

A multiplication and an addition count as two; comparisons, exponentials and divisions
count as one each. Functions that only move numbers count nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.types import Array

_Arrays = tuple[Array, ...]


def _size(arrays: _Arrays) -> int:
    return sum(int(array.size) for array in arrays)


def _convolution(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    W, y = xs[1], ys[0]
    return int(2 * y.size * W.size // max(W.shape[0], 1)) + _bias(xs, ys)


def _deconvolution(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    x, W = xs[:2]
    return int(2 * x.size * W.size // max(W.shape[0], 1)) + _bias(xs, ys)


def _convolution_weights(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    gy, gW = xs[1], ys[0]
    return int(2 * gy.size * gW.size // max(gW.shape[0], 1))


def _bias(xs: _Arrays, ys: _Arrays) -> int:
    return int(ys[0].size) if len(xs) > 2 else 0


def _product(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    """Counts a sum of products: the contracted length follows from the sizes."""
    if len(xs) == 1:
        return int(xs[0].size)
    a, b, y = xs[0].size, xs[1].size, ys[0].size
    contracted = math.sqrt(a * b / y) if y else 0
    return int(2 * y * contracted + 0.5) + _bias(xs, ys)


def _matmul(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    a = xs[0]
    if a.ndim == 0:
        return int(ys[0].size)
    transposed = getattr(function, 'transa', False) and a.ndim > 1
    return int(2 * ys[0].size * a.shape[-2 if transposed else -1])


def _pooling(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    return int(ys[0].size * function.spec.kh * function.spec.kw)


def _pooling_nd(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    return int(ys[0].size * math.prod(function.spec.window))


def _per_output(times: int) -> Callable[[Any, _Arrays, _Arrays], int]:
    return lambda function, xs, ys: times * _size(ys)


def _per_input(times: int) -> Callable[[Any, _Arrays, _Arrays], int]:
    return lambda function, xs, ys: times * int(xs[0].size)


def _lrn(function: Any, xs: _Arrays, ys: _Arrays) -> int:
    n = function.arguments[0]
    return int(xs[0].size * (n + 5))  # square, window of n, scale, power, product


_RULES: dict[str, Callable[[Any, _Arrays, _Arrays], int]] = {
    'Convolution2DFunction': _convolution,
    'Deconvolution2DFunction': _deconvolution,
    'Convolution2DGradW': _convolution_weights,
    'ConvolutionND': _convolution,
    'DeconvolutionND': _deconvolution,
    'ConvolutionNDGradW': _convolution_weights,
    'LinearFunction': _product,
    'LinearGradData': _product,
    'LinearGradWeight': _product,
    'MatMul': _matmul,
    'TensorDot': _product,
    'EinSum': _product,
    'MaxPooling2D': _pooling,
    'AveragePooling2D': _pooling,
    'MaxPoolingND': _pooling_nd,
    'AveragePoolingND': _pooling_nd,
    'LocalResponseNormalization': _lrn,
    'BatchNormalization': _per_input(8),
    'FixedBatchNormalization': _per_input(4),
    'GroupNormalization': _per_input(8),
    'LayerNormalization': _per_input(8),
    'Softmax': _per_input(5),
    'LogSoftmax': _per_input(5),
    'SoftmaxCrossEntropy': _per_input(5),
    'SigmoidCrossEntropy': _per_input(5),
    'LogSumExp': _per_input(4),
    'MeanSquaredError': _per_input(3),
    'MeanAbsoluteError': _per_input(3),
    'Sum': _per_input(1),
    'SumTo': _per_input(1),
    'Mean': _per_input(1),
    'Max': _per_input(1),
    'Min': _per_input(1),
    'Prod': _per_input(1),
    'Accuracy': _per_input(1),
    'Sigmoid': _per_output(3),
    'Swish': _per_output(4),
    'Softplus': _per_output(3),
    'Dropout': _per_output(2),
    'LinearInterpolate': _per_output(3),
}
_MOVES = (
    *('Reshape', 'Transpose', 'Concat', 'Stack', 'Hstack', 'Vstack', 'Dstack', 'Copy'),
    *('Duplicate', 'GetItem', 'SplitAxis', 'Separate', 'Squeeze', 'ExpandDims', 'Flip'),
    *('FlipLR', 'FlipUD', 'Broadcast', 'BroadcastTo', 'Tile', 'Repeat', 'Pad', 'Cast'),
    *('Identity', 'Rollaxis', 'Moveaxis', 'Swapaxes', 'Im2Col', 'SelectItem', 'Where'),
    *('EmbedIDFunction', 'Permutate', 'PadSequence', 'Depth2Space', 'Space2Depth'),
    *('TransposeSequence', 'Diagonal', 'Forget', 'ArgMax', 'ArgMin', 'Upsampling2D'),
    *('Shift', 'AsStrided'),
)
_PRODUCTS = ('Convolution2DFunction', 'Deconvolution2DFunction', 'LinearFunction')


def count(function: Any, inputs: _Arrays, outputs: _Arrays) -> int:
    """Returns the operations of a function's forward.

    Args:
        function: The node that was applied.
        inputs: Its input arrays.
        outputs: Its output arrays.

    Example:
        >>> x, W = np.ones((2, 3), 'f'), np.ones((4, 3), 'f')
        >>> node = F.linear(minigrad.Variable(x), W).creator
        >>> count(node, (x, W), (np.ones((2, 4), 'f'),))
        48
    """
    name = type(function).__name__
    if name in _MOVES:
        return 0
    rule = _RULES.get(name)
    return _size(outputs) if rule is None else rule(function, inputs, outputs)


def count_backward(function: Any, forward: int, targets: int) -> int:
    """Returns about how many operations a function's backward takes.

    Products of two arrays cost as much again for each array whose gradient is wanted;
    everything else costs as much as its forward.

    Args:
        function: The node.
        forward: The operations of its forward.
        targets: How many of its first two inputs want a gradient.
    """
    name = type(function).__name__
    if name in _PRODUCTS or name in ('MatMul', 'TensorDot', 'EinSum'):
        return forward * targets
    return forward

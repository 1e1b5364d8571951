"""Product with an array that is broadcast along given axes."""

from __future__ import annotations

from typing import Any

from minigrad.functions.math.bias import aligned
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def scale(x: Any, y: Any, axis: int = 1) -> Variable:
    """Product of ``x`` and ``y``, where ``y`` goes along some axes of ``x``.

    Args:
        x: Variable or array, float.
        y: Factors, dtype of ``x``, shape ``x.shape[axis:axis + y.ndim]``.
        axis: First axis of ``x`` that ``y`` goes along; unlike NumPy's broadcasting, the
            axes need not be the last ones.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: The shapes do not fit, or the dtypes differ.

    Gradient: ``gy * y`` for ``x``; ``gy * x``, summed over the other axes, for ``y``.
    Double backprop: yes.
    Kernels: reference.
    Source: Caffe's scale layer; compatible with chainer.functions.scale.

    Example:
        >>> F.scale(np.ones((1, 2, 2)), np.array([1., 2.])).array
        array([[[1., 1.],
                [2., 2.]]])
    """
    x = as_variable(x)
    z: Variable = x * aligned('scale', x, as_variable(y), axis)
    return z

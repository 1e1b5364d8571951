"""The concatenated rectified linear unit."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.relu import relu
from minigrad.functions.array.concat import concat
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def crelu(x: Any, axis: int = 1) -> Variable:
    """Concatenation of ``relu(x)`` and ``relu(-x)``.

    Args:
        x: Variable or array, float.
        axis: The axis along which the two are joined.

    Returns:
        Variable, dtype of ``x``, twice as long along ``axis``.

    Raises:
        InvalidType: ``x`` is not float, or has no such axis.

    Gradient: that of its two halves.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: Shang et al. 2016; compatible with chainer.functions.crelu.

    Example:
        >>> F.crelu(np.array([[-1., 2.]])).array
        array([[0., 2., 1., 0.]])
    """
    x = as_variable(x)
    return concat((relu(x), relu(-x)), axis)

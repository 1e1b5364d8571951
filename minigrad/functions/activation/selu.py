"""The scaled exponential linear unit."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.elu import ELU
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


@checks_arguments
def selu(
    x: Any, alpha: float = 1.6732632423543772, scale: float = 1.0507009873554805
) -> Variable:
    """Scaled exponential linear unit, ``scale * elu(x, alpha)``.

    With the default numbers, activations drift towards mean 0 and variance 1 from layer
    to layer.

    Args:
        x: Variable or array, float, any shape.
        alpha: Parameter of the exponential part.
        scale: Factor on the result.

    Returns:
        Variable of the same shape and dtype.

    Raises:
        InvalidType: ``x`` is not float.

    Gradient: ``scale * gy`` where ``x > 0``, else ``scale * gy * alpha * exp(x)``.
    Double backprop: yes.
    Kernels: reference, numba.
    Source: Klambauer et al. 2017; compatible with chainer.functions.selu.

    Example:
        >>> F.selu(np.array([-1000., 1.])).array.round(4)
        array([-1.7581,  1.0507])
    """
    return ELU(alpha, scale).apply((x,))[0]

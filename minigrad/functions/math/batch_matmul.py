"""Products of batches of matrices, as in old programs."""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.function_node import InputTypes
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.matmul import MatMul
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


class BatchMatMul(MatMul):
    public_name = 'batch_matmul'

    def check_type_forward(self, in_types: InputTypes) -> None:
        for x in in_types:
            if x.ndim != 3:
                raise self.refuse('two or three axes', x.ndim)
        super().check_type_forward(in_types)


@checks_arguments
def batch_matmul(
    a: Any, b: Any, transa: bool = False, transb: bool = False
) -> Variable:
    """Multiplies two batches of matrices; `matmul` does the same and more.

    Args:
        a: Variable or array, float, shape ``(B, M, K)``, or ``(B, M)`` for columns.
        b: Variable or array, float, shape ``(B, K, N)``, or ``(B, K)`` for columns.
        transa: If True, each matrix of ``a`` is transposed first.
        transb: If True, each matrix of ``b`` is transposed first.

    Returns:
        Variable of shape ``(B, M, N)``.

    Raises:
        InvalidType: The arrays are not float, or their shapes do not fit.

    Gradient: ``ga = gy b^T`` and ``gb = a^T gy`` for each.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.batch_matmul, deprecated there as well.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore', DeprecationWarning)
        ...     F.batch_matmul(np.ones((5, 2), 'f'), np.ones((5, 2), 'f'), True).shape
        (5, 1, 1)
    """
    warnings.warn(
        'batch_matmul is deprecated. Use matmul instead.',
        DeprecationWarning,
        stacklevel=2,
    )
    xs = [as_variable(x) for x in (a, b)]
    xs = [reshape(x, (*x.shape, 1)) if x.ndim == 2 else x for x in xs]
    return BatchMatMul(transa, transb).apply(xs)[0]

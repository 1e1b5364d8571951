"""Layer normalization: group normalization with one group, for vectors."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import InputTypes
from minigrad.functions.normalization.group_normalization import GroupNormalization
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable


class LayerNormalization(GroupNormalization):
    arg_names = ('x', 'gamma', 'beta')

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__(1, eps)

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, gamma, _ = in_types
        if x.ndim != 2:
            raise self.refuse('x.ndim == 2 (N, D)', x.ndim)
        super().check_type_forward(in_types)
        if gamma.dtype != x.dtype:
            raise self.refuse('gamma.dtype == x.dtype', f'{gamma.dtype} != {x.dtype}')


@checks_arguments
def layer_normalization(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Variable:
    """Normalizes each sample by the mean and variance of its own values.

    ``y = gamma * (x - mean) / sqrt(var + eps) + beta``

    Args:
        x: Samples, float, shape ``(N, D)``.
        gamma: Scale, dtype of ``x``, shape ``(D,)``.
        beta: Shift, dtype of ``x``, shape ``(D,)``.
        eps: Added to the variance.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not a float matrix, or the parameters do not fit it.

    Gradient: through the mean and the variance too.
    Double backprop: yes, to any order.
    Kernels: reference, numba, cupy, cudnn.
    Source: Ba et al. 2016; compatible with chainer.functions.layer_normalization.

    Example:
        >>> x = np.array([[1., 3.]], 'f')
        >>> F.layer_normalization(x, np.ones(2, 'f'), np.zeros(2, 'f')).array.round(3)
        array([[-1.,  1.]], dtype=float32)
    """
    return LayerNormalization(eps).apply((x, gamma, beta))[0]

"""The layer normalization layer."""

from __future__ import annotations

import math
from typing import Any

from minigrad.functions.normalization.layer_normalization import layer_normalization
from minigrad.links.normalization._scale_and_shift import ScaleAndShift
from minigrad.variable import Variable, as_variable


class LayerNormalization(ScaleAndShift):
    """Normalizes each sample over its numbers, and scales and shifts them.

    Args:
        size: Numbers in one sample; None takes them from the first input.
        eps: Added to the variance.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.
        initial_beta: The same for ``beta``; None is 0.

    Attributes:
        gamma: Scale, shape ``(size,)``.
        beta: Shift, shape ``(size,)``.

    Source: Ba et al. 2016; compatible with chainer.links.LayerNormalization.

    Example:
        >>> ln = L.LayerNormalization()
        >>> ln(np.arange(6, dtype='f').reshape(2, 3)).array.round(2)
        array([[-1.22,  0.  ,  1.22],
               [-1.22,  0.  ,  1.22]], dtype=float32)
    """

    def __init__(
        self,
        size: int | None = None,
        eps: float = 1e-6,
        initial_gamma: Any = None,
        initial_beta: Any = None,
    ) -> None:
        super().__init__(size, eps, initial_gamma, initial_beta)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to samples of shape ``(N, size)``."""
        if self.gamma.array is None:
            self._initialize_params(math.prod(as_variable(x).shape[1:]))
        return layer_normalization(x, self.gamma, self.beta, self.eps)

"""The group normalization layer."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.configuration import get_dtype
from minigrad.functions.normalization.group_normalization import group_normalization
from minigrad.links.normalization._scale_and_shift import ScaleAndShift
from minigrad.variable import Variable, as_variable


class GroupNormalization(ScaleAndShift):
    """Normalizes each sample over groups of channels, and scales and shifts channels.

    Args:
        groups: Number of groups; it divides the number of channels.
        size: Number of channels; None takes them from the first input.
        eps: Added to the variance.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.
        initial_beta: The same for ``beta``; None is 0.

    Attributes:
        gamma: Scale, shape ``(size,)``.
        beta: Shift, shape ``(size,)``.

    Raises:
        ValueError: (when called first) the input has no channels.

    Source: Wu and He 2018; compatible with chainer.links.GroupNormalization.

    Example:
        >>> L.GroupNormalization(2)(np.zeros((1, 4, 3, 3), 'f')).shape
        (1, 4, 3, 3)
    """

    def __init__(
        self,
        groups: int,
        size: int | None = None,
        eps: float = 1e-5,
        initial_gamma: Any = None,
        initial_beta: Any = None,
    ) -> None:
        dtype = get_dtype(None, map_mixed16=numpy.float32)
        super().__init__(size, eps, initial_gamma, initial_beta, dtype)
        self.groups = groups

    def forward(self, x: Any) -> Variable:
        """Applies the layer to feature maps of shape ``(N, size, ...)``."""
        if self.gamma.array is None:
            x = as_variable(x)
            if x.ndim < 2:
                raise ValueError(
                    'Input dimension must be at least 2, including batch size '
                    f'dimension (first dimension); got {x.ndim}'
                )
            self._initialize_params(x.shape[1])
        return group_normalization(x, self.groups, self.gamma, self.beta, self.eps)

"""What the normalizations that scale and shift without running averages share."""

from __future__ import annotations

from typing import Any

from minigrad.link import Link
from minigrad.links._arguments import parameter_of_dtype


class ScaleAndShift(Link):
    """Has ``gamma`` and ``beta``, one number each for ``size`` features.

    Args:
        size: Number of features; None takes it from the first input.
        eps: Added to the variance.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.
        initial_beta: The same for ``beta``; None is 0.
        dtype: Dtype of both; None is that of the configuration.
    """

    def __init__(
        self,
        size: int | None,
        eps: float,
        initial_gamma: Any,
        initial_beta: Any,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.eps = eps
        with self.init_scope():
            self.gamma = parameter_of_dtype(dtype, initial_gamma, 1)
            self.beta = parameter_of_dtype(dtype, initial_beta, 0)
        if size is not None:
            self._initialize_params(size)

    def _initialize_params(self, size: int) -> None:
        self.gamma.initialize(size)
        self.beta.initialize(size)

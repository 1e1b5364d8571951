"""How links read their arguments."""

from __future__ import annotations

import copy
from typing import Any

from minigrad.initializers import _get_initializer
from minigrad.parameter import Parameter


def bias_parameter(initial_bias: Any, shape: Any = None) -> Parameter:
    """Makes a bias: zeros unless told otherwise."""
    return Parameter(
        _get_initializer(0 if initial_bias is None else initial_bias), shape
    )


def parameter_of_dtype(dtype: Any, initializer: Any, default: float) -> Parameter:
    """Makes a lazy parameter that will have this dtype; None leaves it open."""
    # A copy: the caller may use the initializer elsewhere, for another dtype.
    chosen: Any = copy.copy(
        _get_initializer(default if initializer is None else initializer)
    )
    if dtype is not None:
        chosen.dtype = dtype
    return Parameter(chosen)

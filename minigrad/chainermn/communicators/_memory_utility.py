"""The memory of arrays and parameters, as messages are made of it."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import using_device
from minigrad.types import Array, ArrayModule


def extract_params_set_data(model: Any) -> list[Any]:
    """Returns the parameters that have an array, in the order of their names."""
    return [p for _, p in sorted(model.namedparams()) if p.array is not None]


def extract_params_set_grad(model: Any, zero_fill: bool) -> list[Any]:
    """Returns the parameters that have a gradient; fills in zeros if asked to."""
    params = extract_params_set_data(model)
    if not zero_fill:
        return [p for p in params if p.grad is not None]
    for p in params:
        if p.grad is None:
            with using_device(p.device):
                p.grad = p.xp.zeros_like(p.array)
    return params


def array_to_buffer_object(array: Array, mpi_dtype: Any = None) -> Any:
    """Returns what mpi4py takes for an array; for CuPy's, if the MPI knows CUDA."""
    return array if mpi_dtype is None else [array, mpi_dtype]


def to_host(x: Array) -> Array:
    """Returns a contiguous array in main memory: the array itself if it is one."""
    if not isinstance(x, numpy.ndarray):
        x = x.get()  # waits for the stream
    return x if x.flags.c_contiguous else numpy.ascontiguousarray(x)


def as_bytes(x: Array) -> Array:
    """Returns the memory of a contiguous array: MPI need not know its dtype."""
    return x.reshape(-1).view(numpy.uint8)


def to_module(x: Array, like: ArrayModule) -> Array:
    """Returns an array of this module with the values of an array in main memory."""
    return x if like is numpy else like.asarray(x)

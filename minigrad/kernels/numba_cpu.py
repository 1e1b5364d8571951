"""Kernels for NumPy arrays, compiled by Numba."""

from __future__ import annotations

from minigrad.kernels.reference import Kernels


class NumbaKernels(Kernels):
    """The fast kernels of the CPU; what they do not do, the definition does."""

    name = 'numba'

"""The discrete Fourier transform, on real and imaginary parts."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable


class FFT(FunctionNode):
    arg_names = ('real', 'imag')

    def __init__(self, method: str) -> None:
        self._method = method

    @property
    def public_name(self) -> str:  # type: ignore[override]
        """``fft`` or ``ifft``."""
        return self._method

    def check_type_forward(self, in_types: InputTypes) -> None:
        real, imag = in_types
        if real.dtype.kind != 'f':
            raise self.refuse("real.dtype.kind == 'f'", real.dtype)
        if real.ndim < 1:
            raise self.refuse('real.ndim >= 1', real.ndim)
        if real.shape != imag.shape:
            raise self.refuse(
                'real.shape == imag.shape', f'{real.shape} != {imag.shape}'
            )
        if real.dtype != imag.dtype:
            raise self.refuse(
                'real.dtype == imag.dtype', f'{real.dtype} != {imag.dtype}'
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        real, imag = inputs
        xp, dtype = get_array_module(real), real.dtype
        # CuPy would make complex128 of float32 and Python's 1j.
        unit = numpy.result_type(dtype, numpy.complex64).type(1j)
        y = getattr(xp.fft, self._method)(real + imag * unit)
        return y.real.astype(dtype), y.imag.astype(dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # The transform's matrix F is symmetric, so its adjoint is conj(F). Swapping
        # real and imaginary parts is z -> i conj(z): around F it makes conj(F).
        known = next(g for g in grad_outputs if g is not None)
        nothing = known.xp.zeros_like(known.array)
        greal, gimag = [nothing if g is None else g for g in grad_outputs]
        gximag, gxreal = FFT(self._method).apply((gimag, greal))
        return gxreal, gximag


def fft(x: Any) -> tuple[Variable, Variable]:
    """Fourier transform along the last axis.

    Args:
        x: Pair ``(real, imag)`` of Variables or arrays, float, of one shape with at
            least one axis.

    Returns:
        Pair of Variables: real and imaginary part, shape and dtype of the inputs.

    Raises:
        InvalidType: The two are not float, or not alike.

    Gradient: the conjugate transform of ``(greal, gimag)``, without a factor.
    Double backprop: yes.
    Kernels: reference.
    Source: Cooley and Tukey 1965; compatible with chainer.functions.fft.

    Example:
        >>> real, imag = F.fft((np.array([1., 2., 1., 0.]), np.zeros(4)))
        >>> real.array, imag.array
        (array([4., 0., 0., 0.]), array([ 0., -2.,  0.,  2.]))
    """
    real, imag = x
    return FFT('fft').apply((real, imag))  # type: ignore[return-value]


def ifft(x: Any) -> tuple[Variable, Variable]:
    """Inverse Fourier transform along the last axis.

    Args:
        x: Pair ``(real, imag)`` of Variables or arrays, float, of one shape with at
            least one axis.

    Returns:
        Pair of Variables: real and imaginary part, shape and dtype of the inputs.

    Raises:
        InvalidType: The two are not float, or not alike.

    Gradient: the conjugate transform of ``(greal, gimag)``, divided by the length.
    Double backprop: yes.
    Kernels: reference.
    Source: Cooley and Tukey 1965; compatible with chainer.functions.ifft.

    Example:
        >>> real, imag = F.ifft((np.array([4., 0.]), np.zeros(2)))
        >>> real.array
        array([2., 2.])
    """
    real, imag = x
    return FFT('ifft').apply((real, imag))  # type: ignore[return-value]

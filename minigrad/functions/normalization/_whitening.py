"""The inverse square root of symmetric matrices, differentiable to any order.

It is differentiated through the equation that it solves, so equal eigenvalues do no
harm, as they would in the derivative of a decomposition.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode
from minigrad.functions.math.matmul import matmul
from minigrad.types import Array
from minigrad.variable import Variable


class InverseSquareRoot(FunctionNode):
    """``a ** -1/2`` of positive definite matrices ``(..., C, C)``."""

    arg_names = ('a',)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        (a,) = inputs
        values, self.vectors = get_array_module(a).linalg.eigh(a)
        self.roots = values**0.5
        return _compose(self.vectors / self.roots[..., None, :], self.vectors)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        # With p = a ** 1/2 = 1 / y:  da = p dp + dp p  and  dy = -y dp y.
        (a,) = self.get_retained_inputs()
        (y,) = self.get_retained_outputs()
        gp = -matmul(matmul(y, grad_outputs[0]), y)
        return Sylvester(self.roots, self.vectors).apply((matmul(a, y), gp))[0]


class Sylvester(FunctionNode):
    """The ``x`` of ``p x + x p = g`` for symmetric ``p``, whose eigenvalues are given."""

    arg_names = ('p', 'g')

    def __init__(self, values: Array, vectors: Array) -> None:
        self.values, self.vectors = values, vectors

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        self.retain_outputs((0,))
        v = self.vectors
        g = v.swapaxes(-1, -2) @ inputs[1] @ v
        x = g / (self.values[..., None, :] + self.values[..., :, None])
        return _compose(v @ x, v)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (p,) = self.get_retained_inputs()
        (x,) = self.get_retained_outputs()
        (gg,) = Sylvester(self.values, self.vectors).apply((p, grad_outputs[0]))
        gp = None
        if 0 in indexes:
            gp = -(matmul(gg, x, transb=True) + matmul(x, gg, transa=True))
        return gp, gg


def inverse_square_root(a: Variable) -> Variable:
    """Returns ``a ** -1/2`` of symmetric positive definite matrices."""
    return InverseSquareRoot().apply((a,))[0]


def _compose(a: Array, b: Array) -> Array:
    return a @ b.swapaxes(-1, -2)

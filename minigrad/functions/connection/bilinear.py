"""Bilinear form of two vectors, with optional linear terms."""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.transpose import transpose
from minigrad.functions.connection.linear import linear
from minigrad.functions.math.sum_to import sum_to
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class BilinearFunction(FunctionNode):
    """``y[i, l] = sum_jk e1[i, j] e2[i, k] W[j, k, l]``, and linear terms."""

    arg_names = ('e1', 'e2', 'W', 'V1', 'V2', 'b')
    public_name = 'bilinear'

    def check_type_forward(self, in_types: InputTypes) -> None:
        e1, e2, W = in_types[:3]
        for name, x in zip(self.arg_names, in_types, strict=False):
            if x.dtype.kind != 'f' or x.dtype != e1.dtype:
                raise self.refuse(
                    'float arrays of one dtype',
                    f'{e1.dtype} for e1, {x.dtype} for {name}',
                )
        for name, x in (('e1', e1), ('e2', e2)):
            if x.ndim < 2:
                raise self.refuse(f'{name}.ndim >= 2', x.ndim)
        if len(e1) != len(e2):
            raise self.refuse('e1.shape[0] == e2.shape[0]', f'{len(e1)} != {len(e2)}')
        self._expect_shape(
            in_types, 2, (math.prod(e1.shape[1:]), math.prod(e2.shape[1:]), None)
        )
        if len(in_types) == 6:
            J, K, L = W.shape
            self._expect_shape(in_types, 3, (J, L))
            self._expect_shape(in_types, 4, (K, L))
            self._expect_shape(in_types, 5, (L,))

    def _expect_shape(self, in_types: InputTypes, index: int, shape: Any) -> None:
        x, name = in_types[index], self.arg_names[index]
        if x.ndim != len(shape) or any(
            n not in (None, m) for n, m in zip(shape, x.shape, strict=True)
        ):
            text = ', '.join(['L' if n is None else str(n) for n in shape])
            raise self.refuse(f'{name}.shape == ({text})', x.shape)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs(range(min(len(inputs), 5)))
        e1, e2, W = inputs[:3]
        e1, e2 = e1.reshape(len(e1), W.shape[0]), e2.reshape(len(e2), W.shape[1])
        xp = get_array_module(W)
        y = xp.tensordot(e1[:, :, None] * e2[:, None, :], W, axes=2)
        if len(inputs) == 6:
            V1, V2, b = inputs[3:]
            y += e1.dot(V1)
            y += e2.dot(V2)
            y += b
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        inputs = self.get_retained_inputs()
        (gy,) = grad_outputs
        W = inputs[2]
        N, (J, K, L) = len(gy), W.shape
        e1, e2 = inputs[0].reshape((N, J)), inputs[1].reshape((N, K))
        # (N, J, K): y is linear in the outer product of e1 and e2.
        gouter = linear(gy, W.reshape((J * K, L))).reshape((N, J, K))
        ge1 = sum_to(gouter * e2.reshape((N, 1, K)), (N, J, 1)).reshape((N, J))
        ge2 = sum_to(gouter * e1.reshape((N, J, 1)), (N, 1, K)).reshape((N, K))
        outer = e1.reshape((N, J, 1)) * e2.reshape((N, 1, K))
        gW = _product_over_batch(outer.reshape((N, J * K)), gy).reshape((J, K, L))
        gradients = []
        if len(inputs) == 5:
            V1, V2 = inputs[3:]
            ge1 += linear(gy, V1)
            ge2 += linear(gy, V2)
            gradients += [
                _product_over_batch(e1, gy),
                _product_over_batch(e2, gy),
                sum_to(gy, (L,)),
            ]
        shape1, shape2 = inputs[0].shape, inputs[1].shape
        return (ge1.reshape(shape1), ge2.reshape(shape2), gW, *gradients)


def _product_over_batch(a: Variable, b: Variable) -> Variable:
    """Returns ``a^T b``."""
    return linear(transpose(a), transpose(b))


@checks_arguments
def bilinear(
    e1: Any, e2: Any, W: Any, V1: Any = None, V2: Any = None, b: Any = None
) -> Variable:
    """Bilinear form of two vectors per sample, with optional linear terms.

    ``y[i, l] = sum_jk e1[i, j] e2[i, k] W[j, k, l] + (e1 V1)[i, l] + (e2 V2)[i, l] + b[l]``

    Args:
        e1: Left vectors, float, shape ``(N, J)``; further axes are flattened.
        e2: Right vectors, shape ``(N, K)``; further axes are flattened.
        W: Coefficients of the products, shape ``(J, K, L)``.
        V1: Coefficients of ``e1``, shape ``(J, L)``.
        V2: Coefficients of ``e2``, shape ``(K, L)``.
        b: Biases, shape ``(L,)``. ``V1``, ``V2`` and ``b`` are given together or not
            at all.

    Returns:
        Variable, dtype of the inputs, shape ``(N, L)``.

    Raises:
        InvalidType: The inputs are not float of one dtype, or the shapes do not fit.
        ValueError: Only some of ``V1``, ``V2`` and ``b`` are given.

    Gradient: to all inputs.
    Double backprop: yes, to any order.
    Kernels: reference.
    Source: Socher et al. 2013; compatible with chainer.functions.bilinear.

    Example:
        >>> e1, e2 = np.array([[1., 2.]]), np.array([[3., 4.]])
        >>> F.bilinear(e1, e2, np.ones((2, 2, 1))).array
        array([[21.]])
    """
    linear_terms = (V1, V2, b)
    missing = [x is None for x in linear_terms]
    if all(missing):
        return BilinearFunction().apply((e1, e2, W))[0]
    if any(missing):
        raise ValueError(
            'bilinear: V1, V2 and b must be given together or not at all, got only '
            + ' and '.join(
                [n for n, no in zip(('V1', 'V2', 'b'), missing, strict=True) if not no]
            )
        )
    return BilinearFunction().apply((e1, e2, W, *linear_terms))[0]

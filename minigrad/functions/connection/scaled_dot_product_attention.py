"""Attention: averages of values, weighted by how well keys answer queries."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad.backend import may_look_at
from minigrad.functions._check import Checker
from minigrad.functions._edges import masked
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.math.matmul import matmul
from minigrad.functions.noise.dropout import dropout
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array, as_variable


@checks_arguments
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    dropout_ratio: float = 0.0,
    causal: bool = False,
    scale: float | None = None,
) -> Variable:
    """Attention, ``softmax(query @ key.T * scale + mask) @ value``.

    Args:
        query: Variable or array, float, shape ``(..., L, E)``.
        key: Variable or array, shape ``(..., S, E)``.
        value: Variable or array, shape ``(..., S, D)``.
        mask: What may be looked at, of a shape that broadcasts to ``(..., L, S)``: bool,
            True where a query takes part in a key, or float, added to the scores.
        dropout_ratio: Share of the weights that is set to zero in training.
        causal: If True, query ``i`` looks at the keys up to ``i`` only.
        scale: Factor on the scores; ``1 / sqrt(E)`` if None.

    Returns:
        Variable, shape ``(..., L, D)``. A query that may look at nothing gives zeros.

    Raises:
        InvalidType: The inputs are not float arrays of two axes or more, ``mask`` is
            neither bool nor of the dtype of ``query``, or shapes do not fit.
        ValueError: ``dropout_ratio`` is not in [0, 1).

    Gradient: that of the softmax and the two products.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: Vaswani et al. 2017; as torch.nn.functional.scaled_dot_product_attention.

    Example:
        >>> x = np.array([[1., 0.], [0., 1.]])
        >>> F.scaled_dot_product_attention(x, x, x, causal=True, scale=1000.).array
        array([[1., 0.],
               [0., 1.]])
    """
    q, k, v = as_variable(query), as_variable(key), as_variable(value)
    _check(q, k, v, as_array(mask))
    if scale is None:
        scale = 1 / math.sqrt(q.shape[-1])
    scores = matmul(q * scale, k, transb=True)
    if mask is not None:
        _check_mask(as_array(mask), scores, q, k, v)
    allowed = None
    if causal:
        allowed = q.xp.tri(*scores.shape[-2:], dtype=bool)
    if mask is not None and as_array(mask).dtype.kind == 'b':
        given = as_array(mask)
        allowed = given if allowed is None else given & allowed
    elif mask is not None:
        scores = scores + mask
    if allowed is not None:
        # Not -inf: a row of nothing else would be NaN, and so would its gradients.
        lowest = q.dtype.type(numpy.finfo(q.dtype).min / 2)
        scores = masked(scores, allowed) + ~allowed * lowest
    weights = softmax(scores, axis=-1)
    if allowed is not None and not (may_look_at(allowed) and allowed.any(-1).all()):
        weights = masked(weights, allowed)  # a query that may look at nothing
    if dropout_ratio != 0:  # a million random numbers take as long as the products
        weights = dropout(weights, dropout_ratio)
    return matmul(weights, v)


def _check(q: Variable, k: Variable, v: Variable, mask: Array | None) -> None:
    checker = Checker('scaled_dot_product_attention', query=q, key=k, value=v)
    for name, x in (('query', q), ('key', k), ('value', v)):
        if x.ndim < 2 or x.dtype.kind != 'f' or x.dtype != q.dtype:
            rule = f'{name} float (..., length, size), dtype of query'
            raise checker.refuse(rule, f'{x.dtype} {x.shape}')
    if q.shape[-1] != k.shape[-1]:
        got = f'{q.shape[-1]} != {k.shape[-1]}'
        raise checker.refuse('query.shape[-1] == key.shape[-1]', got)
    if k.shape[-2] != v.shape[-2]:
        got = f'{k.shape[-2]} != {v.shape[-2]}'
        raise checker.refuse('key.shape[-2] == value.shape[-2]', got)
    if mask is not None and mask.dtype.kind != 'b' and mask.dtype != q.dtype:
        raise checker.refuse('mask bool or of the dtype of query', mask.dtype)


def _check_mask(
    mask: Array, scores: Variable, q: Variable, k: Variable, v: Variable
) -> None:
    shape, whole = mask.shape, scores.shape
    fits = len(shape) <= len(whole) and all(
        a in (1, b) for a, b in zip(shape[::-1], whole[::-1], strict=False)
    )
    if not fits:
        hint = None
        if len(whole) > 2 and shape == (whole[0], whole[-1]):
            new = ', '.join([':', *['None'] * (len(whole) - 2)])
            hint = f'one row of the mask for each sequence is mask[{new}]'
        checker = Checker('scaled_dot_product_attention', query=q, key=k, value=v)
        rule = f'a mask that broadcasts to (..., L, S), here {whole}'
        raise checker.refuse(rule, f'shape {shape}', hint)

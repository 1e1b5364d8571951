"""Stacked gated recurrent units over sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.array.concat import concat, split_axis
from minigrad.functions.connection.linear import linear
from minigrad.functions.math.linear_interpolate import linear_interpolate
from minigrad.functions.rnn._n_step import REFUSED, Step, n_step
from minigrad.named_arguments import checks_arguments
from minigrad.utils import argument
from minigrad.variable import Variable


def _cell(w: Sequence[Any], b: Sequence[Any]) -> tuple[Any, Any, Step]:
    W, U = concat(w[:3], axis=0), concat(w[3:], axis=0)
    b_x, b_h = concat(b[:3], axis=0), concat(b[3:], axis=0)
    n_units = w[3].shape[0]

    def step(gates: Any, h: Any, c: Any) -> tuple[Any, Any]:
        places = [2 * n_units]
        rz_x, new_x = split_axis(gates, places, axis=1)
        rz_h, new_h = split_axis(linear(h, U, b_h), places, axis=1)
        r, z = split_axis(sigmoid(rz_x + rz_h), 2, axis=1)
        return linear_interpolate(z, h, tanh(new_x + r * new_h)), None

    return W, b_x, step


def _gru(
    x: Any, h: Any, c: Any, w: Sequence[Any], b: Sequence[Any]
) -> tuple[Variable, None]:
    """Returns ``(h, None)`` after one step of one layer; Chainer's programs call it."""
    W, bias, step = _cell(w, b)
    return step(linear(x, W, bias), h, c)


@checks_arguments
def n_step_gru(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Stacked gated recurrent units over a sequence of batches.

    Each layer computes, for each time, ``r = sigmoid(W_0 x + W_3 h + b_0 + b_3)``,
    ``z = sigmoid(W_1 x + W_4 h + b_1 + b_4)``,
    ``n = tanh(W_2 x + b_2 + r (W_5 h + b_5))`` and ``h = (1 - z) n + z h``. (The gate
    comes after the product with ``W_5``, unlike in the link ``StatefulGRU``.)

    Args:
        n_layers: Number of layers ``S``.
        dropout_ratio: Ratio of the dropout before each layer but the first, in training.
        hx: First states, float, shape ``(S, B, U)``.
        ws: For each layer its 6 weights; the first three of shape ``(U, I)`` (in later
            layers ``(U, U)``), the others ``(U, U)``.
        bs: For each layer its 6 biases, shape ``(U,)``.
        xs: A batch for each time, shape ``(B_t, I)``, from large to small: see
            `transpose_sequence`.
        kwargs: None; ``train`` and ``use_cudnn`` are refused with a hint.

    Returns:
        ``hy`` and ``ys``: the last states, shaped like the first, and the tuple of the
        last layer's outputs, ``(B_t, U)``.

    Raises:
        InvalidType: The shapes of ``hx`` and ``xs`` do not fit.
        ValueError: ``xs`` is empty or its samples do not fit the weights.

    Gradient: through all times.
    Double backprop: yes, to any order.
    Kernels: reference; the products numba, cupy.
    Source: Cho et al. 2014; compatible with chainer.functions.n_step_gru.

    Example:
        >>> h = np.zeros((1, 2, 3))
        >>> ws, bs = [[np.zeros((3, 4))] * 3 + [np.zeros((3, 3))] * 3], [[np.ones(3)] * 6]
        >>> hy, ys = F.n_step_gru(1, 0.0, h, ws, bs, [np.zeros((2, 4)), np.zeros((1, 4))])
        >>> hy.shape, [y.shape for y in ys]
        ((1, 2, 3), [(2, 3), (1, 3)])
    """
    argument.parse_kwargs(kwargs, **REFUSED)
    arguments = n_layers, dropout_ratio, hx, None, ws, bs, xs
    hy, _, ys = n_step('n_step_gru', _cell, *arguments, directions=1)
    return hy, ys


@checks_arguments
def n_step_bigru(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Stacked gated recurrent units in both directions of time.

    Each layer is two of those of `n_step_gru`; the second one starts at the end. Their
    outputs are joined, so later layers take ``2 * U`` values.

    Args:
        n_layers: Number of layers ``S``.
        dropout_ratio: Ratio of the dropout before each layer but the first, in training.
        hx: First states, float, shape ``(2 * S, B, U)``: layer 0 forwards, layer 0
            backwards, layer 1 forwards, and so on.
        ws: 6 weights for each of these.
        bs: 6 biases for each of these.
        xs: A batch for each time, shape ``(B_t, I)``, from large to small.
        kwargs: None; ``train`` and ``use_cudnn`` are refused with a hint.

    Returns:
        ``hy`` and ``ys``: the last states, shaped like the first, and the tuple of the
        last layer's outputs, ``(B_t, 2 * U)``.

    Raises:
        InvalidType: The shapes of ``hx`` and ``xs`` do not fit.
        ValueError: ``xs`` is empty or its samples do not fit the weights.

    Gradient: through all times.
    Double backprop: yes, to any order.
    Kernels: reference; the products numba, cupy.
    Source: compatible with chainer.functions.n_step_bigru.

    Example:
        >>> h = np.zeros((2, 2, 3))
        >>> w, b = [np.zeros((3, 4))] * 3 + [np.zeros((3, 3))] * 3, [np.ones(3)] * 6
        >>> hy, ys = F.n_step_bigru(1, 0.0, h, [w, w], [b, b], [np.zeros((2, 4))])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 3), [(2, 6)])
    """
    argument.parse_kwargs(kwargs, **REFUSED)
    arguments = n_layers, dropout_ratio, hx, None, ws, bs, xs
    hy, _, ys = n_step('n_step_bigru', _cell, *arguments, directions=2)
    return hy, ys

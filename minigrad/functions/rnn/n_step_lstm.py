"""Stacked long short-term memories over sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.functions.array.stack import stack
from minigrad.functions.connection.linear import linear
from minigrad.functions.rnn._n_step import REFUSED, Step, n_step
from minigrad.functions.rnn.lstm import lstm
from minigrad.named_arguments import checks_arguments
from minigrad.utils import argument
from minigrad.variable import Variable


def _interleaved(i: Any, f: Any, a: Any, o: Any) -> Variable:
    """Joins four weights or biases in the order in which `lstm` reads its gates."""
    w = stack([a, i, f, o], axis=1)
    return w.reshape((4 * w.shape[0], *w.shape[2:]))


def _cell(w: Sequence[Any], b: Sequence[Any]) -> tuple[Any, Any, Step]:
    W, U = _interleaved(*w[:4]), _interleaved(*w[4:])

    def step(gates: Any, h: Any, c: Any) -> tuple[Any, Any]:
        c, h = lstm(c, gates + linear(h, U))
        return h, c

    return W, _interleaved(*b[:4]) + _interleaved(*b[4:]), step


def _lstm(
    x: Any, h: Any, c: Any, w: Sequence[Any], b: Sequence[Any]
) -> tuple[Variable, Variable]:
    """Returns ``(h, c)`` after one step of one layer; Chainer's programs call it."""
    W, bias, step = _cell(w, b)
    return step(linear(x, W, bias), h, c)


@checks_arguments
def n_step_lstm(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    **kwargs: Any,
) -> tuple[Variable, Variable, tuple[Variable, ...]]:
    """Stacked long short-term memories over a sequence of batches.

    Each layer computes, for each time, ``i``, ``f`` and ``o`` as
    ``sigmoid(W_k x + W_{k+4} h + b_k + b_{k+4})`` for k = 0, 1, 3,
    ``a = tanh(W_2 x + W_6 h + b_2 + b_6)``, ``c = f c + i a`` and ``h = o tanh(c)``.

    Args:
        n_layers: Number of layers ``S``.
        dropout_ratio: Ratio of the dropout before each layer but the first, in training.
        hx: First states, float, shape ``(S, B, U)``.
        cx: First cells, the same shape and dtype.
        ws: For each layer its 8 weights; the first four of shape ``(U, I)`` (in later
            layers ``(U, U)``), the others ``(U, U)``.
        bs: For each layer its 8 biases, shape ``(U,)``.
        xs: A batch for each time, shape ``(B_t, I)``, from large to small: see
            `transpose_sequence`.
        kwargs: None; ``train`` and ``use_cudnn`` are refused with a hint.

    Returns:
        ``hy``, ``cy`` and ``ys``: the last states and cells, shaped like the first, and
        the tuple of the last layer's outputs, ``(B_t, U)``.

    Raises:
        InvalidType: The shapes of ``hx``, ``cx`` and ``xs`` do not fit.
        ValueError: ``xs`` is empty or its samples do not fit the weights.

    Gradient: through all times.
    Double backprop: yes, to any order.
    Kernels: reference; the products numba, cupy.
    Source: compatible with chainer.functions.n_step_lstm.

    Example:
        >>> h = np.zeros((1, 2, 3))
        >>> ws, bs = [[np.zeros((3, 4))] * 4 + [np.zeros((3, 3))] * 4], [[np.ones(3)] * 8]
        >>> xs = [np.zeros((2, 4)), np.zeros((1, 4))]
        >>> hy, cy, ys = F.n_step_lstm(1, 0.0, h, h, ws, bs, xs)
        >>> hy.shape, [y.shape for y in ys]
        ((1, 2, 3), [(2, 3), (1, 3)])
    """
    argument.parse_kwargs(kwargs, **REFUSED)
    arguments = n_layers, dropout_ratio, hx, cx, ws, bs, xs
    return n_step('n_step_lstm', _cell, *arguments, directions=1)


@checks_arguments
def n_step_bilstm(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    **kwargs: Any,
) -> tuple[Variable, Variable, tuple[Variable, ...]]:
    """Stacked long short-term memories in both directions of time.

    Each layer is two of those of `n_step_lstm`; the second one starts at the end. Their
    outputs are joined, so later layers take ``2 * U`` values.

    Args:
        n_layers: Number of layers ``S``.
        dropout_ratio: Ratio of the dropout before each layer but the first, in training.
        hx: First states, float, shape ``(2 * S, B, U)``: layer 0 forwards, layer 0
            backwards, layer 1 forwards, and so on.
        cx: First cells, the same shape and dtype.
        ws: 8 weights for each of these.
        bs: 8 biases for each of these.
        xs: A batch for each time, shape ``(B_t, I)``, from large to small.
        kwargs: None; ``train`` and ``use_cudnn`` are refused with a hint.

    Returns:
        ``hy``, ``cy`` and ``ys``: the last states and cells, shaped like the first, and
        the tuple of the last layer's outputs, ``(B_t, 2 * U)``.

    Raises:
        InvalidType: The shapes of ``hx``, ``cx`` and ``xs`` do not fit.
        ValueError: ``xs`` is empty or its samples do not fit the weights.

    Gradient: through all times.
    Double backprop: yes, to any order.
    Kernels: reference; the products numba, cupy.
    Source: compatible with chainer.functions.n_step_bilstm.

    Example:
        >>> h = np.zeros((2, 2, 3))
        >>> w, b = [np.zeros((3, 4))] * 4 + [np.zeros((3, 3))] * 4, [np.ones(3)] * 8
        >>> xs = [np.zeros((2, 4)), np.zeros((1, 4))]
        >>> hy, cy, ys = F.n_step_bilstm(1, 0.0, h, h, [w, w], [b, b], xs)
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 3), [(2, 6), (1, 6)])
    """
    argument.parse_kwargs(kwargs, **REFUSED)
    arguments = n_layers, dropout_ratio, hx, cx, ws, bs, xs
    return n_step('n_step_bilstm', _cell, *arguments, directions=2)

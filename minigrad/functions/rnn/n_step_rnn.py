"""Stacked plain recurrent networks over sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.connection.linear import linear
from minigrad.functions.rnn._n_step import REFUSED, Cell, Step, n_step
from minigrad.named_arguments import checks_arguments
from minigrad.utils import argument
from minigrad.variable import Variable

_ACTIVATIONS = {'tanh': tanh, 'relu': relu}


def _cell_of(activation: str) -> Cell:
    if activation not in _ACTIVATIONS:
        raise ValueError(
            f'Invalid activation: {activation!r}; select from {list(_ACTIVATIONS)}'
        )
    function = _ACTIVATIONS[activation]

    def cell(w: Sequence[Any], b: Sequence[Any]) -> tuple[Any, Any, Step]:
        def step(given: Any, h: Any, c: Any) -> tuple[Any, Any]:
            return function(given + linear(h, w[1], b[1])), None

        return w[0], b[0], step

    return cell


@checks_arguments
def n_step_rnn(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    activation: str = 'tanh',
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Stacked plain recurrent layers over a sequence of batches.

    Each layer computes ``h = activation(W_0 x + W_1 h + b_0 + b_1)`` for each time.

    Args:
        n_layers: Number of layers ``S``.
        dropout_ratio: Ratio of the dropout before each layer but the first, in training.
        hx: First states, float, shape ``(S, B, U)``.
        ws: For each layer its 2 weights, shapes ``(U, I)`` (in later layers ``(U, U)``)
            and ``(U, U)``.
        bs: For each layer its 2 biases, shape ``(U,)``.
        xs: A batch for each time, shape ``(B_t, I)``, from large to small: see
            `transpose_sequence`.
        activation: ``'tanh'`` or ``'relu'``.
        kwargs: None; ``train`` and ``use_cudnn`` are refused with a hint.

    Returns:
        ``hy`` and ``ys``: the last states, shaped like the first, and the tuple of the
        last layer's outputs, ``(B_t, U)``.

    Raises:
        InvalidType: The shapes of ``hx`` and ``xs`` do not fit.
        ValueError: The activation is unknown, ``xs`` is empty, or its samples do not fit
            the weights.

    Gradient: through all times.
    Double backprop: yes, to any order.
    Kernels: reference; the products numba, cupy.
    Source: Elman 1990; compatible with chainer.functions.n_step_rnn.

    Example:
        >>> h, ws, bs = np.zeros((1, 2, 1)), [[np.ones((1, 1))] * 2], [[np.zeros(1)] * 2]
        >>> xs = [np.array([[1.], [2.]]), np.array([[3.]])]
        >>> hy, ys = F.n_step_rnn(1, 0.0, h, ws, bs, xs, 'relu')
        >>> [y.array.ravel().tolist() for y in ys], hy.array.ravel().tolist()
        ([[1.0, 2.0], [4.0]], [4.0, 2.0])
    """
    argument.parse_kwargs(kwargs, **REFUSED)
    arguments = n_layers, dropout_ratio, hx, None, ws, bs, xs
    hy, _, ys = n_step('n_step_rnn', _cell_of(activation), *arguments, directions=1)
    return hy, ys


@checks_arguments
def n_step_birnn(
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    activation: str = 'tanh',
    **kwargs: Any,
) -> tuple[Variable, tuple[Variable, ...]]:
    """Stacked plain recurrent layers in both directions of time.

    Each layer is two of those of `n_step_rnn`; the second one starts at the end. Their
    outputs are joined, so later layers take ``2 * U`` values.

    Args:
        n_layers: Number of layers ``S``.
        dropout_ratio: Ratio of the dropout before each layer but the first, in training.
        hx: First states, float, shape ``(2 * S, B, U)``: layer 0 forwards, layer 0
            backwards, layer 1 forwards, and so on.
        ws: 2 weights for each of these.
        bs: 2 biases for each of these.
        xs: A batch for each time, shape ``(B_t, I)``, from large to small.
        activation: ``'tanh'`` or ``'relu'``.
        kwargs: None; ``train`` and ``use_cudnn`` are refused with a hint.

    Returns:
        ``hy`` and ``ys``: the last states, shaped like the first, and the tuple of the
        last layer's outputs, ``(B_t, 2 * U)``.

    Raises:
        InvalidType: The shapes of ``hx`` and ``xs`` do not fit.
        ValueError: The activation is unknown, ``xs`` is empty, or its samples do not fit
            the weights.

    Gradient: through all times.
    Double backprop: yes, to any order.
    Kernels: reference; the products numba, cupy.
    Source: compatible with chainer.functions.n_step_birnn.

    Example:
        >>> h, w, b = np.zeros((2, 1, 1)), [np.ones((1, 1))] * 2, [np.zeros(1)] * 2
        >>> xs = [np.array([[1.]]), np.array([[2.]])]
        >>> hy, ys = F.n_step_birnn(1, 0.0, h, [w, w], [b, b], xs, 'relu')
        >>> [y.array.tolist() for y in ys]
        [[[1.0, 3.0]], [[3.0, 2.0]]]
    """
    argument.parse_kwargs(kwargs, **REFUSED)
    arguments = n_layers, dropout_ratio, hx, None, ws, bs, xs
    hy, _, ys = n_step('n_step_birnn', _cell_of(activation), *arguments, directions=2)
    return hy, ys

"""Connectionist temporal classification: labels without their times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from minigrad.backend import get_array_module, may_look_at
from minigrad.function_node import FunctionNode
from minigrad.functions._check import Checker, array_of, list_of
from minigrad.functions._edges import masked
from minigrad.functions.activation.log_softmax import log_softmax
from minigrad.functions.array.cast import cast
from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.stack import separate, stack
from minigrad.functions.array.where import where
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.functions.math.average import average
from minigrad.functions.math.logsumexp import logsumexp
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array

# The logarithm of an impossible probability: infinity minus itself would be NaN.
_NEVER = -1e10


class Ways(FunctionNode):
    """From each place of a path: staying, one step, and two; ``(B, S)`` to ``(3, B, S)``.

    One node for what would be five, of which a sequence has one for each time.
    """

    arg_names = ('alpha',)

    def __init__(self, skip_cost: Array | None = None) -> None:
        self.skip_cost = skip_cost

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (alpha,) = inputs
        # Without a cost it is the linear part, the derivative of the derivative.
        nowhere = 0 if self.skip_cost is None else _NEVER
        ways = get_array_module(alpha).full((3, *alpha.shape), nowhere, alpha.dtype)
        ways[0] = alpha
        ways[1, :, 1:] = alpha[:, :-1]
        ways[2, :, 2:] = alpha[:, :-2]
        if self.skip_cost is not None:
            ways[2] += self.skip_cost
        return ways

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return WaysGrad().apply(grad_outputs)


class WaysGrad(FunctionNode):
    """Back from all three."""

    arg_names = ('gways',)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        stay, step, skip = inputs[0]
        galpha = stay.copy()
        galpha[:, :-1] += step[:, 1:]
        galpha[:, :-2] += skip[:, 2:]
        return galpha

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Ways().apply(grad_outputs)


def _check(x: Any, t: Array, input_length: Array, label_length: Array) -> None:
    lengths = {'input_length': input_length, 'label_length': label_length}
    check = Checker('connectionist_temporal_classification', **lengths, t=t, x=x)
    if x.dtype.kind != 'f':
        raise check.refuse("x.dtype.kind == 'f'", x.dtype)
    if x.ndim != 3:
        raise check.refuse('x of T arrays (B, V)', x.shape)
    if t.dtype != numpy.int32:
        raise check.refuse('t.dtype == int32', t.dtype)
    if t.ndim != 2 or len(t) != x.shape[1]:
        raise check.refuse('t.shape == (B, M)', t.shape)
    for name, length in lengths.items():
        if length.dtype != numpy.int32:
            raise check.refuse(f'{name}.dtype == int32', length.dtype)
        if length.shape != t.shape[:1]:
            raise check.refuse(f'{name}.shape == (B,)', length.shape)


@checks_arguments
def connectionist_temporal_classification(
    x: Any,
    t: Any,
    blank_symbol: int,
    input_length: Any = None,
    label_length: Any = None,
    reduce: str = 'mean',
) -> Variable:
    """CTC loss: the negative log-likelihood of labels, summed over all alignments.

    At each time the network says one of ``V`` symbols. A sequence of symbols stands for
    the labels that remain when repetitions are merged and then blanks are dropped.

    Args:
        x: List or tuple of ``T`` Variables or arrays, float, shape ``(B, V)``: what comes
            before the softmax.
        t: Labels, int32, shape ``(B, M)``.
        blank_symbol: The number of the blank.
        input_length: How many of the ``T`` times count, int32, ``(B,)``; None for all.
        label_length: How many of the ``M`` labels count, int32, ``(B,)``; None for all.
        reduce: ``'mean'`` over the batch, or ``'no'``.

    Returns:
        Variable, dtype of ``x``, shape ``()`` or, with ``reduce='no'``, ``(B,)``. Labels
        that do not fit into their time have a loss of 1e10 (1e4 in float16) and no
        gradient.

    Raises:
        TypeError: ``x`` is not a sequence, or ``blank_symbol`` not an int.
        InvalidType: A dtype is wrong, or the shapes do not fit.
        ValueError: ``blank_symbol`` is no symbol, or ``reduce`` not one of the above.

    Gradient: the softmax of ``x`` minus how often each symbol is expected, given the
        labels; to ``x`` only.
    Double backprop: yes.
    Kernels: reference.
    Source: Graves et al. 2006; compatible with
        chainer.functions.connectionist_temporal_classification.

    Example:
        >>> x = [np.zeros((1, 3)), np.zeros((1, 3))]  # nine sequences; 3 say "0"
        >>> F.connectionist_temporal_classification(x, np.array([[0]], 'i'), 2)
        variable(1.09861229)
    """
    if not isinstance(x, Sequence):
        raise TypeError(
            'connectionist_temporal_classification: expected x as a list of Variables, '
            f'one for each time, got {type(x).__name__}'
        )
    if not isinstance(blank_symbol, int):
        raise TypeError(
            'connectionist_temporal_classification: expected blank_symbol as an int, '
            f'got {type(blank_symbol).__name__}'
        )
    check_reduce('connectionist_temporal_classification', reduce, 'mean', 'no')
    name = 'connectionist_temporal_classification'
    xs, t = stack(list_of(name, 'x', x)), array_of(name, 't', t).array
    xp = get_array_module(t)
    if input_length is None:
        input_length = xp.full(len(t), len(x), 'i')
    if label_length is None:
        label_length = xp.full(len(t), t.shape[1], 'i')
    input_length, label_length = as_array(input_length), as_array(label_length)
    _check(xs, t, input_length, label_length)
    if not 0 <= blank_symbol < xs.shape[2]:
        raise ValueError(
            'connectionist_temporal_classification: expected 0 <= blank_symbol < '
            f'{xs.shape[2]}, the number of symbols, got {blank_symbol}'
        )
    loss = _losses(xs, t, blank_symbol, input_length, label_length)
    return average(loss) if reduce == 'mean' else loss


def _losses(
    x: Variable, t: Array, blank: int, input_length: Array, label_length: Array
) -> Variable:
    """Runs the forward algorithm in logarithms; returns one loss for each sample."""
    xp, dtype = get_array_module(t), wide(x.dtype)
    n_batch, n_path = len(t), 2 * t.shape[1] + 1
    path = xp.full((n_batch, n_path), blank, 'i')  # blanks before, between, after
    path[:, 1::2] = t
    place = xp.arange(n_path)

    def unless(possible: Array) -> Array:
        return xp.where(possible, 0, _NEVER).astype(dtype)

    # A step may leave out the blank between two different labels, nothing else.
    may_skip = xp.zeros((n_batch, n_path), bool)
    may_skip[:, 2:] = path[:, 2:] != path[:, :-2]
    skip_cost = unless(may_skip)
    every_time_counts = may_look_at(t) and bool((input_length == len(x)).all())
    if not every_time_counts:  # what comes after the end is not looked at
        counts = xp.arange(len(x))[:, None] < input_length
        x = masked(x, counts[:, :, None])
    last = 2 * label_length[:, None]
    may_end = (place == last) | (place == last - 1)

    log_p = log_softmax(cast(x, dtype), axis=2)
    said = get_item(log_p, (slice(None), xp.arange(n_batch)[:, None], path))
    first, *later = separate(said, axis=0)  # each (B, n_path)
    # alpha[b, s]: log-probability of all beginnings that have come to place s
    alpha = first + unless(place < 2)
    for i, emission in enumerate(later, start=1):
        (ways,) = Ways(skip_cost).apply((alpha,))
        moved = logsumexp(ways, axis=0) + emission
        if every_time_counts:
            alpha = moved
        else:
            going_on = xp.broadcast_to(i < input_length[:, None], moved.shape)
            alpha = where(going_on, moved, alpha)
    loss = -logsumexp(alpha + unless(may_end), axis=1)
    # What cannot be has no gradient: at 1e10 the shares of a sum would be noise.
    most = 1e4 if x.dtype == numpy.float16 else -_NEVER
    possible = loss.array < -_NEVER / 2
    return cast(where(possible, loss, xp.full_like(loss.array, most)), x.dtype)

"""Linear-chain conditional random fields: their likelihood and their best sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.functions._check import Checker, array_of, list_of
from minigrad.functions.array.concat import concat
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.get_item import get_item
from minigrad.functions.array.select_item import select_item
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.math.logsumexp import logsumexp
from minigrad.functions.math.minmax import argmax
from minigrad.functions.math.minmax import max as max_of
from minigrad.functions.math.sum import sum as sum_of
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array


def _read(function: str, cost: Any, xs: Any) -> tuple[Variable, list[Variable]]:
    cost, xs = array_of(function, 'cost', cost), list_of(function, 'xs', xs)
    if not xs:
        raise ValueError(f'{function}: expected a sequence of batches, got none')
    if xs[0].ndim != 2 or cost.shape != (xs[0].shape[1],) * 2:
        check = Checker(function, cost=cost, **{'xs[0]': xs[0]})
        got = f'{cost.shape} and {xs[0].shape}'
        raise check.refuse('cost (K, K) and xs[0] (B, K)', got)
    return cost, xs


class _Ended:
    """Keeps what belongs to sequences that have ended: the last rows of a batch."""

    def __init__(self) -> None:
        self._parts_: list[Variable] = []

    def split(self, x: Variable, size: int) -> Variable:
        """Returns the first rows, those of the sequences that go on."""
        if len(x) > size:
            self._parts_.append(x[size:])
            x = x[:size]
        return x

    def join(self, x: Variable) -> Variable:
        """Returns the rows of all sequences, in their order."""
        return concat([x, *self._parts_[::-1]], axis=0) if self._parts_ else x


@checks_arguments
def crf1d(cost: Any, xs: Any, ys: Any, reduce: str = 'mean') -> Variable:
    """Negative log-likelihood of label sequences under a linear-chain CRF.

    A sequence of labels scores the sum of its ``x[t][y[t]]`` and of the transitions
    ``cost[y[t], y[t + 1]]``; its likelihood is the softmax of the scores of all
    sequences.

    Args:
        cost: Transitions, float, shape ``(K, K)``, from the label of the row to that of
            the column.
        xs: Sequence of batches, each float ``(B_t, K)``: the scores of the labels at
            time ``t``. ``B_t`` may shrink; sequences of several lengths are sorted from
            long to short, and `transpose_sequence` turns them into this form.
        ys: Labels, sequence of signed integer arrays ``(B_t,)``.
        reduce: ``'mean'`` or ``'no'``.

    Returns:
        Variable, shape ``()`` or, with ``reduce='no'``, ``(B_0,)``.

    Raises:
        InvalidType: The shapes do not fit.
        ValueError: A label is out of range, or ``reduce`` is not one of the above.

    Gradient: to ``cost`` and ``xs``: the expected counts minus the counts.
    Double backprop: yes.
    Kernels: reference.
    Source: Lafferty, McCallum and Pereira 2001; compatible with
        chainer.functions.crf1d.

    Example:
        >>> cost, xs = np.zeros((2, 2)), [np.zeros((1, 2)), np.zeros((1, 2))]
        >>> F.crf1d(cost, xs, [np.array([0]), np.array([1])])  # one of four
        variable(1.38629436)
    """
    check_reduce('crf1d', reduce, 'mean', 'no')
    cost, xs = _read('crf1d', cost, xs)
    labels: Sequence[Array] = [as_array(y) for y in list_of('crf1d', 'ys', ys)]
    for y in labels:
        if y.dtype.kind != 'i':
            raise Checker('crf1d', cost=cost).refuse("ys[i].dtype.kind == 'i'", y.dtype)
    if len(labels) != len(xs):
        raise ValueError(
            f'crf1d: expected as many ys as xs, got {len(labels)} and {len(xs)}'
        )
    # alpha[b, k]: log of the sum over all beginnings that end with label k
    alpha, score = xs[0], select_item(xs[0], labels[0])
    ended_alpha, ended_score = _Ended(), _Ended()
    for t in range(1, len(xs)):
        x, y, former = xs[t], labels[t], labels[t - 1][: len(xs[t])]
        alpha, score = (
            ended_alpha.split(alpha, len(x)),
            ended_score.split(score, len(x)),
        )
        alpha = logsumexp(expand_dims(alpha, 2) + cost, axis=1) + x
        score = score + select_item(x, y) + get_item(cost, (former, y))
    log_z = logsumexp(ended_alpha.join(alpha), axis=1)
    loss = log_z - ended_score.join(score)
    return sum_of(loss) / len(xs[0]) if reduce == 'mean' else loss


@checks_arguments
def argmax_crf1d(cost: Any, xs: Any) -> tuple[Variable, list[Array]]:
    """Most likely label sequences of a linear-chain CRF, by Viterbi's algorithm.

    Args:
        cost: Transitions, float, shape ``(K, K)``.
        xs: Sequence of batches, each float ``(B_t, K)``, see `crf1d`.

    Returns:
        Pair of a Variable ``(B_0,)``, the scores of the best sequences, and a list of
        int32 arrays ``(B_t,)``, their labels.

    Raises:
        InvalidType: The shapes do not fit.

    Gradient: of the scores, to the elements that they add up.
    Double backprop: yes.
    Kernels: reference.
    Source: Viterbi 1967; compatible with chainer.functions.argmax_crf1d.

    Example:
        >>> cost = np.array([[0., 5.], [0., 0.]])  # 1 likes to follow 0
        >>> score, ys = F.argmax_crf1d(cost, [np.zeros((1, 2)), np.zeros((1, 2))])
        >>> score.array, ys
        (array([5.]), [array([0], dtype=int32), array([1], dtype=int32)])
    """
    cost, xs = _read('argmax_crf1d', cost, xs)
    # alpha[b, k]: the best score of a beginning that ends with label k
    alpha, ended = xs[0], _Ended()
    lasts = []  # best last label of all sequences that are there at time t
    formers = []  # formers[t][b, k]: best label at time t before label k at t + 1
    for x in xs[1:]:
        lasts.append(argmax(alpha, axis=1).array)
        alpha = ended.split(alpha, len(x))
        scores = expand_dims(alpha, 2) + cost
        formers.append(argmax(scores, axis=1).array)
        alpha = max_of(scores, axis=1) + x
    path = [argmax(alpha, axis=1).array]
    for last, former in zip(lasts[::-1], formers[::-1], strict=True):
        n = len(former)
        label = last.copy()  # of the sequences that end here
        label[:n] = former[alpha.xp.arange(n), path[-1]]
        path.append(label)
    return max_of(ended.join(alpha), axis=1), path[::-1]

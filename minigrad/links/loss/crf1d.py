"""The layer of a linear-chain conditional random field."""

from __future__ import annotations

from typing import Any

from minigrad.functions.array.transpose_sequence import transpose_sequence
from minigrad.functions.loss.crf1d import argmax_crf1d, crf1d
from minigrad.link import Link
from minigrad.links.rnn.n_step_rnn import argsort_list_descent, permutate_list
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable


class CRF1d(Link):
    """The likelihood of label sequences, with learned costs of transitions.

    Args:
        n_label: Number of labels.
        initial_cost: Initializer, array or number for ``cost``; None is 0.

    Attributes:
        cost: Scores of the transitions, shape ``(n_label, n_label)``.

    Source: Lafferty, McCallum and Pereira 2001; compatible with chainer.links.CRF1d.

    Example:
        >>> xs = [np.zeros((3, 2), 'f'), np.zeros((1, 2), 'f')]  # two sequences
        >>> L.CRF1d(2)(xs, [np.zeros(3, 'i'), np.ones(1, 'i')], transpose=True)
        variable(1.3862944)
    """

    def __init__(self, n_label: int, initial_cost: Any = None) -> None:
        super().__init__()
        with self.init_scope():
            self.cost = Parameter(
                0 if initial_cost is None else initial_cost, (n_label, n_label)
            )

    def forward(
        self, xs: Any, ys: Any, reduce: str = 'mean', transpose: bool = False
    ) -> Variable:
        """Returns the negative log-likelihood of label sequences.

        Args:
            xs: Scores of the labels: for each time a batch ``(B_t, K)``, or, with
                ``transpose``, for each sequence ``(L_b, K)``.
            ys: Labels, integers, likewise without the last axis.
            reduce: ``'mean'`` or ``'no'``.
            transpose: If True ``xs`` and ``ys`` are lists of sequences in any order.

        Returns:
            Variable, shape ``()`` or, with ``reduce='no'``, ``(B,)``: with ``transpose``
            from the longest sequence to the shortest.
        """
        if transpose:
            order = argsort_list_descent(xs)
            xs = transpose_sequence(permutate_list(xs, order, inv=False))
            ys = transpose_sequence(permutate_list(ys, order, inv=False))
        return crf1d(self.cost, xs, ys, reduce)

    def argmax(self, xs: Any, transpose: bool = False) -> tuple[Variable, list[Array]]:
        """Returns the most likely label sequences and their scores.

        Args:
            xs: As in `forward`.
            transpose: If True ``xs`` is a list of sequences in any order.

        Returns:
            Pair of the scores, ``(B,)``, with ``transpose`` from the longest sequence to
            the shortest, and of a list of label arrays, in the form and order of ``xs``.
        """
        if not transpose:
            return argmax_crf1d(self.cost, xs)
        order = argsort_list_descent(xs)
        sequences = permutate_list(xs, order, inv=False)
        score, path = argmax_crf1d(self.cost, transpose_sequence(sequences))
        labels = [y.array for y in transpose_sequence(path)]
        return score, permutate_list(labels, order, inv=True)

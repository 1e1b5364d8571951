"""Precision, recall and F-score of each class."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.functions.evaluation._scores import OfScores
from minigrad.functions.loss._labels import check_labels
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class ClassificationSummary(OfScores):
    def __init__(self, label_num: int | None, beta: float, ignore_label: int) -> None:
        self.label_num = label_num
        self.beta = beta
        self.ignore_label = ignore_label

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        y, t = inputs
        xp = get_array_module(y)
        n = self.label_num
        if n is None:
            n = int(t.max()) + 1 if t.size else 0
        check_labels('classification_summary', t, n, self.ignore_label)
        valid = (t != self.ignore_label).ravel()
        predicted = y.argmax(axis=1).ravel()[valid]
        true = t.ravel()[valid]

        def count(labels: Array) -> Array:
            return xp.bincount(labels, minlength=n)[:n]

        support = count(true)
        right = count(true[predicted == true])
        with numpy.errstate(divide='ignore', invalid='ignore'):  # 0 / 0 is nan
            precision = right / count(predicted)
            recall = right / support
            square = self.beta**2
            f_score = (1 + square) * precision * recall / (square * precision + recall)
        return precision, recall, f_score, support


def _summary(
    y: Any, t: Any, label_num: int | None, beta: float, ignore_label: int
) -> tuple[Variable, ...]:
    return ClassificationSummary(label_num, beta, ignore_label).apply((y, t))


@checks_arguments
def classification_summary(
    y: Any,
    t: Any,
    label_num: int | None = None,
    beta: float = 1.0,
    ignore_label: int = -1,
) -> tuple[Variable, Variable, Variable, Variable]:
    """Precision, recall, F-score and number of samples of each class.

    Precision is the share of right ones among the samples that were predicted to be of
    a class, recall the share among those that are; the F-score is their harmonic mean.

    Args:
        y: Scores, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``.
        label_num: Number of classes; None takes the largest label plus one.
        beta: Weight of recall in the F-score.
        ignore_label: Samples with this label are not counted.

    Returns:
        Four Variables of shape ``(label_num,)``: precision, recall and F-score, float64,
        nan where a class does not occur, and the number of samples, int64.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.
        ValueError: A label is out of range.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.classification_summary.

    Example:
        >>> y = np.array([[1., 0.], [1., 0.], [0., 1.], [0., 1.]])
        >>> summary = F.classification_summary(y, np.array([0, 1, 1, 1]))
        >>> for quantity in summary:
        ...     print(quantity.array.round(3))
        [0.5 1. ]
        [1.    0.667]
        [0.667 0.8  ]
        [1 3]
    """
    precision, recall, f_score, support = _summary(y, t, label_num, beta, ignore_label)
    return precision, recall, f_score, support


@checks_arguments
def precision(
    y: Any, t: Any, label_num: int | None = None, ignore_label: int = -1
) -> tuple[Variable, Variable]:
    """Precision of each class: the share of right ones among its predictions.

    Args:
        y: Scores, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``.
        label_num: Number of classes; None takes the largest label plus one.
        ignore_label: Samples with this label are not counted.

    Returns:
        Two Variables of shape ``(label_num,)``: precision, and the number of samples.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.precision.

    Example:
        >>> y = np.array([[1., 0.], [1., 0.], [0., 1.]])
        >>> F.precision(y, np.array([0, 1, 1]))[0].array
        array([0.5, 1. ])
    """
    summary = _summary(y, t, label_num, 1.0, ignore_label)
    return summary[0], summary[3]


@checks_arguments
def recall(
    y: Any, t: Any, label_num: int | None = None, ignore_label: int = -1
) -> tuple[Variable, Variable]:
    """Recall of each class: the share of right ones among its samples.

    Args:
        y: Scores, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``.
        label_num: Number of classes; None takes the largest label plus one.
        ignore_label: Samples with this label are not counted.

    Returns:
        Two Variables of shape ``(label_num,)``: recall, and the number of samples.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.recall.

    Example:
        >>> y = np.array([[1., 0.], [1., 0.], [0., 1.]])
        >>> F.recall(y, np.array([0, 1, 1]))[0].array
        array([1. , 0.5])
    """
    summary = _summary(y, t, label_num, 1.0, ignore_label)
    return summary[1], summary[3]


@checks_arguments
def fbeta_score(
    y: Any,
    t: Any,
    label_num: int | None = None,
    beta: float = 1.0,
    ignore_label: int = -1,
) -> tuple[Variable, Variable]:
    """F-score of each class: the weighted harmonic mean of precision and recall.

    Args:
        y: Scores, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``.
        label_num: Number of classes; None takes the largest label plus one.
        beta: Weight of recall.
        ignore_label: Samples with this label are not counted.

    Returns:
        Two Variables of shape ``(label_num,)``: F-score, and the number of samples.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.fbeta_score.

    Example:
        >>> y = np.array([[1., 0.], [1., 0.], [0., 1.]])
        >>> F.fbeta_score(y, np.array([0, 1, 1]), beta=2.)[0].array.round(3)
        array([0.833, 0.556])
    """
    summary = _summary(y, t, label_num, beta, ignore_label)
    return summary[2], summary[3]


@checks_arguments
def f1_score(
    y: Any, t: Any, label_num: int | None = None, ignore_label: int = -1
) -> tuple[Variable, Variable]:
    """F1-score of each class: the harmonic mean of precision and recall.

    Args:
        y: Scores, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``.
        label_num: Number of classes; None takes the largest label plus one.
        ignore_label: Samples with this label are not counted.

    Returns:
        Two Variables of shape ``(label_num,)``: F1-score, and the number of samples.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.f1_score.

    Example:
        >>> y = np.array([[1., 0.], [1., 0.], [0., 1.]])
        >>> F.f1_score(y, np.array([0, 1, 1]))[0].array.round(3)
        array([0.667, 0.667])
    """
    summary = _summary(y, t, label_num, 1.0, ignore_label)
    return summary[2], summary[3]

"""The BlackOut loss of language models."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker, array_of
from minigrad.functions.array.concat import concat
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.connection.embed_id import embed_id
from minigrad.functions.loss._labels import check_reduce
from minigrad.functions.math.average import average
from minigrad.functions.math.elementary import exp, log1p
from minigrad.functions.math.logsumexp import logsumexp
from minigrad.functions.math.matmul import matmul
from minigrad.functions.math.sum import sum as sum_of
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def black_out(x: Any, t: Any, W: Any, samples: Any, reduce: str = 'mean') -> Variable:
    """BlackOut loss: the right word against sampled wrong ones.

    With ``p`` the softmax of ``W x`` over the right word ``t`` and the samples ``S``, it
    is ``-log p(t)`` minus the sum of ``log(1 - p(s))`` over ``S``.

    Args:
        x: Hidden states, float, shape ``(N, D)``.
        t: Labels, signed integers, shape ``(N,)``.
        W: Weights, float, shape ``(V, D)``: a row for each word.
        samples: Wrong labels, signed integers, shape ``(N, S)``.
        reduce: ``'mean'`` or ``'no'``.

    Returns:
        Variable, dtype of ``x``, shape ``()`` or, with ``reduce='no'``, ``(N,)``.

    Raises:
        InvalidType: A dtype is wrong, or the shapes do not fit.
        ValueError: A label is out of range, or ``reduce`` is not one of the above.

    Gradient: to ``x``, and to the rows of ``W`` that are right or sampled.
    Double backprop: yes.
    Kernels: reference.
    Source: Ji et al. 2015; compatible with chainer.functions.black_out.

    Example:
        >>> x, W = np.ones((1, 2)), np.zeros((3, 2))
        >>> F.black_out(x, np.array([0]), W, np.array([[1, 2]]))
        variable(1.9095425)
    """
    samples, t = (
        array_of('black_out', 'samples', samples),
        array_of('black_out', 't', t),
    )
    for name, label in (('t', t), ('samples', samples)):
        if label.dtype.kind != 'i':
            check = Checker('black_out', t=t, samples=samples)
            raise check.refuse(f"{name}.dtype.kind == 'i'", label.dtype)
    check_reduce('black_out', reduce, 'mean', 'no')
    column = expand_dims(as_variable(x), 2)  # (N, D, 1)
    right = matmul(expand_dims(embed_id(t, W), 1), column)  # (N, 1, 1)
    wrong = matmul(embed_id(samples, W), column)  # (N, S, 1)
    right, wrong = reshape(right, right.shape[:2]), reshape(wrong, wrong.shape[:2])
    log_z = logsumexp(concat([right, wrong], axis=1), axis=1)
    log_not_wrong = log1p(-exp(wrong - expand_dims(log_z, 1)))
    loss = log_z - reshape(right, log_z.shape) - sum_of(log_not_wrong, axis=1)
    return average(loss) if reduce == 'mean' else loss

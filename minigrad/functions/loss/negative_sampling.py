"""Negative sampling: the right word against drawn ones, each for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._axis import is_int
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.softplus import softplus_array
from minigrad.functions.array.cast import cast
from minigrad.functions.array.expand_dims import expand_dims
from minigrad.functions.array.reshape import reshape
from minigrad.functions.connection.embed_id import EmbedIDGrad, embed_id
from minigrad.functions.loss._labels import check_labels, check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.functions.math.matmul import matmul
from minigrad.named_arguments import checks_arguments
from minigrad.suggestions import shown
from minigrad.types import Array


class NegativeSamplingFunction(FunctionNode):
    arg_names = ('x', 't', 'W')
    public_name = 'negative_sampling'
    ignore_label = -1
    samples: Any = None

    def __init__(
        self, sampler: Callable[..., Array], sample_size: int, reduce: str = 'sum'
    ) -> None:
        check_reduce('negative_sampling', reduce, 'sum', 'no')
        self.sampler = sampler
        if not callable(sampler):
            raise TypeError(
                'negative_sampling: expected sampler as a function from a shape to '
                f'labels, got {shown(sampler)}'
            )
        if not is_int(sample_size) or sample_size < 1:
            raise ValueError(
                'negative_sampling: sample_size must be an int of 1 or more, got '
                f'{shown(sample_size)}'
            )
        self.sample_size = sample_size
        self.reduce = reduce

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, t, W = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[1]:
            raise self.refuse('x (N, D) and W (V, D)', f'{x.shape} and {W.shape}')
        if t.dtype != numpy.int32:
            raise self.refuse('t.dtype == int32', t.dtype, "use t.astype('i')")
        if t.shape != x.shape[:1]:
            raise self.refuse('t.shape == (len(x),)', t.shape)
        if W.dtype != x.dtype:
            raise self.refuse('W.dtype == x.dtype', f'{W.dtype} != {x.dtype}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 2))
        x, t, W = inputs
        check_labels('negative_sampling', t, len(W), self.ignore_label)
        xp, dtype = get_array_module(x), wide(x.dtype)
        self.samples = self.sampler((len(t), self.sample_size + 1))
        self.samples[:, 0] = t  # the right one, then the others
        counts = t != self.ignore_label
        self.rows = xp.where(counts[:, None], self.samples, 0)
        # 1 where the score is to be small, -1 where it is to be large, 0 to ignore.
        self.sign = xp.ones(self.rows.shape, dtype)
        self.sign[:, 0] = -1
        self.sign *= counts[:, None]
        score = xp.einsum('nsd,nd->ns', W[self.rows].astype(dtype), x.astype(dtype))
        loss = softplus_array(score * self.sign) * abs(self.sign)
        return loss.sum(axis=None if self.reduce == 'sum' else 1).astype(x.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        in_dtype, dtype = self.get_retained_inputs()[0].dtype, self.sign.dtype
        x, W = [cast(v, dtype) for v in self.get_retained_inputs()]
        gy = cast(grad_outputs[0], dtype)
        gy = gy if self.reduce == 'sum' else expand_dims(gy, 1)
        w = embed_id(self.rows, W)  # (N, S + 1, D)
        score = reshape(matmul(w, expand_dims(x, 2)), self.sign.shape)
        g = gy * (sigmoid(score * self.sign) * self.sign)
        gx = gW = None
        if 0 in indexes:
            gx = cast(reshape(matmul(expand_dims(g, 1), w), x.shape), in_dtype)
        if 2 in indexes:
            gw = expand_dims(g, 2) * expand_dims(x, 1)
            into = EmbedIDGrad((len(W), W.shape[1]))
            gW = cast(into.apply((self.rows, gw))[0], in_dtype)
        return gx, None, gW


@checks_arguments
def negative_sampling(
    x: Any,
    t: Any,
    W: Any,
    sampler: Callable[..., Array],
    sample_size: int,
    reduce: str = 'sum',
    *,
    return_samples: bool = False,
) -> Any:
    """Negative sampling loss: words are told from randomly drawn ones.

    ``-log sigmoid(W[t] x)`` minus the sum of ``log sigmoid(-W[s] x)`` over the drawn
    ``s``.

    Args:
        x: Hidden states, float, shape ``(N, D)``.
        t: Labels, int32, shape ``(N,)``; -1 is ignored.
        W: Weights, dtype of ``x``, shape ``(V, D)``: a row for each word.
        sampler: Called with a shape, returns an integer array of it; such as
            ``minigrad.utils.WalkerAlias(counts).sample``.
        sample_size: Number of words drawn for each sample.
        reduce: ``'sum'`` or ``'no'``.
        return_samples: If True, the samples are returned too.

    Returns:
        Variable, dtype of ``x``, shape ``()`` or, with ``reduce='no'``, ``(N,)``. With
        ``return_samples=True`` a pair of it and an array ``(N, sample_size + 1)``: ``t``
        in the first column, what was drawn in the others.

    Raises:
        InvalidType: A dtype is wrong, or the shapes do not fit.
        ValueError: A label is out of range, or ``reduce`` is not one of the above.

    Gradient: to ``x``, and to the rows of ``W`` that are right or drawn.
    Double backprop: yes.
    Kernels: reference.
    Source: Mikolov et al. 2013; compatible with chainer.functions.negative_sampling.

    Example:
        >>> x, W, t = np.ones((1, 2)), np.zeros((3, 2)), np.array([0], 'i')
        >>> F.negative_sampling(x, t, W, lambda shape: np.ones(shape, 'i'), 2)
        variable(2.07944154)
    """
    function = NegativeSamplingFunction(sampler, sample_size, reduce)
    (y,) = function.apply((x, t, W))
    return (y, function.samples) if return_samples else y

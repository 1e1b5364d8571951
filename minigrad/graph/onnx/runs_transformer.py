"""From ONNX operators to functions: those of transformers, which came with version 23."""

from __future__ import annotations

import math
from typing import Any

import numpy

from minigrad import functions as F
from minigrad.graph.onnx.runs import Node, operator
from minigrad.variable import as_array


@operator('Swish')
def _swish(n: Node, x: Any) -> Any:
    return x * F.sigmoid(x * n.get('alpha', 1.0))


@operator('SwiGLU')
def _swiglu(n: Node, a: Any, b: Any) -> Any:
    return _swish(n, a) * b


@operator('RMSNormalization')
def _rms_normalization(n: Node, x: Any, scale: Any) -> Any:
    axes = tuple(range(n.get('axis', -1) % x.ndim, x.ndim))
    square = F.average(x * x, axis=axes, keepdims=True)
    return x / F.sqrt(square + n.get('epsilon', 1e-5)) * scale


@operator('RotaryEmbedding')
def _rotary_embedding(
    n: Node, x: Any, cos: Any, sin: Any, position_ids: Any = None
) -> Any:
    flat = x.ndim == 3
    heads = _in_heads(x, n.get('num_heads')) if flat else x  # (B, H, S, D)
    turned = n.get('rotary_embedding_dim', 0) or heads.shape[-1]
    part, rest = heads[..., :turned], heads[..., turned:]
    if position_ids is not None:
        places = as_array(position_ids)
        cos, sin = cos[places], sin[places]
    cos, sin = [F.expand_dims(v[..., : turned // 2], 1) for v in (cos, sin)]
    if n.get('interleaved', 0):
        first, second = part[..., 0::2], part[..., 1::2]
    else:
        first, second = part[..., : turned // 2], part[..., turned // 2 :]
    real, imaginary = first * cos - second * sin, first * sin + second * cos
    if n.get('interleaved', 0):
        both = F.stack([real, imaginary], axis=-1)
        y = F.reshape(both, part.shape)
    else:
        y = F.concat([real, imaginary], axis=-1)
    y = F.concat([y, rest], axis=-1) if rest.size else y
    return _in_rows(y) if flat else y


@operator('Attention')
def _attention(
    n: Node,
    q: Any,
    k: Any,
    v: Any,
    mask: Any = None,
    past_k: Any = None,
    past_v: Any = None,
    lengths: Any = None,
) -> Any:
    n.only(left_window_size=-1, right_window_size=-1)
    if lengths is not None or n.n_out > 3:
        raise ValueError('lengths of keys, and the output of scores, cannot be run')
    flat = q.ndim == 3
    if flat:
        q = _in_heads(q, n.get('q_num_heads'))
        k, v = [_in_heads(x, n.get('kv_num_heads')) for x in (k, v)]
    if past_k is not None:
        k, v = F.concat([past_k, k], axis=2), F.concat([past_v, v], axis=2)
    present = (k, v)
    if k.shape[1] != q.shape[1]:  # several heads of queries share one of keys
        share = q.shape[1] // k.shape[1]
        k, v = F.repeat(k, share, 1), F.repeat(v, share, 1)
    scale = n.get('scale') or 1 / math.sqrt(q.shape[-1])
    scores = F.matmul(q, k, transb=True) * scale
    softcap = n.get('softcap', 0.0)
    if softcap:
        scores = softcap * F.tanh(scores / softcap)
    seen = numpy.ones(scores.shape[-2:], bool)
    if n.get('is_causal', 0):
        before = 0 if past_k is None else past_k.shape[2]
        seen = numpy.tri(seen.shape[0], seen.shape[1], before, bool)
    if mask is not None:
        given = as_array(mask)
        short = scores.shape[-1] - given.shape[-1]  # keys that no mask speaks of
        if given.dtype == bool:
            seen = seen & _padded(given, short, False)
        else:
            seen = seen & _padded(numpy.ones(given.shape, bool), short, False)
            scores = scores + _padded(given, short, 0).astype(scores.dtype)
    if not seen.all():
        seen = numpy.broadcast_to(seen, scores.shape)
        low = numpy.full((), -numpy.inf, scores.dtype)
        scores = F.where(seen, scores, F.broadcast_to(low, scores.shape))
    weights = F.softmax(scores, axis=-1)
    if not seen.any(axis=-1).all():  # nothing to look at gives zeros
        weights = F.where(seen, weights, numpy.zeros_like(weights.array))
    y = F.matmul(weights, v)
    return (_in_rows(y) if flat else y, *present)[: n.n_out]


def _padded(mask: Any, n: int, value: Any) -> Any:
    width = [(0, 0)] * (mask.ndim - 1) + [(0, max(n, 0))]
    return numpy.pad(mask, width, constant_values=value)


def _in_heads(x: Any, n_heads: int) -> Any:
    """Reads ``(B, S, H * D)`` as ``(B, H, S, D)``."""
    B, S, width = x.shape
    return F.transpose(F.reshape(x, (B, S, n_heads, width // n_heads)), (0, 2, 1, 3))


def _in_rows(x: Any) -> Any:
    """Writes ``(B, H, S, D)`` as ``(B, S, H * D)``."""
    B, H, S, D = x.shape
    return F.reshape(F.transpose(x, (0, 2, 1, 3)), (B, S, H * D))

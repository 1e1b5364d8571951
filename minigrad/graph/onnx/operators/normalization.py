"""Normalizations."""

from __future__ import annotations

from typing import Any

from minigrad.graph.onnx.builder import Builder, UnsupportedFunction, operator


@operator('LocalResponseNormalization')
def _lrn(b: Builder, f: Any, x: str) -> Any:
    n, k, alpha, beta = f.arguments
    size = n // 2 * 2 + 1  # our window reaches as far to both sides
    return b.op(
        'LRN',
        x,
        size=size,
        bias=float(k),
        alpha=float(alpha * size),
        beta=float(beta),
    )


@operator('FixedBatchNormalization')
def _fixed_batch_normalization(b: Builder, f: Any, x: str, *rest: str) -> Any:
    shape = b.shapes[0]
    usual = tuple([i for i in range(len(shape)) if i != 1])
    if tuple(f.axis) == usual:
        return b.op('BatchNormalization', x, *rest, epsilon=f.eps)
    sizes = [1 if i in f.axis else n for i, n in enumerate(shape)]
    gamma, beta, mean, var = [b.op('Reshape', array, sizes) for array in rest]
    deviation = b.op('Sqrt', b.op('Add', var, f.eps))
    y = b.op('Div', b.op('Sub', x, mean), deviation)
    return b.op('Add', b.op('Mul', y, gamma), beta)


@operator('BatchNormalization')
def _batch_normalization(b: Builder, f: Any, x: str, gamma: str, beta: str) -> Any:
    """With the statistics of the batch that comes; running ones are not kept."""
    axes = list(f.axis)
    centred = b.op('Sub', x, b.reduce('Mean', x, axes, keepdims=True))
    var = b.reduce('Mean', b.op('Mul', centred, centred), axes, keepdims=True)
    y = b.op('Div', centred, b.op('Sqrt', b.op('Add', var, f.eps)))
    sizes = [1 if i in axes else n for i, n in enumerate(b.shapes[0])]
    scaled = b.op('Mul', y, b.op('Reshape', gamma, sizes))
    return b.op('Add', scaled, b.op('Reshape', beta, sizes))


@operator('BatchRenormalizationFunction')
def _batch_statistics(b: Builder, f: Any, *xs: str) -> Any:
    raise UnsupportedFunction(
        f'to_onnx: {f.public_name} takes its statistics from the batch here; a model '
        'that is used has fixed ones (L.BatchRenormalization in testing)'
    )


def _standardized(b: Builder, x: str, eps: float) -> str:
    """Subtracts the mean of the last axis and divides by its deviation."""
    centred = b.op('Sub', x, b.reduce('Mean', x, [2], keepdims=True))
    var = b.reduce('Mean', b.op('Mul', centred, centred), [2], keepdims=True)
    return str(b.op('Div', centred, b.op('Sqrt', b.op('Add', var, eps))))


@operator('GroupNormalization', 'LayerNormalization')
def _group_normalization(b: Builder, f: Any, x: str, gamma: str, beta: str) -> Any:
    shape = b.shapes[0]
    rows = b.op('Reshape', x, [0, f.groups, -1])
    y = b.op('Reshape', _standardized(b, rows, f.eps), [0, *shape[1:]])
    sizes = [1, shape[1], *[1] * (len(shape) - 2)]
    scaled = b.op('Mul', y, b.op('Reshape', gamma, sizes))
    return b.op('Add', scaled, b.op('Reshape', beta, sizes))


@operator('NormalizeL2')
def _normalize(b: Builder, f: Any, x: str) -> Any:
    axes = [axis % len(b.shapes[0]) for axis in f.axis]
    norm = b.op('Sqrt', b.reduce('SumSquare', x, axes, keepdims=True))
    return b.op('Div', x, b.op('Add', norm, f.eps))

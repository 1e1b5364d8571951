"""Losses of differences; a model is seldom saved with its loss, but may be."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.graph.onnx.builder import Builder, UnsupportedFunction, operator


@operator('SquaredError')
def _squared_error(b: Builder, f: Any, x: str, y: str) -> Any:
    difference = b.op('Sub', x, y)
    return b.op('Mul', difference, difference)


@operator('AbsoluteError')
def _absolute_error(b: Builder, f: Any, x: str, y: str) -> Any:
    return b.op('Abs', b.op('Sub', x, y))


@operator('MeanSquaredError')
def _mean_squared_error(b: Builder, f: Any, x: str, y: str) -> Any:
    return b.reduce('Mean', _squared_error(b, f, x, y), range(len(b.shapes[0])))


@operator('MeanAbsoluteError')
def _mean_absolute_error(b: Builder, f: Any, x: str, y: str) -> Any:
    return b.reduce('Mean', _absolute_error(b, f, x, y), range(len(b.shapes[0])))


@operator('HuberLoss')
def _huber_loss(b: Builder, f: Any, x: str, t: str) -> Any:
    size = _absolute_error(b, f, x, t)
    bent = b.op('Min', size, float(f.delta))
    y = b.op('Mul', bent, b.op('Sub', size, b.op('Mul', bent, 0.5)))
    return y if f.reduce == 'no' else b.reduce('Sum', y, [1])


@operator('SoftmaxCrossEntropy')
def _softmax_cross_entropy(b: Builder, f: Any, x: str, t: str) -> Any:
    if len(b.shapes[1]) == len(b.shapes[0]) or not f.normalize:
        raise UnsupportedFunction(
            'to_onnx: softmax_cross_entropy with soft targets or normalize=False'
        )
    if f.class_weight is not None:
        raise UnsupportedFunction('to_onnx: softmax_cross_entropy with class weights')
    label = b.cast(t, 'int64')
    loss = b.op(
        'SoftmaxCrossEntropyLoss',
        x,
        label,
        reduction='none',
        ignore_index=f.ignore_label,
    )
    if f.reduce == 'no':
        return loss
    # ONNX's own mean of no labels at all is NaN; ours is 0.
    ignored = b.op('Equal', label, numpy.array(f.ignore_label, numpy.int64))
    return _mean_of_counted(b, loss, ignored, len(b.shapes[1]))


def _mean_of_counted(b: Builder, loss: str, ignored: str, ndim: int) -> str:
    counted = b.reduce('Sum', b.cast(b.op('Not', ignored), b.dtype), range(ndim))
    total = b.reduce('Sum', loss, range(ndim))
    return str(b.op('Div', total, b.op('Max', counted, 1.0)))


@operator('SigmoidCrossEntropy')
def _sigmoid_cross_entropy(b: Builder, f: Any, x: str, t: str) -> Any:
    label = b.cast(t, b.dtype)
    loss = b.op('Sub', b.op('Softplus', x), b.op('Mul', x, label))
    ignored = b.op('Equal', t, numpy.array(-1, 'int32'))
    loss = b.op('Where', ignored, 0.0, loss)
    if f.reduce == 'no':
        return loss
    if not f.normalize:
        total = b.reduce('Sum', loss, range(len(b.shapes[0])))
        return b.op('Div', total, float(b.shapes[0][0]))
    return _mean_of_counted(b, loss, ignored, len(b.shapes[0]))


@operator('Hinge')
def _hinge(b: Builder, f: Any, x: str, t: str) -> Any:
    classes = numpy.arange(b.shapes[0][1])[None]
    label = b.op('Unsqueeze', b.cast(t, 'int64'), [1])
    margin = b.op('Where', b.op('Equal', label, classes), b.op('Neg', x), x)
    loss = b.op('Relu', b.op('Add', margin, 1.0))
    loss = b.op('Mul', loss, loss) if f.norm == 'L2' else loss
    if f.reduce == 'no':
        return loss
    total = b.reduce('Sum', loss, range(len(b.shapes[0])))
    return b.op('Div', total, float(b.shapes[0][0]))


@operator('Triplet')
def _triplet(b: Builder, f: Any, anchor: str, positive: str, negative: str) -> Any:
    near, far = [
        b.reduce('SumSquare', b.op('Sub', anchor, x), [1]) for x in (positive, negative)
    ]
    distance = b.op('Sub', near, far)
    loss = b.op('Relu', b.op('Add', distance, float(f.margin)))
    return loss if f.reduce == 'no' else b.reduce('Mean', loss, [0])


@operator('Contrastive')
def _contrastive(b: Builder, f: Any, x0: str, x1: str, y: str) -> Any:
    near = b.reduce('SumSquare', b.op('Sub', x0, x1), [1])
    gap = b.op('Relu', b.op('Sub', float(f.margin), b.op('Sqrt', near)))
    alike = b.op('Equal', b.cast(y, 'int64'), numpy.array(1, numpy.int64))
    loss = b.op('Mul', b.op('Where', alike, near, b.op('Mul', gap, gap)), 0.5)
    return loss if f.reduce == 'no' else b.reduce('Mean', loss, [0])


@operator('Accuracy')
def _accuracy(b: Builder, f: Any, y: str, t: str) -> Any:
    label = b.cast(t, 'int64')
    best = b.op('ArgMax', y, axis=1, keepdims=0)
    shape = list(b.shapes[1])
    if len(shape) != len(b.shapes[0]) - 1:
        best = b.op('Reshape', best, [0, *shape[1:]])
    hits = b.cast(b.op('Equal', best, label), b.dtype)
    if f.ignore_label is None:
        return b.reduce('Mean', hits, range(len(shape)))
    ignored = b.op('Equal', label, numpy.array(f.ignore_label, numpy.int64))
    hits = b.op('Where', ignored, 0.0, hits)
    return _mean_of_counted(b, hits, ignored, len(shape))

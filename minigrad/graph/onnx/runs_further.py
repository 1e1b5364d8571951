"""From ONNX operators to functions: rarer ones, mostly made of others."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad import functions as F
from minigrad.graph.onnx.runs import RUNS, Node, operator
from minigrad.variable import as_array

# -- functions of each element --------------------------------------------------------


@operator('Acosh')
def _acosh(n: Node, x: Any) -> Any:
    return F.log(x + F.sqrt(x * x - 1))


@operator('Asinh')
def _asinh(n: Node, x: Any) -> Any:
    # Of the size alone: x + sqrt(x ** 2 + 1) loses its digits below zero.
    size = abs(x)
    return F.sign(x) * F.log(size + F.sqrt(size * size + 1))


@operator('Celu')
def _celu(n: Node, x: Any) -> Any:
    alpha = n.get('alpha', 1.0)
    return F.relu(x) - F.relu(-alpha * F.expm1(-F.relu(-x) / alpha))


@operator('ThresholdedRelu')
def _thresholded_relu(n: Node, x: Any) -> Any:
    kept = as_array(x) > n.get('alpha', 1.0)
    return F.where(kept, x, numpy.zeros_like(as_array(x)))


@operator('Shrink')
def _shrink(n: Node, x: Any) -> Any:
    bias, limit = n.get('bias', 0.0), n.get('lambd', 0.5)
    array = as_array(x)
    zero = numpy.zeros_like(array)
    return F.where(array < -limit, x + bias, F.where(array > limit, x - bias, zero))


@operator('Round')
def _round(n: Node, x: Any) -> Any:
    return numpy.rint(as_array(x))


@operator('IsNaN')
def _is_nan(n: Node, x: Any) -> Any:
    return numpy.isnan(as_array(x))


@operator('IsInf')
def _is_inf(n: Node, x: Any) -> Any:
    array = as_array(x)
    up = numpy.isposinf(array) & bool(n.get('detect_positive', 1))
    return up | (numpy.isneginf(array) & bool(n.get('detect_negative', 1)))


@operator('Xor')
def _xor(n: Node, a: Any, b: Any) -> Any:
    return numpy.logical_xor(as_array(a), as_array(b))


@operator('Mean')
def _mean(n: Node, *xs: Any) -> Any:
    return RUNS['Sum'](n, *xs) / len(xs)


@operator('Hardmax')
def _hardmax(n: Node, x: Any) -> Any:
    array = as_array(x)
    axis = n.get('axis', -1 if n.opset >= 13 else 1)
    if n.opset < 13:
        array = array.reshape(*array.shape[:axis], -1)
    best = numpy.expand_dims(array.argmax(axis), axis)
    y = numpy.zeros_like(array)
    numpy.put_along_axis(y, best, 1, axis)
    return y.reshape(x.shape)


@operator('CastLike')
def _cast_like(n: Node, x: Any, like: Any) -> Any:
    dtype = as_array(like).dtype
    return F.cast(x, dtype) if dtype.kind == 'f' else as_array(x).astype(dtype)


# -- along axes -----------------------------------------------------------------------


@operator('CumProd')
def _cumprod(n: Node, x: Any, axis: Any) -> Any:
    n.only(exclusive=0, reverse=0)
    return F.cumprod(x, int(as_array(axis)))


@operator('ReduceLogSum')
def _reduce_log_sum(n: Node, *inputs: Any) -> Any:
    return F.log(RUNS['ReduceSum'](n, *inputs))


@operator('MeanVarianceNormalization')
def _mean_variance_normalization(n: Node, x: Any) -> Any:
    axes = tuple(n.get('axes', [0, 2, 3]))
    centred = x - F.average(x, axis=axes, keepdims=True)
    deviation = F.sqrt(F.average(centred * centred, axis=axes, keepdims=True))
    return centred / (deviation + 1e-9)


@operator('LpPool', 'GlobalLpPool')
def _lp_pool(n: Node, x: Any) -> Any:
    p = n.get('p', 2)
    power = abs(x) ** p
    if n.operator == 'GlobalLpPool':
        axes = tuple(range(2, x.ndim))
        return F.sum(power, axis=axes, keepdims=True) ** (1 / p)
    counted = n._replace(attributes={**n.attributes, 'count_include_pad': 1})
    size = numpy.prod(n.get('kernel_shape'))
    return (RUNS['AveragePool'](counted, power) * float(size)) ** (1 / p)


@operator('TopK')
def _top_k(n: Node, x: Any, k: Any = None) -> Any:
    axis = n.get('axis', -1) % x.ndim
    number = n.get('k') if k is None else int(numpy.ravel(as_array(k))[0])
    array = as_array(x)
    order = numpy.argsort(-array if n.get('largest', 1) else array, axis, kind='stable')
    best = order.take(range(number), axis)
    places = list(numpy.ogrid[tuple([slice(size) for size in best.shape])])
    places[axis] = best
    return F.get_item(x, tuple(numpy.broadcast_arrays(*places))), best


# -- indices and shapes ---------------------------------------------------------------


@operator('Size')
def _size(n: Node, x: Any) -> Any:
    return numpy.array(x.size, numpy.int64)


@operator('Trilu')
def _trilu(n: Node, x: Any, k: Any = None) -> Any:
    offset = 0 if k is None else int(as_array(k))
    rows, columns = x.shape[-2:]
    upper = bool(n.get('upper', 1))
    lower = numpy.tri(rows, columns, offset - upper, bool)
    kept = numpy.broadcast_to(lower != upper, x.shape)
    return F.where(kept, x, numpy.zeros_like(as_array(x)))


@operator('GatherND')
def _gather_nd(n: Node, x: Any, indices: Any) -> Any:
    index = as_array(indices)
    batch = n.get('batch_dims', 0)
    lead = numpy.ogrid[tuple([slice(size) for size in index.shape[:batch]])]
    rest = index.ndim - 1 - batch
    places = [i.reshape(*i.shape, *[1] * rest) for i in lead]
    return F.get_item(x, (*places, *numpy.moveaxis(index, -1, 0)))


@operator('ScatterElements', 'ScatterND')
def _scatter(n: Node, x: Any, indices: Any, updates: Any) -> Any:
    n.only(reduction='none')
    index = as_array(indices)
    if n.operator == 'ScatterElements':
        places = list(numpy.ogrid[tuple([slice(size) for size in index.shape])])
        places[n.get('axis', 0) % x.ndim] = index
        at = tuple(numpy.broadcast_arrays(*places))
    else:
        at = tuple(numpy.moveaxis(index, -1, 0))
    kept = numpy.ones(x.shape, bool)
    kept[at] = False
    zero = numpy.zeros_like(as_array(x))
    return F.scatter_add(F.where(kept, x, zero), at, updates)


@operator('ReverseSequence')
def _reverse_sequence(n: Node, x: Any, lengths: Any) -> Any:
    time, batch = n.get('time_axis', 0), n.get('batch_axis', 1)
    ends = as_array(lengths)
    places = list(numpy.ogrid[tuple([slice(size) for size in x.shape])])
    end = ends[places[batch]]
    places[time] = numpy.where(places[time] < end, end - 1 - places[time], places[time])
    return F.get_item(x, tuple(numpy.broadcast_arrays(*places)))


@operator('CenterCropPad')
def _center_crop_pad(n: Node, x: Any, shape: Any) -> Any:
    axes = n.get('axes') or range(x.ndim)
    for axis, size in zip(axes, numpy.ravel(as_array(shape)).tolist(), strict=True):
        less = x.shape[axis] - size
        index = [slice(None)] * x.ndim
        width = [(0, 0)] * x.ndim
        if less > 0:
            index[axis] = slice(less // 2, less // 2 + size)
            x = F.get_item(x, tuple(index))
        elif less < 0:
            width[axis] = (-less // 2, -less - -less // 2)
            x = F.pad(x, width, 'constant')
    return x

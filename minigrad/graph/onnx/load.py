"""From ONNX operators to functions: what `save_onnx` writes can be read again."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy

from minigrad import functions as F
from minigrad.graph.onnx.package import import_onnx
from minigrad.kernels.specs import PoolSpec
from minigrad.link import Chain, Link
from minigrad.variable import Parameter, Variable

_Inputs = list[Any]
_Run = Callable[[_Inputs, dict[str, Any]], Any]


class OnnxModel(Chain):
    """A model read from an ONNX file: its parameters have the paths they were saved by.

    Args:
        proto: An ``onnx.ModelProto``.

    Raises:
        ValueError: It has an operator that is not known here.
    """

    def __init__(self, proto: Any) -> None:
        super().__init__()
        onnx = import_onnx()
        graph = proto.graph
        unknown = {node.op_type for node in graph.node} - set(_RUNS)
        if unknown:
            raise ValueError(
                f'load_onnx: cannot run {", ".join(sorted(unknown))}\n  known: '
                f'{", ".join(sorted(_RUNS))}'
            )
        self._onnx_nodes = [
            (
                node.op_type,
                tuple(node.input),
                tuple(node.output),
                {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute},
            )
            for node in graph.node
        ]
        statistics = {
            name
            for node in graph.node
            if node.op_type == 'BatchNormalization'
            for name in list(node.input)[3:]
        }
        self._places: dict[str, tuple[Link, str]] = {}
        self._constants: dict[str, Any] = {}
        for tensor in graph.initializer:
            array = onnx.numpy_helper.to_array(tensor).copy()
            if '/' not in tensor.name and tensor.name.startswith('constant'):
                self._constants[tensor.name] = array
            elif tensor.name in statistics:
                self._place(tensor.name).add_persistent(_last(tensor.name), array)
            else:
                link = self._place(tensor.name)
                with link.init_scope():
                    setattr(link, _last(tensor.name), Parameter(array))
        names = {tensor.name for tensor in graph.initializer}
        self._input_names = [v.name for v in graph.input if v.name not in names]
        self._output_names = [v.name for v in graph.output]

    def _place(self, name: str) -> Link:
        """Returns the link that holds a parameter, made if it is not there."""
        link: Chain = self
        for part in name.split('/')[:-1]:
            if part not in link._children:
                link.add_link(part, Chain())
            link = getattr(link, part)
        self._places[name] = (link, _last(name))
        return link

    def forward(self, *xs: Any) -> Any:
        """Returns the output, or a tuple of several.

        Raises:
            TypeError: The number of inputs is wrong.
        """
        if len(xs) != len(self._input_names):
            raise TypeError(
                f'the model takes {len(self._input_names)} inputs '
                f'({", ".join(self._input_names)}), got {len(xs)}'
            )
        values: dict[str, Any] = dict(zip(self._input_names, xs, strict=True))
        values.update(self._constants)
        for name, (link, attribute) in self._places.items():
            values[name] = getattr(link, attribute)
        for operator, inputs, outputs, attributes in self._onnx_nodes:
            given = [values[name] if name else None for name in inputs]
            values[outputs[0]] = _RUNS[operator](given, attributes)
        results = tuple([values[name] for name in self._output_names])
        return results[0] if len(results) == 1 else results


def _last(name: str) -> str:
    return name.split('/')[-1]


def _with(function: Callable[..., Any], **names: tuple[str, Any]) -> _Run:
    """Calls a function with ONNX attributes under other names."""

    def run(xs: _Inputs, attributes: dict[str, Any]) -> Any:
        given = {
            ours: attributes.get(key, value) for ours, (key, value) in names.items()
        }
        return function(*xs, **given)

    return run


def _convolution(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    x, pads = _padded(xs[0], attributes.get('pads', [0, 0, 0, 0]), 0)
    return F.convolution_2d(
        x,
        xs[1],
        xs[2] if len(xs) > 2 else None,
        stride=tuple(attributes.get('strides', (1, 1))),
        pad=pads,
        dilate=tuple(attributes.get('dilations', (1, 1))),
        groups=attributes.get('group', 1),
    )


def _transposed_convolution(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    x, W = xs[:2]
    pads, strides = attributes['pads'], attributes['strides']
    extra = attributes.get('output_padding', (0, 0))
    dilations = attributes.get('dilations', (1, 1))
    outsize = tuple(
        strides[i] * (x.shape[2 + i] - 1)
        + (W.shape[2 + i] - 1) * dilations[i]
        + 1
        - pads[i]
        - pads[2 + i]
        + extra[i]
        for i in range(2)
    )
    return F.deconvolution_2d(
        x,
        W,
        xs[2] if len(xs) > 2 else None,
        stride=tuple(strides),
        pad=tuple(pads[:2]),
        outsize=outsize,
        dilate=tuple(dilations),
        groups=attributes.get('group', 1),
    )


def _padded(x: Any, pads: Any, value: float) -> tuple[Any, tuple[int, int]]:
    """Pads by hand what hangs over at the end; returns the padding of both ends."""
    top, left, bottom, right = pads
    if (bottom, right) == (top, left):
        return x, (top, left)
    width = [(0, 0), (0, 0), (0, bottom - top), (0, right - left)]
    return F.pad(x, width, 'constant', constant_values=value), (top, left)


def _max_pooling(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    (x,) = xs
    ksize = tuple(attributes['kernel_shape'])
    strides = tuple(attributes.get('strides', (1, 1)))
    top, left, bottom, right = attributes.get('pads', [0, 0, 0, 0])
    spec = PoolSpec.of(x.shape, ksize, strides, (top, left), True)
    covers = _outsize(x.shape[2:], ksize, strides, (top + bottom, left + right))
    if covers == (spec.oh, spec.ow):
        return F.max_pooling_2d(x, ksize, strides, (top, left), cover_all=True)
    x, pad = _padded(x, (top, left, bottom, right), -numpy.inf)
    return F.max_pooling_2d(x, ksize, strides, pad, cover_all=False)


def _outsize(size: Any, ksize: Any, strides: Any, pads: Any) -> tuple[int, ...]:
    return tuple(
        (n + p - k) // s + 1
        for n, k, s, p in zip(size, ksize, strides, pads, strict=True)
    )


def _average_pooling(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    (x,) = xs
    pads = attributes.get('pads', [0, 0, 0, 0])
    strides = tuple(attributes.get('strides', (1, 1)))
    if any(pads) and not attributes.get('count_include_pad', 0):
        raise ValueError('load_onnx: AveragePool that does not count its padding')
    x, pad = _padded(x, pads, 0)
    return F.average_pooling_2d(x, tuple(attributes['kernel_shape']), strides, pad)


def _lrn(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    size = attributes['size']
    alpha = attributes.get('alpha', 1e-4) / size
    k, beta = attributes.get('bias', 1.0), attributes.get('beta', 0.75)
    return F.local_response_normalization(xs[0], size, k, alpha, beta)


def _gemm(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    a, b = xs[:2]
    if attributes.get('transA', 0):
        a = F.transpose(a)
    if not attributes.get('transB', 0):
        b = F.transpose(b)
    alpha, beta = attributes.get('alpha', 1.0), attributes.get('beta', 1.0)
    c = xs[2] if len(xs) > 2 else None
    if (alpha, beta) == (1.0, 1.0) and (c is None or len(c.shape) == 1):
        return F.linear(a, b, c)
    y = F.linear(a, b) * alpha
    return y if c is None else y + F.broadcast_to(c * beta, y.shape)


def _batch_normalization(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    x, gamma, beta, mean, var = xs
    eps = attributes.get('epsilon', 1e-5)
    return F.fixed_batch_normalization(x, gamma, beta, mean, var, eps)


def _reshape(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    x, shape = xs
    return F.reshape(x, tuple([int(n) or x.shape[i] for i, n in enumerate(shape)]))


def _concat(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    return F.concat(xs, axis=attributes['axis'])


def _reduction(function: Callable[..., Any]) -> _Run:
    def run(xs: _Inputs, attributes: dict[str, Any]) -> Any:
        axes = attributes.get('axes') if len(xs) < 2 else xs[1].tolist()
        axis = None if axes is None else tuple(axes)
        return function(xs[0], axis=axis, keepdims=bool(attributes.get('keepdims', 1)))

    return run


def _clip(xs: _Inputs, attributes: dict[str, Any]) -> Any:
    limits = [None if v is None else float(v) for v in (*xs[1:], None, None)[:2]]
    return F.clip(xs[0], *limits)


def _binary(function: Callable[..., Any]) -> _Run:
    """Takes constants as the numbers they are."""

    def run(xs: _Inputs, attributes: dict[str, Any]) -> Any:
        numbers = [
            x.item() if not isinstance(x, Variable) and x.ndim == 0 else x for x in xs
        ]
        return function(*numbers)

    return run


_RUNS: dict[str, _Run] = {
    'Abs': _with(F.absolute),
    'Add': _binary(lambda a, b: a + b),
    'AveragePool': _average_pooling,
    'BatchNormalization': _batch_normalization,
    'Clip': _clip,
    'Concat': _concat,
    'Conv': _convolution,
    'ConvTranspose': _transposed_convolution,
    'Cos': _with(F.cos),
    'Div': _binary(lambda a, b: a / b),
    'Elu': _with(F.elu, alpha=('alpha', 1.0)),
    'Exp': _with(F.exp),
    'Expand': lambda xs, _: F.broadcast_to(xs[0], tuple(xs[1].tolist())),
    'Gemm': _gemm,
    'Identity': _with(F.identity),
    'LRN': _lrn,
    'LeakyRelu': _with(F.leaky_relu, slope=('alpha', 0.01)),
    'Log': _with(F.log),
    'LogSoftmax': _with(F.log_softmax, axis=('axis', -1)),
    'MatMul': _with(F.matmul),
    'Max': _with(F.maximum),
    'MaxPool': _max_pooling,
    'Min': _with(F.minimum),
    'Mul': _binary(lambda a, b: a * b),
    'Neg': _with(lambda x: -x),
    'Pow': _binary(lambda a, b: a**b),
    'ReduceMax': _reduction(F.max),
    'ReduceMean': _reduction(F.average),
    'ReduceMin': _reduction(F.min),
    'ReduceSum': _reduction(F.sum),
    'Relu': _with(F.relu),
    'Reshape': _reshape,
    'Sigmoid': _with(F.sigmoid),
    'Sin': _with(F.sin),
    'Softmax': _with(F.softmax, axis=('axis', -1)),
    'Sqrt': _with(F.sqrt),
    'Sub': _binary(lambda a, b: a - b),
    'Sum': _with(F.add),
    'Tanh': _with(F.tanh),
    'Transpose': _with(F.transpose, axes=('perm', None)),
}


def load_onnx(path: str | os.PathLike[str]) -> OnnxModel:
    """Reads an ONNX file into a link that runs it with our functions.

    Args:
        path: A file that `save_onnx` wrote, or one with the same operators.

    Returns:
        A chain with the parameters of the file; it can be trained.

    Raises:
        ImportError: The package onnx is missing.
        ValueError: An operator is not known here.
    """
    return OnnxModel(import_onnx().load(os.fspath(path)))

"""From functions to ONNX operators."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from minigrad.backend import CpuDevice
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.graph.model import Call, Recording, Value
from minigrad.graph.onnx.package import import_onnx
from minigrad.graph.recorder import Recorder
from minigrad.graph.summarise import make_inputs
from minigrad.link import Link
from minigrad.types import Array
from minigrad.variable import Variable


class UnsupportedFunction(ValueError):
    """A function has no ONNX operator here."""


class _Exporter(Recorder):
    """Turns every function into operators as it runs."""

    def __init__(self, model: Link, opset: int) -> None:
        super().__init__(Recording(type(model).__name__), model, statistics=False)
        self.helper = import_onnx().helper
        self.opset = opset
        self.nodes: list[Any] = []
        self.arrays: dict[str, Array] = {}  # constants, by name
        self._all: dict[str, Array] = {}
        self._values: dict[str, Value] = {}
        self.call: Call | None = None

    def _new_value(self, array: Array, kind: str, name: str | None = None) -> Value:
        value = super()._new_value(array, kind, name)
        self._all[value.id] = array
        self._values[value.id] = value
        return value

    def name_of(self, v: str) -> str:
        """Returns a value's name in the file; parameters become constants."""
        value = self._values[v]
        name = value.name or v
        if value.kind != 'output' and not name.startswith('input'):
            self.arrays.setdefault(name, self._all[v])
        return name

    def _finish(
        self, call: Call, frame: Any, function: Any, in_data: Any, ys: tuple[Array, ...]
    ) -> None:
        super()._finish(call, frame, function, in_data, ys)
        self.call = call
        convert = _OPERATORS.get(type(function).__name__) or _OPERATORS.get(
            str(function.public_name)
        )
        if convert is None:
            raise UnsupportedFunction(
                f'to_onnx: {call.where} has no ONNX operator here\n  can be saved: '
                f'{", ".join(sorted(_OPERATORS))}'
            )
        inputs = [self.name_of(v) for v in call.inputs]
        outputs = [self.name_of(v) for v in call.outputs]
        convert(self, function, inputs, outputs, tuple(in_data), ys)

    # -- what converters call ----------------------------------------------------

    def add(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], **args: Any
    ) -> None:
        """Adds an operator, named after the link that called the function."""
        path = '/'.join(self.call.path[1:]) if self.call is not None else ''
        name = f'{path}/{operator}_{len(self.nodes)}'.lstrip('/')
        node = self.helper.make_node(operator, inputs, outputs, name=name, **args)
        self.nodes.append(node)

    def constant(self, array: Any) -> str:
        """Adds a constant; returns its name."""
        name = f'constant{len(self.arrays)}'
        self.arrays[name] = numpy.asarray(array)
        return name


_Convert = Callable[
    [_Exporter, Any, list[str], list[str], tuple[Array, ...], Any], None
]
_OPERATORS: dict[str, _Convert] = {}


def _operator(*names: str) -> Callable[[_Convert], _Convert]:
    def register(convert: _Convert) -> _Convert:
        _OPERATORS.update(dict.fromkeys(names, convert))
        return convert

    return register


def _plain(operator: str, *arguments: tuple[str, str]) -> _Convert:
    """Converts by name alone; ``arguments`` are pairs of ours and ONNX's."""

    def convert(
        e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
    ) -> None:
        args = {onnx: getattr(f, ours) for ours, onnx in arguments}
        e.add(operator, xs, ys, **args)

    return convert


for _name, _converter in {
    'ReLU': _plain('Relu'),
    'Sigmoid': _plain('Sigmoid'),
    'Tanh': _plain('Tanh'),
    'LeakyReLU': _plain('LeakyRelu', ('slope', 'alpha')),
    'ELU': _plain('Elu', ('alpha', 'alpha')),
    'Softmax': _plain('Softmax', ('axis', 'axis')),
    'LogSoftmax': _plain('LogSoftmax', ('axis', 'axis')),
    'Concat': _plain('Concat', ('axis', 'axis')),
    'Add': _plain('Add'),
    'MultiAdd': _plain('Sum'),
    'Sub': _plain('Sub'),
    'Mul': _plain('Mul'),
    'Div': _plain('Div'),
    'PowVarVar': _plain('Pow'),
    'Maximum': _plain('Max'),
    'Minimum': _plain('Min'),
    'Neg': _plain('Neg'),
    'Absolute': _plain('Abs'),
    'Identity': _plain('Identity'),
    'exp': _plain('Exp'),
    'log': _plain('Log'),
    'sqrt': _plain('Sqrt'),
    'sin': _plain('Sin'),
    'cos': _plain('Cos'),
}.items():
    _OPERATORS[_name] = _converter


def _pads(spec: Any, height: int, width: int) -> list[int]:
    """Returns top, left, bottom and right padding.

    Where the last window hangs over, because the output covers all of the input, more
    is added at the end.
    """
    dy, dx = getattr(spec, 'dy', 1), getattr(spec, 'dx', 1)
    bottom = (spec.oh - 1) * spec.sy + (spec.kh - 1) * dy + 1 - height - spec.ph
    right = (spec.ow - 1) * spec.sx + (spec.kw - 1) * dx + 1 - width - spec.pw
    return [spec.ph, spec.pw, max(bottom, spec.ph), max(right, spec.pw)]


def _window(spec: Any) -> dict[str, Any]:
    return {'kernel_shape': [spec.kh, spec.kw], 'strides': [spec.sy, spec.sx]}


@_operator('Convolution2DFunction')
def _convolution(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    spec = f.spec
    args = {'dilations': [spec.dy, spec.dx], 'group': spec.groups}
    e.add('Conv', xs, ys, pads=_pads(spec, spec.h, spec.w), **_window(spec), **args)


@_operator('Deconvolution2DFunction')
def _deconvolution(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    spec = f.spec  # of the convolution that is transposed
    args = {'dilations': [spec.dy, spec.dx], 'group': spec.groups}
    extra_h = spec.h - (spec.oh - 1) * spec.sy - (spec.kh - 1) * spec.dy - 1
    extra_w = spec.w - (spec.ow - 1) * spec.sx - (spec.kw - 1) * spec.dx - 1
    extra_h, extra_w = extra_h + 2 * spec.ph, extra_w + 2 * spec.pw
    # Less than the whole is given by more padding at the end.
    bottom, right = spec.ph + max(0, -extra_h), spec.pw + max(0, -extra_w)
    e.add(
        'ConvTranspose',
        xs,
        ys,
        pads=[spec.ph, spec.pw, bottom, right],
        output_padding=[max(0, extra_h), max(0, extra_w)],
        **_window(spec),
        **args,
    )


@_operator('LinearFunction')
def _linear(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    e.add('Gemm', xs, ys, transB=1)


@_operator('MaxPooling2D')
def _max_pooling(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    spec = f.spec
    e.add('MaxPool', xs, ys, pads=_pads(spec, spec.h, spec.w), **_window(spec))


@_operator('AveragePooling2D')
def _average_pooling(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    spec = f.spec
    pads = [spec.ph, spec.pw, spec.ph, spec.pw]
    counted = int(spec.count_pad)
    e.add('AveragePool', xs, ys, pads=pads, count_include_pad=counted, **_window(spec))


@_operator('LocalResponseNormalization')
def _lrn(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    n, k, alpha, beta = f.arguments
    size = n // 2 * 2 + 1  # our window reaches as far to both sides
    numbers = {'bias': float(k), 'alpha': float(alpha * size), 'beta': float(beta)}
    e.add('LRN', xs, ys, size=size, **numbers)


@_operator('FixedBatchNormalization')
def _batch_normalization(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    axes = tuple(i for i in range(in_data[0].ndim) if i != 1)
    if tuple(f.axis) != axes:
        raise UnsupportedFunction(
            f'to_onnx: batch_normalization over the axes {f.axis}; ONNX knows {axes}'
        )
    e.add('BatchNormalization', xs, ys, epsilon=f.eps)


@_operator('Reshape', 'Squeeze', 'ExpandDims')
def _reshape(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    shape = list(out[0].shape)
    if shape and in_data[0].ndim and shape[0] == in_data[0].shape[0]:
        shape[0] = 0  # as many as come in: the batch may have another size
    e.add('Reshape', [*xs, e.constant(numpy.array(shape, 'int64'))], ys)


@_operator('BroadcastTo')
def _broadcast_to(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    e.add('Expand', [*xs, e.constant(numpy.array(out[0].shape, 'int64'))], ys)


@_operator('Transpose')
def _transpose(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    n = in_data[0].ndim
    axes = range(n)[::-1] if f.axes is None else [axis % n for axis in f.axes]
    e.add('Transpose', xs, ys, perm=list(axes))


@_operator('Sum', 'Mean', 'Max', 'Min')
def _reduce(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    n = in_data[0].ndim
    axes = [a % n for a in (range(n) if f.axis is None else f.axis)]
    keep = int(f.keepdims)
    name = type(f).__name__
    if name == 'Sum' or e.opset >= 18:
        inputs = [*xs, e.constant(numpy.array(axes, 'int64'))]
        e.add(f'Reduce{name}', inputs, ys, keepdims=keep)
    else:
        e.add(f'Reduce{name}', xs, ys, keepdims=keep, axes=axes)


@_operator('Clip', 'ClippedReLU')
def _clip(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    low, high = (0, f.cap) if hasattr(f, 'cap') else (f.x_min, f.x_max)
    dtype = in_data[0].dtype
    limits = [
        '' if v is None else e.constant(numpy.array(v, dtype)) for v in (low, high)
    ]
    e.add('Clip', [*xs, *limits], ys)


@_operator('MatMul')
def _matmul(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    names: list[str] = []
    for x, name, turned in zip(in_data, xs, (f.transa, f.transb), strict=True):
        if turned and x.ndim > 1:
            axes = [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]
            turned_name = f'{ys[0]}_{len(names)}'
            e.add('Transpose', [name], [turned_name], perm=axes)
            name = turned_name
        names.append(name)
    e.add('MatMul', names, ys)


@_operator(
    *('AddConstant', 'SubFromConstant', 'MulConstant', 'DivFromConstant'),
    *('PowVarConst', 'PowConstVar'),
)
def _with_constant(
    e: _Exporter, f: Any, xs: list[str], ys: list[str], in_data: Any, out: Any
) -> None:
    value = e.constant(numpy.array(f.value, in_data[0].dtype))
    operator = {'add': 'Add', 'sub': 'Sub', 'mul': 'Mul', 'div': 'Div', 'pow': 'Pow'}
    name = operator[f.public_name]
    first = type(f).__name__ in ('SubFromConstant', 'DivFromConstant', 'PowConstVar')
    e.add(name, [value, *xs] if first else [*xs, value], ys)


def to_onnx(model: Link, args: Any, *, opset: int = 17) -> Any:
    """Turns a model into an ``onnx.ModelProto``, as it runs in testing.

    The first axis of inputs and outputs is the batch, of any size.

    Args:
        model: The model.
        args: Its input: an array, a shape, or a list of them.
        opset: Version of the operators, 17 or later.

    Returns:
        The model, checked by ``onnx.checker``. Initializers are named by the paths of
        parameters, ``conv1/W``.

    Raises:
        ImportError: The package onnx is missing.
        UnsupportedFunction: A function has no ONNX operator here.
        ValueError: ``opset`` is too old.

    Example:
        >>> from minigrad.graph.onnx import to_onnx
        >>> proto = to_onnx(L.Linear(3, 2), (1, 3))
        >>> [node.op_type for node in proto.graph.node]
        ['Gemm']
    """
    onnx = import_onnx()
    if opset < 17:
        raise ValueError(f'to_onnx: opset {opset} is too old; 17 or later')
    xs = make_inputs(model, args)
    exporter = _Exporter(model, opset)
    inputs = []
    for i, x in enumerate(xs):
        value = exporter._new_value(x, 'input', f'input{i}' if i else 'input')
        inputs.append(_describe(onnx, str(value.name), x))
    with using_config('train', False), no_backprop_mode(), exporter:
        ys = model(*[Variable(x) for x in xs])
    outputs: list[Any] = []
    results = list(ys.values()) if isinstance(ys, dict) else ys
    for y in results if isinstance(results, (tuple, list)) else [results]:
        array = y.array if isinstance(y, Variable) else y
        name = exporter.name_of(exporter._value_of(array))
        if name.startswith('input') or name in {o.name for o in outputs}:
            exporter.add('Identity', [name], [f'output{len(outputs)}'])
            name = f'output{len(outputs)}'
        outputs.append(_describe(onnx, name, array))
    to_cpu = CpuDevice().send
    constants = [
        onnx.numpy_helper.from_array(numpy.ascontiguousarray(to_cpu(array)), name)
        if getattr(array, 'ndim', 0)
        else onnx.numpy_helper.from_array(numpy.asarray(to_cpu(array)), name)
        for name, array in exporter.arrays.items()
    ]
    helper = onnx.helper
    graph = helper.make_graph(
        exporter.nodes, type(model).__name__, inputs, outputs, constants
    )
    imports = [helper.make_opsetid('', opset)]
    proto = helper.make_model(graph, opset_imports=imports, producer_name='minigrad')
    proto.ir_version = helper.find_min_ir_version_for(imports)
    onnx.checker.check_model(proto)
    return proto


def _describe(onnx: Any, name: str, array: Array) -> Any:
    kind = onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(array.dtype))
    shape = ['N', *array.shape[1:]] if array.ndim else []
    return onnx.helper.make_tensor_value_info(name, kind, shape)


def save_onnx(
    path: str | os.PathLike[str], model: Link, args: Any, *, opset: int = 17
) -> None:
    """Writes a model as an ONNX file, see `to_onnx`."""
    proto = to_onnx(model, args, opset=opset)
    import_onnx().save(proto, os.fspath(path))

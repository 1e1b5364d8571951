"""From functions to ONNX operators."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from minigrad.backend import CpuDevice
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.graph.model import Call, Recording, Value
from minigrad.graph.onnx import operators as operators
from minigrad.graph.onnx.builder import OPERATORS, Builder, UnsupportedFunction
from minigrad.graph.onnx.package import import_onnx
from minigrad.graph.recorder import Recorder
from minigrad.graph.summarise import make_inputs
from minigrad.link import Link
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class _Exporter(Recorder):
    """Turns every function into operators as it runs."""

    def __init__(self, model: Link, opset: int) -> None:
        super().__init__(Recording(type(model).__name__), model, statistics=False)
        self.builder = Builder(opset)
        self._all: dict[str, Array] = {}
        self._values: dict[str, Value] = {}

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
            self.builder.arrays.setdefault(name, self._all[v])
        return name

    def _finish(
        self, call: Call, frame: Any, function: Any, in_data: Any, ys: tuple[Array, ...]
    ) -> None:
        super()._finish(call, frame, function, in_data, ys)
        convert = OPERATORS.get(type(function).__name__) or OPERATORS.get(
            str(function.public_name)
        )
        if convert is None:
            raise UnsupportedFunction(
                f'to_onnx: {call.where} has no ONNX operator here\n  can be saved: '
                f'{", ".join(sorted(OPERATORS))}'
            )
        builder = self.builder
        builder.path = '/'.join(call.path[1:])
        floats = [x.dtype for x in in_data if x.dtype.kind == 'f']
        builder.dtype = floats[0] if floats else numpy.dtype('float32')
        builder.shapes = [x.shape for x in in_data]
        builder.outputs = [y.shape for y in ys]
        results = convert(builder, function, *[self.name_of(v) for v in call.inputs])
        builder.bind(results, [self.name_of(v) for v in call.outputs])


def to_onnx(model: Link, args: Any, *, opset: int = 17) -> Any:
    """Turns a model into an ``onnx.ModelProto``, as it runs in testing.

    The first axis of the first input is the batch, of any size, and so is that of all
    inputs and outputs as long as it. What a model computes outside of functions, such as
    an index from the values of an array, stays what it is for these inputs.

    Args:
        model: The model.
        args: Its input: an array, a shape, or a list of them.
        opset: Version of the operators, 13 or later.

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
    xs = make_inputs(model, args)
    with no_backprop_mode():
        return build(model, list(map(Variable, xs)), {}, opset=opset).proto


class Built(NamedTuple):
    """A model as ONNX, and what it was run on, by the names in the file."""

    proto: Any
    inputs: dict[str, Variable]
    outputs: dict[str, Variable]


def build(
    model: Link,
    args: Sequence[Variable],
    kwargs: Mapping[str, Variable],
    *,
    opset: int,
    train: bool = False,
) -> Built:
    """Runs a model and turns what it did into ONNX; see `to_onnx`.

    Args:
        model: The model.
        args: Its inputs.
        kwargs: Those that it takes by name.
        opset: Version of the operators.
        train: Whether it runs as in training.
    """
    onnx = import_onnx()
    if opset < 13:
        raise ValueError(f'to_onnx: opset {opset} is too old; 13 or later')
    exporter = _Exporter(model, opset)
    builder = exporter.builder
    xs = [*args, *kwargs.values()]
    batch = xs[0].shape[0] if xs and xs[0].ndim else None
    inputs: dict[str, Variable] = {}
    for x in xs:
        name = f'input{len(inputs)}' if inputs else 'input'
        exporter._new_value(x.array, 'input', name)
        inputs[name] = x
    with using_config('train', train), exporter:
        ys = model(*args, **kwargs)
    results = list(ys.values()) if isinstance(ys, dict) else ys
    outputs: dict[str, Variable] = {}
    for y in results if isinstance(results, (tuple, list)) else [results]:
        y = as_variable(y)
        name = exporter.name_of(exporter._value_of(y.array))
        if name in inputs or name in outputs:
            other = f'output{len(outputs)}'
            builder.bind(builder.op('Identity', name), [other])
            name = other
        outputs[name] = y
    to_cpu = CpuDevice().send
    constants = [
        onnx.numpy_helper.from_array(numpy.asarray(to_cpu(array), order='C'), name)
        for name, array in builder.arrays.items()
    ]
    graph = onnx.helper.make_graph(
        builder.nodes,
        type(model).__name__,
        [_describe(onnx, name, x.array, batch) for name, x in inputs.items()],
        [_describe(onnx, name, y.array, batch) for name, y in outputs.items()],
        constants,
    )
    imports = [onnx.helper.make_opsetid('', opset)]
    proto = onnx.helper.make_model(
        graph, opset_imports=imports, producer_name='minigrad'
    )
    proto.ir_version = onnx.helper.find_min_ir_version_for(imports)
    onnx.checker.check_model(proto)
    return Built(proto, inputs, outputs)


def _describe(onnx: Any, name: str, array: Array, batch: int | None) -> Any:
    kind = onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(array.dtype))
    shape: list[Any] = list(array.shape)
    if shape and shape[0] == batch:
        shape[0] = 'N'
    return onnx.helper.make_tensor_value_info(name, kind, shape)


def save_onnx(
    path: str | os.PathLike[str], model: Link, args: Any, *, opset: int = 17
) -> None:
    """Writes a model as an ONNX file, see `to_onnx`."""
    proto = to_onnx(model, args, opset=opset)
    import_onnx().save(proto, os.fspath(path))

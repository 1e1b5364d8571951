"""From functions to ONNX operators."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy

from minigrad.backend import CpuDevice
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.function import FunctionAdapter
from minigrad.graph.model import Call, Recording, Value
from minigrad.graph.onnx import operators as operators
from minigrad.graph.onnx.builder import (
    OPERATORS,
    Builder,
    Convert,
    UnsupportedFunction,
)
from minigrad.graph.onnx.operators.formula import by_formula
from minigrad.graph.onnx.package import import_onnx
from minigrad.graph.recorder import Recorder
from minigrad.graph.summarise import make_inputs
from minigrad.link import Link
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class _Exporter(Recorder):
    """Turns every function into operators as it runs."""

    def __init__(
        self, model: Link, opset: int, converters: Mapping[str, Convert]
    ) -> None:
        super().__init__(Recording(type(model).__name__), model, statistics=False)
        self.builder = Builder(opset)
        self.builder.name_of = self._name_of_array
        self._converters = converters
        self.calls: list[tuple[str, list[str]]] = []
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

    def knows(self, array: Array) -> bool:
        """Tells whether an array was given to the model, is its own, or was computed."""
        known = self._ids.get(id(array))
        computed = known is not None and known[0]() is array
        return computed or self._links.find(array)[1] is not None

    def _name_of_array(self, array: Array) -> str:
        if self.knows(array):
            return self.name_of(self._value_of(array))
        return self.builder.named(array)

    def _finish(
        self, call: Call, frame: Any, function: Any, in_data: Any, ys: tuple[Array, ...]
    ) -> None:
        super()._finish(call, frame, function, in_data, ys)
        if isinstance(function, FunctionAdapter):
            function = function.function
        kind = getattr(function, 'custom_function_node_name', type(function).__name__)
        found = [self._converters.get(kind), *map(OPERATORS.get, (kind, call.name))]
        found.append(by_formula(function))
        convert = next((c for c in found if c is not None), None)
        if convert is None:
            raise UnsupportedFunction(
                f'to_onnx: {call.where} has no ONNX operator here\n  can be saved: '
                f'{", ".join(sorted(OPERATORS))}'
            )
        builder = self.builder
        builder.path, builder.function = '/'.join(call.path[1:]), kind
        floats = [x.dtype for x in in_data if x.dtype.kind == 'f']
        builder.dtype = floats[0] if floats else numpy.dtype('float32')
        builder.shapes = [x.shape for x in in_data]
        builder.outputs = [y.shape for y in ys]
        builder.output_names = [self.name_of(v) for v in call.outputs]
        results = convert(builder, function, *[self.name_of(v) for v in call.inputs])
        builder.bind(results, builder.output_names)
        self.calls.append((kind, builder.output_names))


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
        proto = build(model, list(map(Variable, xs)), {}, opset=opset).proto
    import_onnx().checker.check_model(proto)
    return proto


class Built(NamedTuple):
    """A model as ONNX, and what it was run on, by the names in the file."""

    proto: Any
    inputs: dict[str, Variable]
    outputs: dict[str, Variable]
    calls: list[tuple[str, list[str]]]
    """Functions in the order in which they ran, and the names of their outputs."""


def build(
    model: Link,
    args: Sequence[Variable],
    kwargs: Mapping[str, Variable],
    *,
    opset: int,
    train: bool = False,
    converters: Mapping[str, Convert] | None = None,
    imports: Mapping[str, int] | None = None,
    variables_only: bool = False,
) -> Built:
    """Runs a model and turns what it did into ONNX; see `to_onnx`.

    Args:
        model: The model.
        args: Its inputs.
        kwargs: Those that it takes by name.
        opset: Version of the operators.
        train: Whether it runs as in training.
        converters: Converters that go before those of `OPERATORS`.
        imports: Versions of other sets of operators, by domain.
        variables_only: Whether outputs that are arrays are refused.

    Raises:
        RuntimeError: With ``variables_only``, the model returns an array.
        ValueError: The same, one of several; or ``opset`` is too old.
    """
    onnx = import_onnx()
    if opset < 13:
        raise ValueError(f'to_onnx: opset {opset} is too old; 13 or later')
    exporter = _Exporter(model, opset, converters or {})
    builder = exporter.builder
    xs = _told_apart([*args, *kwargs.values()])
    args, kwargs = xs[: len(args)], dict(zip(kwargs, xs[len(args) :], strict=True))
    batch = xs[0].shape[0] if xs and xs[0].ndim else None
    inputs: dict[str, Variable] = {}
    for x in xs:
        name = f'input{len(inputs)}' if inputs else 'input'
        exporter._new_value(x.array, 'input', name)
        inputs[name] = x
    with using_config('train', train), exporter:
        ys = model(*args, **kwargs)
    several = isinstance(ys, (tuple, list, dict))
    results = list(ys.values()) if isinstance(ys, dict) else ys
    outputs: dict[str, Variable] = {}
    for y in results if several else [results]:
        if variables_only and not isinstance(y, Variable):
            # Of the types that ONNX-Chainer raises.
            raise (ValueError if several else RuntimeError)(
                f'{type(model).__name__}: expected outputs that are Variables, got '
                f'{type(y).__name__}; what is not computed by functions is not in the file'
            )
        y = as_variable(y)
        if not exporter.knows(y.array):
            raise UnsupportedFunction(
                f'to_onnx: output {len(outputs)} of {type(model).__name__} is not '
                'computed by functions, so it would be the same for all inputs'
            )
        name = exporter.name_of(exporter._value_of(y.array))
        if name in inputs or name in outputs:
            other = f'output{len(outputs)}'
            builder.bind(builder.op('Identity', name), [other])
            name = other
        outputs[name] = y
    used = {name for node in builder.nodes for name in node.input}
    for name in inputs:
        if name not in used and name not in outputs:
            warnings.warn(
                f'to_onnx: the file does not depend on {name}: what {type(model).__name__} '
                'computes from it outside of functions stays what it is for this one',
                stacklevel=3,
            )
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
    versions = {'': opset, **(imports or {})}
    ids = [onnx.helper.make_opsetid(domain, v) for domain, v in versions.items()]
    proto = onnx.helper.make_model(graph, opset_imports=ids, producer_name='minigrad')
    proto.ir_version = onnx.helper.find_min_ir_version_for(ids, ignore_unknown=True)
    return Built(proto, inputs, outputs, exporter.calls)


def _told_apart(xs: Sequence[Variable]) -> list[Variable]:
    """Returns the inputs, with a view in place of an array that is there twice."""
    seen: set[int] = set()
    result = []
    for x in xs:
        result.append(Variable(x.array.view()) if id(x.array) in seen else x)
        seen.add(id(x.array))
    return result


def _describe(onnx: Any, name: str, array: Array, batch: int | None) -> Any:
    kind = onnx.helper.np_dtype_to_tensor_dtype(numpy.dtype(array.dtype))
    shape: list[Any] = list(array.shape)
    if shape and shape[0] == batch:
        shape[0] = 'N'
    return onnx.helper.make_tensor_value_info(name, kind, shape)


def save_onnx(
    path: str | os.PathLike[str], model: Link, args: Any, *, opset: int = 17
) -> None:
    """Writes a model as an ONNX file, see `to_onnx`.

    Example:
        >>> from minigrad.graph import onnx
        >>> with minigrad.utils.tempdir() as folder:
        ...     onnx.save_onnx(f'{folder}/model.onnx', L.Linear(3, 2), np.ones((1, 3), 'f'))
        ...     onnx.load_onnx(f'{folder}/model.onnx')(np.ones((5, 3), 'f')).shape
        (5, 2)
    """
    proto = to_onnx(model, args, opset=opset)
    import_onnx().save(proto, os.fspath(path))

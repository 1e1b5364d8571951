"""`export` of ONNX-Chainer, over `minigrad.graph.onnx`."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy

from minigrad import backend
from minigrad.configuration import using_config
from minigrad.graph.onnx.builder import CONSTANT, Builder
from minigrad.graph.onnx.package import import_onnx
from minigrad.graph.onnx.save import Built, build
from minigrad.link import Link
from minigrad.named_arguments import checks_arguments
from minigrad.onnx_chainer import onnx_helper
from minigrad.onnx_chainer.context import Context
from minigrad.onnx_chainer.functions.converter import FunctionConverterParams
from minigrad.variable import Variable

MINIMUM_OPSET_VERSION = 13
MAXIMUM_OPSET_VERSION = 28
"""Of the versions that the tests try; newer ones are written as well."""

Names = str | Sequence[str] | Mapping[str, str] | None


@checks_arguments
def export(
    model: Link,
    args: Any,
    filename: Any = None,
    export_params: bool = True,
    graph_name: str = 'Graph',
    save_text: bool = False,
    opset_version: int | None = None,
    input_names: Names = None,
    output_names: Names = None,
    train: bool = False,
    return_named_inout: bool = False,
    external_converters: Any = None,
    external_opset_imports: Any = None,
    input_shapes: Any = None,
    no_testcase: bool = False,
) -> Any:
    """Runs a model and returns it as ONNX.

    Inputs are called ``Input_0``, ``Input_1``, ..., parameters by their paths,
    ``param_conv1_W``, unless names are given. The first axis is the batch, of any size.

    Args:
        model: The model.
        args: Its input: an array or a Variable, a list of them, or a dictionary of what
            the model takes by name.
        filename: Path or binary file to write to; None only returns the model.
        export_params: Whether the file holds the values of parameters.
        graph_name: Name of the graph.
        save_text: Whether to write ``filename + '.txt'`` too, to be read by people.
        opset_version: Version of the operators; None is the newest tested. Older ones
            than 13, which ONNX-Chainer wrote, are raised to it with a warning.
        input_names: Names of the inputs: one, a list, or by the keys of ``args``.
        output_names: Names of the outputs: one, a list, or by the keys that the model
            returns.
        train: Whether the model runs as in training.
        return_named_inout: Whether to return inputs and outputs by name, too.
        external_converters: Functions by the names of classes of functions, which they
            write in the program's own way. Each is called with a
            `minigrad.onnx_chainer.functions.converter.FunctionConverterParams` and
            returns nodes, whose last outputs are ``output_names``.
        external_opset_imports: Versions of the domains of their operators, by name.
        input_shapes: Shapes to declare in place of those of ``args``; strings are sizes
            that may differ.
        no_testcase: Accepted; ONNX-Chainer warned without it.

    Returns:
        The ``onnx.ModelProto``, or with ``return_named_inout`` a tuple of it and the
        dictionaries of input and output Variables.

    Raises:
        ImportError: The package onnx is missing.
        UnsupportedFunction: A function has no ONNX operator here.
        ValueError: The number of names or shapes is not that of the inputs or outputs,
            or a converter does not compute the outputs.

    Source: compatible with onnx_chainer.export.

    Example:
        >>> from minigrad import onnx_chainer
        >>> proto = onnx_chainer.export(L.Linear(3, 2), np.zeros((1, 3), 'f'))
        >>> [value.name for value in proto.graph.input]
        ['Input_0']
    """
    onnx = import_onnx()
    if opset_version is None:
        newest = int(onnx.defs.onnx_opset_version())
        opset_version = min(newest, MAXIMUM_OPSET_VERSION)
    elif opset_version < MINIMUM_OPSET_VERSION:
        warnings.warn(
            f'opset_version={opset_version} is older than what minigrad writes; the file '
            f'has opset {MINIMUM_OPSET_VERSION}, which current readers take'
        )
        opset_version = MINIMUM_OPSET_VERSION
    positional: list[Variable] = []
    named: dict[str, Variable] = {}
    if isinstance(args, Mapping):
        named = {key: _variable(x) for key, x in args.items()}
    else:
        args = args if isinstance(args, (list, tuple)) else [args]
        positional = [_variable(x) for x in args]
    if input_shapes is not None:
        input_shapes = _shapes(input_shapes, positional, named)
    converters = {
        name: _External(model, name, converter)
        for name, converter in (external_converters or {}).items()
    }
    with using_config('enable_backprop', True), using_config('in_recomputing', True):
        built = build(
            model,
            positional,
            named,
            opset=opset_version,
            train=train,
            converters=converters,
            imports=external_opset_imports,
            variables_only=True,
        )
    names = dict(
        zip(
            built.inputs,
            _names('input', input_names, list(named), len(built.inputs), 'Input'),
            strict=True,
        )
    )
    names.update(_labels(built, set(names)))
    if output_names is not None:
        given = _names('output', output_names, [], len(built.outputs), 'Output')
        names.update(zip(built.outputs, given, strict=True))
    for path, param in model.namedparams():
        names[path.lstrip('/')] = onnx_helper.cleanse_param_name(path)
        if param.array is None:
            warnings.warn(
                f'onnx_chainer.export: {path} was not used, so it has no shape yet and is '
                'not in the file'
            )
    for path, link in model.namedlinks():
        for name in link._persistent:
            persistent = f'{path}/{name}' if path != '/' else f'/{name}'
            names[persistent[1:]] = onnx_helper.cleanse_param_name(persistent)
    proto = _renamed(built, names)
    proto.graph.name = graph_name
    if input_shapes is not None:
        _declare(proto, input_shapes)
    if not export_params:
        _drop_parameters(proto, set(names.values()))
    check_onnx_model(proto, external_converters, external_opset_imports)
    _write(proto, filename, save_text)
    if not return_named_inout:
        return proto
    inputs = {names.get(name, name): x for name, x in built.inputs.items()}
    outputs = {names.get(name, name): y for name, y in built.outputs.items()}
    return proto, inputs, outputs


def convert_parameter(parameter: Any, context: Any = None) -> Any:
    """Returns an array, Variable or Parameter as an ``onnx.TensorProto``."""
    array = parameter.array if isinstance(parameter, Variable) else parameter
    name = getattr(parameter, 'name', None) or ''
    array = numpy.asarray(backend.to_cpu(array), order='C')
    return import_onnx().numpy_helper.from_array(array, name)


def check_onnx_model(
    onnx_model: Any, external_converters: Any, external_opset_imports: Any
) -> None:
    """Checks a file by ``onnx.checker``.

    Operators of a program's own without a domain are not known there: then the finding
    is a warning.

    Args:
        onnx_model: The file.
        external_converters: Converters of the program, if any.
        external_opset_imports: Versions of their domains, if any.

    Raises:
        onnx.checker.ValidationError: It is not valid.
    """
    onnx = import_onnx()
    try:
        onnx.checker.check_model(onnx_model)
    except onnx.checker.ValidationError as error:
        if not external_converters or external_opset_imports:
            raise
        warnings.warn(
            f'onnx_chainer.export: the file is not valid ONNX: {error}\n  hint: give the '
            "operators a domain, and its version by external_opset_imports={'mine': 1}"
        )


class _External:
    """A program's own converter, as `build` calls one."""

    def __init__(self, model: Link, name: str, convert: Callable[..., Any]) -> None:
        self._model = model
        self._name = name
        self._convert = convert
        self._calls = 0

    def __call__(self, b: Builder, f: Any, *xs: str) -> Any:
        onnx_helper.set_func_name(f'{self._name}_{self._calls}')
        self._calls += 1
        outputs = list(b.output_names)
        context = Context(self._model, b)
        params = FunctionConverterParams(f, b.opset, list(xs), list(outputs), context)
        nodes = list(self._convert(params))
        b.nodes.extend(nodes)
        missing = set(outputs) - {name for node in nodes for name in node.output}
        if missing:
            raise ValueError(
                f'onnx_chainer.export: the converter of {self._name} must return nodes '
                f'that compute {outputs}, its output_names; nothing computes '
                f'{sorted(missing)}'
            )
        return outputs


def _variable(x: Any) -> Variable:
    if isinstance(x, Variable):
        return x
    if backend.is_array(x):
        return Variable(x)
    raise ValueError(
        "onnx_chainer.export: expected 'args' to be a Variable, an array, or a list or "
        f'dictionary of them, got {type(x).__name__}'
    )


def _names(what: str, names: Names, keys: list[str], n: int, prefix: str) -> list[str]:
    """Returns the ``n`` names that were asked for."""
    if names is None:
        return [f'{prefix}_{i}' for i in range(n)]
    if isinstance(names, str):
        names = [names]
    if isinstance(names, Mapping):
        names = [names[key] for key in keys] if keys else list(names.values())
    if len(names) != n:
        raise ValueError(
            f'onnx_chainer.export: expected {n} {what} names, got {len(names)}: {names}'
        )
    return list(names)


def _renamed(built: Built, names: Mapping[str, str]) -> Any:
    proto = built.proto
    for node in proto.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for values in (proto.graph.input, proto.graph.output, proto.graph.initializer):
        for value in values:
            value.name = names.get(value.name, value.name)
    _move_constants(proto.graph)
    return proto


def _move_constants(graph: Any) -> None:
    """Makes nodes of constants: the initializers are the arrays of the model."""
    helper = import_onnx().helper
    nodes, kept = [], []
    for tensor in graph.initializer:
        if CONSTANT.fullmatch(tensor.name):
            name = tensor.name
            nodes.append(helper.make_node('Constant', [], [name], name, value=tensor))
        else:
            kept.append(tensor)
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)


def _shapes(
    shapes: Any, positional: list[Variable], named: Mapping[str, Variable]
) -> list[Any]:
    """Returns the shapes to declare, in the order of the inputs."""
    inputs = [*positional, *named.values()]
    if isinstance(shapes, Mapping):
        if set(shapes) != set(named):
            raise ValueError(
                f'onnx_chainer.export: expected input_shapes of {sorted(named)}, got '
                f'{sorted(shapes)}'
            )
        shapes = [shapes[key] for key in named]
    elif isinstance(shapes, tuple) and len(inputs) == 1:
        shapes = [shapes]
    if not isinstance(shapes, list) or len(shapes) != len(inputs):
        raise ValueError(
            f'onnx_chainer.export: expected {len(inputs)} input shapes, a tuple for each '
            f'input, got {shapes!r}'
        )
    for i, (x, shape) in enumerate(zip(inputs, shapes, strict=True)):
        if len(shape) != x.ndim:
            raise ValueError(
                f'onnx_chainer.export: expected {x.ndim} sizes for Input_{i}, got {shape}'
            )
    return shapes


def _labels(built: Built, inputs: set[str]) -> dict[str, str]:
    """Names what functions compute as ONNX-Chainer does: ``ReLU_0``, ``Separate_1_0``."""
    counts: Counter[str] = Counter()
    labels = {}
    for kind, outputs in built.calls:
        label = f'{kind}_{counts[kind]}'
        counts[kind] += 1
        for i, name in enumerate(outputs):
            if name not in inputs:
                labels[name] = label if len(outputs) == 1 else f'{label}_{i}'
    return labels


def _declare(proto: Any, shapes: list[Any]) -> None:
    """Sets the shapes of the inputs; those of the outputs follow from them."""
    for value, shape in zip(proto.graph.input, shapes, strict=True):
        sizes = value.type.tensor_type.shape.dim
        for size, given in zip(sizes, shape, strict=True):
            size.Clear()
            if isinstance(given, str):
                size.dim_param = given
            elif given is not None:
                size.dim_value = given
    for value in proto.graph.output:
        for size in value.type.tensor_type.shape.dim:
            size.Clear()
    onnx = import_onnx()
    proto.CopyFrom(onnx.shape_inference.infer_shapes(proto))


def _drop_parameters(proto: Any, names: set[str]) -> None:
    """Makes inputs of the parameters, whose values are to be given."""
    helper = import_onnx().helper
    kept = []
    for tensor in proto.graph.initializer:
        if tensor.name in names:
            proto.graph.input.append(
                helper.make_tensor_value_info(
                    tensor.name, tensor.data_type, list(tensor.dims)
                )
            )
        else:
            kept.append(tensor)
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(kept)


def _write(proto: Any, filename: Any, save_text: bool) -> None:
    if filename is None:
        return
    if hasattr(filename, 'write'):
        filename.write(proto.SerializeToString())
        return
    path = os.fspath(filename)
    with open(path, 'wb') as file:
        file.write(proto.SerializeToString())
    if save_text:
        with open(f'{path}.txt', 'w', encoding='utf-8') as text:
            text.write(str(proto))

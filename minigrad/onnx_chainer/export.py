"""`export` of ONNX-Chainer, over `minigrad.graph.onnx`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from minigrad import backend
from minigrad.configuration import using_config
from minigrad.graph.onnx.package import import_onnx
from minigrad.graph.onnx.save import Built, build
from minigrad.link import Link
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable

MINIMUM_OPSET_VERSION = 13
MAXIMUM_OPSET_VERSION = 21
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
        external_converters: Not provided; give `minigrad.graph.onnx.builder.OPERATORS` a
            converter of the function.
        external_opset_imports: Not provided.
        input_shapes: Shapes to declare in place of those of ``args``; strings are sizes
            that may differ.
        no_testcase: Accepted; ONNX-Chainer warned without it.

    Returns:
        The ``onnx.ModelProto``, or with ``return_named_inout`` a tuple of it and the
        dictionaries of input and output Variables.

    Raises:
        ImportError: The package onnx is missing.
        NotImplementedError: Converters of another kind are given.
        UnsupportedFunction: A function has no ONNX operator here.
        ValueError: The number of names or shapes is not that of the inputs or outputs.

    Source: compatible with onnx_chainer.export.

    Example:
        >>> from minigrad import onnx_chainer
        >>> proto = onnx_chainer.export(L.Linear(3, 2), np.zeros((1, 3), 'f'))
        >>> [value.name for value in proto.graph.input]
        ['Input_0']
    """
    if external_converters or external_opset_imports:
        raise NotImplementedError(
            'onnx_chainer.export: converters of ONNX-Chainer are not provided\n  hint: '
            'register one by minigrad.graph.onnx.builder.operator(name_of_the_class)'
        )
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
    with using_config('enable_backprop', True), using_config('in_recomputing', True):
        built = build(model, positional, named, opset=opset_version, train=train)
    names = dict(
        zip(
            built.inputs,
            _names('input', input_names, list(named), len(built.inputs), 'Input'),
            strict=True,
        )
    )
    if output_names is not None:
        given = _names('output', output_names, [], len(built.outputs), 'Output')
        names.update(zip(built.outputs, given, strict=True))
    for path, _ in model.namedparams():
        names[path.lstrip('/')] = 'param' + path.replace('/', '_')
    proto = _renamed(built, names)
    proto.graph.name = graph_name
    if input_shapes is not None:
        _declare(proto, input_shapes, list(named))
    if not export_params:
        _drop_parameters(proto, set(names.values()))
    onnx.checker.check_model(proto)
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
    return proto


def _declare(proto: Any, shapes: Any, keys: list[str]) -> None:
    """Sets the shapes of the inputs; those of the outputs follow from them."""
    if isinstance(shapes, Mapping):
        shapes = [shapes[key] for key in keys]
    elif isinstance(shapes, tuple):
        shapes = [shapes]
    inputs = proto.graph.input
    if len(shapes) != len(inputs):
        raise ValueError(
            f'onnx_chainer.export: expected {len(inputs)} input shapes, got {shapes}'
        )
    for value, shape in zip(inputs, shapes, strict=True):
        sizes = value.type.tensor_type.shape.dim
        if len(sizes) != len(shape):
            raise ValueError(
                f'onnx_chainer.export: expected {len(sizes)} sizes for {value.name}, '
                f'got {shape}'
            )
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

"""ONNX-Chainer's functions: ``import minigrad.onnx_chainer as onnx_chainer``.

They write what `minigrad.graph.onnx.to_onnx` makes, under ONNX-Chainer's arguments.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy

from minigrad.backend import CpuDevice, is_array
from minigrad.configuration import no_backprop_mode, using_config
from minigrad.graph.onnx import to_onnx
from minigrad.graph.onnx.package import import_onnx
from minigrad.link import Link
from minigrad.types import Array
from minigrad.variable import Variable

__all__ = [
    'MAXIMUM_OPSET_VERSION',
    'MINIMUM_OPSET_VERSION',
    'convert_parameter',
    'export',
    'export_testcase',
]

MINIMUM_OPSET_VERSION = 17
MAXIMUM_OPSET_VERSION = 17


def _opset(wanted: int | None) -> int:
    if wanted is None:
        return MAXIMUM_OPSET_VERSION
    if wanted < MINIMUM_OPSET_VERSION:
        # ONNX-Chainer's own range, 7 to 11, which its programs ask for.
        warnings.warn(
            f'opset_version={wanted} is older than what minigrad writes; the file has '
            f'opset {MINIMUM_OPSET_VERSION}, which current readers take',
            UserWarning,
            stacklevel=3,
        )
        return MINIMUM_OPSET_VERSION
    return wanted


def _arrays(args: Any) -> list[Array]:
    if isinstance(args, Variable) or is_array(args):
        args = [args]
    if not isinstance(args, (list, tuple)):
        raise ValueError(
            'args: expected an array, a Variable, or a list or tuple of them, got '
            f'{type(args).__name__}'
        )
    return [x.array if isinstance(x, Variable) else x for x in args]


def _rename(graph: Any, old: Sequence[str], new: Any, what: str) -> None:
    names = [new] if isinstance(new, str) else list(new)
    if len(names) != len(old):
        raise ValueError(
            f'{what}: expected {len(old)} names, got {len(names)}: {names}'
        )
    renamed = dict(zip(old, names, strict=True))
    for value in (*graph.input, *graph.output):
        value.name = renamed.get(value.name, value.name)
    for node in graph.node:
        for names_of_node in (node.input, node.output):
            for i, name in enumerate(names_of_node):
                names_of_node[i] = renamed.get(name, name)


def export(
    model: Link,
    args: Any,
    filename: Any = None,
    export_params: bool = True,
    graph_name: str = 'Graph',
    save_text: bool = False,
    opset_version: int | None = None,
    input_names: str | Sequence[str] | None = None,
    output_names: str | Sequence[str] | None = None,
    train: bool = False,
    return_named_inout: bool = False,
    external_converters: Any = None,
    external_opset_imports: Any = None,
    input_shapes: Any = None,
    no_testcase: bool = False,
) -> Any:
    """Turns a model into an ONNX model, and writes it to a file.

    Args:
        model: The model.
        args: Its input: an array, a Variable, or a list or tuple of them.
        filename: Path or binary file to write to; None writes nothing.
        export_params: If False, the values of the parameters are left out.
        graph_name: Name of the graph in the file.
        save_text: If True, a readable form is written to ``filename + '.txt'`` too.
        opset_version: Version of the operators; None takes the newest.
        input_names: Names to give to the inputs.
        output_names: Names to give to the outputs.
        train: Not supported: models are saved as they run in testing.
        return_named_inout: If True, also returns inputs and outputs by name.
        external_converters: Not supported.
        external_opset_imports: Not supported.
        input_shapes: Ignored: the batch axis of every input may have any size.
        no_testcase: Accepted for Chainer's programs.

    Returns:
        The ``onnx.ModelProto``, or with ``return_named_inout`` a triple of it, the inputs
        and the outputs, two dictionaries of Variables by name.

    Raises:
        ImportError: The package onnx is missing.
        NotImplementedError: An argument asks for what is not supported.
        minigrad.graph.onnx.UnsupportedFunction: A function has no ONNX operator here.

    Source: compatible with onnx_chainer.export.

    Example:
        >>> from minigrad import onnx_chainer
        >>> onnx_model = onnx_chainer.export(L.Linear(3, 2), np.ones((1, 3), 'f'))
        >>> onnx_model.graph.node[0].op_type
        'Gemm'
    """
    for name, value in {
        'train': train,
        'external_converters': external_converters,
        'external_opset_imports': external_opset_imports,
    }.items():
        if value:
            raise NotImplementedError(f'onnx_chainer.export: {name} is not supported')
    xs = _arrays(args)
    proto = to_onnx(model, xs, opset=_opset(opset_version))
    graph = proto.graph
    graph.name = graph_name
    if input_names is not None:
        _rename(graph, [v.name for v in graph.input], input_names, 'input_names')
    if output_names is not None:
        _rename(graph, [v.name for v in graph.output], output_names, 'output_names')
    if not export_params:
        del graph.initializer[:]
    if hasattr(filename, 'write'):
        filename.write(proto.SerializeToString())
    elif filename is not None:
        path = os.fspath(filename)
        Path(path).write_bytes(proto.SerializeToString())
        if save_text:
            Path(f'{path}.txt').write_text(f'{proto}\n')
    if not return_named_inout:
        return proto
    variables = [Variable(x) for x in xs]
    with using_config('train', False), no_backprop_mode():
        ys = model(*variables)
    if isinstance(ys, dict):
        ys = list(ys.values())
    ys = [ys] if isinstance(ys, Variable) else list(ys)
    return (
        proto,
        dict(zip([v.name for v in graph.input], variables, strict=True)),
        dict(zip([v.name for v in graph.output], ys, strict=True)),
    )


def export_testcase(
    model: Link, args: Any, out_dir: Any, output_grad: bool = False, **kwargs: Any
) -> None:
    """Writes a model with an input and the output that belongs to it.

    ``out_dir`` gets ``model.onnx`` and, in ``test_data_set_0``, ``input_0.pb`` and
    ``output_0.pb``, the form in which ONNX keeps its own tests.

    Args:
        model: The model.
        args: Its inputs, as for `export`.
        out_dir: Folder to write to; made if it is not there.
        output_grad: If True, also the gradients of the parameters, where every output
            has the gradient one.
        **kwargs: For `export`.

    Source: compatible with onnx_chainer.export_testcase.
    """
    folder = Path(out_dir)
    data = folder / 'test_data_set_0'
    data.mkdir(parents=True, exist_ok=True)
    kwargs.update(return_named_inout=True, no_testcase=True)
    _, inputs, outputs = export(model, args, folder / 'model.onnx', **kwargs)
    for kind, values in (('input', inputs), ('output', outputs)):
        for i, (name, value) in enumerate(values.items()):
            _write(data / f'{kind}_{i}.pb', value.array, name)
    if output_grad:
        model.cleargrads()
        with using_config('train', False):
            ys = model(*[Variable(x) for x in _arrays(args)])
        ys = [ys] if isinstance(ys, Variable) else list(ys)
        for y in ys:
            y.grad = model.xp.ones_like(y.array)
            y.backward()
        for i, (name, param) in enumerate(model.namedparams()):
            name = f'param{name.replace("/", "_")}'
            if param.grad is not None:
                _write(data / f'gradient_{i}.pb', param.grad, name)


def convert_parameter(parameter: Any, context: Any) -> Any:
    """Turns a parameter or an array into an ``onnx.TensorProto``.

    Args:
        parameter: The parameter or array.
        context: Gives its name by ``context.get_name(parameter)``.

    Source: compatible with onnx_chainer.convert_parameter.
    """
    array = parameter.array if isinstance(parameter, Variable) else parameter
    return _tensor(array, context.get_name(parameter))


def _tensor(array: Array, name: str) -> Any:
    array = numpy.ascontiguousarray(CpuDevice().send(array)).reshape(array.shape)
    return import_onnx().numpy_helper.from_array(array, name)


def _write(path: Path, array: Array, name: str) -> None:
    path.write_bytes(_tensor(array, name).SerializeToString())

"""ONNX files as links that our functions run: `save_onnx`'s, and other frameworks'."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy

from minigrad import backend
from minigrad.chain import Chain
from minigrad.graph.errors import UnreadableModel
from minigrad.graph.onnx import runs_further as runs_further  # fill the table
from minigrad.graph.onnx import runs_transformer as runs_transformer
from minigrad.graph.onnx.builder import CONSTANT
from minigrad.graph.onnx.package import import_onnx
from minigrad.graph.onnx.runs import RUNS, Node
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable


class OnnxError(UnreadableModel):
    """An ONNX file that is damaged, or that holds what cannot be run here."""


class _Step(NamedTuple):
    """A node of the file, with the operator that runs it."""

    node: Node
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    proto: Any


class _Missing(NamedTuple):
    """An output that an operator does not give here."""

    reason: str


class OnnxModel(Chain):
    """A model read from an ONNX file: its parameters have the paths they were saved by.

    Arrays of floats become parameters, so the model can be trained; the statistics of
    batch normalizations become persistent values. A name with dots or slashes, such as
    ``features.0.weight``, is a path: ``model.features['0'].weight``.

    Args:
        proto: An ``onnx.ModelProto``.
        path: The file, for messages.

    Raises:
        OnnxError: It has an operator that is not known here, or is damaged.
    """

    def __init__(self, proto: Any, path: str = 'ONNX model') -> None:
        super().__init__()
        self._path = path
        try:
            self._read(proto)
        except OnnxError:
            raise
        except Exception as error:  # whatever a damaged file makes Python stumble over
            raise OnnxError(
                f'{path}: damaged ({type(error).__name__}: {error})'
            ) from error

    def _read(self, proto: Any) -> None:
        onnx = import_onnx()
        graph = proto.graph
        unknown = sorted({n.op_type for n in graph.node} - set(RUNS) - {'Constant'})
        if unknown:
            raise OnnxError(
                f'{self._path}: cannot run {", ".join(unknown)}\n  known: '
                f'{", ".join(sorted(RUNS))}'
            )
        opset = max([o.version for o in proto.opset_import if not o.domain], default=1)
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
            self._keep(tensor.name, array, tensor.name in statistics)
        self._steps: list[_Step] = []
        for i, node in enumerate(graph.node):
            attributes = {
                a.name: onnx.helper.get_attribute_value(a) for a in node.attribute
            }
            if node.op_type == 'Constant':
                self._constants[node.output[0]] = _constant(onnx, attributes)
                continue
            name = node.name or f'number {i}'
            step = Node(node.op_type, name, attributes, opset, len(node.output))
            self._steps.append(_Step(step, tuple(node.input), tuple(node.output), node))
        held = {tensor.name for tensor in graph.initializer}
        self._input_names = [v.name for v in graph.input if v.name not in held]
        self._output_names = [v.name for v in graph.output]
        self._check_names()

    def _check_names(self) -> None:
        """Refuses a graph in which something is used before it is computed."""
        known = {'', *self._input_names, *self._constants, *self._places}
        for step in self._steps:
            for name in step.inputs:
                if name not in known:
                    raise OnnxError(
                        f'{self._path}: {step.node}: nothing computes its input {name!r}'
                    )
            known.update(step.outputs)
        missing = [name for name in self._output_names if name not in known]
        if missing:
            raise OnnxError(f'{self._path}: nothing computes the outputs {missing}')

    def _keep(self, name: str, array: Array, is_statistic: bool) -> None:
        """Makes a parameter, a persistent value or a constant of an array."""
        ours = CONSTANT.fullmatch(name) is not None
        if ours or array.dtype.kind != 'f' or array.ndim == 0:
            self._constants[name] = array
            return
        *parts, last = [part for part in re.split(r'[/.]', name) if part] or ['W']
        link: Chain = self
        for part in parts:
            part = _free(link, part, wanted=Chain)
            if part not in link._children:
                link.add_link(part, Chain())
            link = getattr(link, part)
        last = _free(link, last)
        if is_statistic:
            link.add_persistent(last, array)
        else:
            with link.init_scope():
                setattr(link, last, Parameter(array))
        self._places[name] = (link, last)

    def forward(self, *xs: Any) -> Any:
        """Returns the output, or a tuple of several.

        Raises:
            OnnxError: An operator cannot run on these inputs; names it.
            TypeError: The number of inputs is wrong.
        """
        if len(xs) != len(self._input_names):
            raise TypeError(
                f'{self._path}: the model takes {len(self._input_names)} inputs '
                f'({", ".join(self._input_names)}), got {len(xs)}'
            )
        values: dict[str, Any] = {'': None, **self._constants}
        for name, x in zip(self._input_names, xs, strict=True):
            is_data = backend.is_array(x) and x.dtype.kind == 'f'
            values[name] = Variable(x) if is_data else x
        for name, (link, attribute) in self._places.items():
            value = getattr(link, attribute)
            values[name] = value if isinstance(value, Variable) else Variable(value)
        for step in self._steps:
            given = [values[name] for name in step.inputs]
            self._refuse_missing(given)
            try:
                ys = self._run(step, given)
            except Exception as error:
                raise OnnxError(f'{self._path}: {step.node}: {error}') from error
            values.update(zip(step.outputs, ys, strict=False))
            for name in step.outputs[len(ys) :]:
                values[name] = _Missing(f'{step.node}: no such output here: {name!r}')
        results = tuple([values[name] for name in self._output_names])
        self._refuse_missing(results)
        return results[0] if len(results) == 1 else results

    def _refuse_missing(self, values: Sequence[Any]) -> None:
        for value in values:
            if isinstance(value, _Missing):
                raise OnnxError(f'{self._path}: {value.reason}')

    def _run(self, step: _Step, given: list[Any]) -> tuple[Any, ...]:
        if any(isinstance(x, Variable) for x in given) or step.node.operator == 'Shape':
            ys = RUNS[step.node.operator](step.node, *given)
            return ys if isinstance(ys, tuple) else (ys,)
        # What is computed from shapes and other constants, by ONNX's own definition.
        evaluator = import_onnx('reference').ReferenceEvaluator(step.proto)
        names = [name for name in step.inputs if name]
        arrays = [numpy.asarray(x) for x in given if x is not None]
        return tuple(evaluator.run(None, dict(zip(names, arrays, strict=True))))


def _free(link: Chain, name: str, wanted: type | None = None) -> str:
    """Returns the name, with underscores behind it where it is taken."""
    while hasattr(link, name) and not (
        wanted is not None and isinstance(getattr(link, name), wanted)
    ):
        name += '_'
    return name


def _constant(onnx: Any, attributes: dict[str, Any]) -> Array:
    (name, value) = next(iter(attributes.items()))
    if name == 'value':
        return onnx.numpy_helper.to_array(value).copy()
    dtype = numpy.float32 if 'float' in name else numpy.int64
    return numpy.array(value, dtype)


def load_onnx(path: str | os.PathLike[str]) -> OnnxModel:
    """Reads an ONNX file into a link that runs it with our functions.

    Args:
        path: A file that `save_onnx` or another framework wrote. Weights in files beside
            it are read too.

    Returns:
        A chain with the parameters of the file; it can be trained.

    Raises:
        ImportError: The package onnx is missing.
        OnnxError: It is no ONNX file, is damaged, or has an operator that is not known
            here.
        OSError: It cannot be read.

    Example:
        >>> from minigrad.graph import onnx
        >>> model = L.Linear(3, 2)
        >>> with minigrad.utils.tempdir() as folder:
        ...     onnx.save_onnx(f'{folder}/model.onnx', model, np.ones((1, 3), 'f'))
        ...     same = onnx.load_onnx(f'{folder}/model.onnx')
        >>> x = np.ones((5, 3), 'f')
        >>> np.testing.assert_allclose(same(x).array, model(x).array, rtol=1e-6)
    """
    onnx = import_onnx()
    name = os.fspath(path)
    with open(name, 'rb') as file:
        content = file.read()
    try:
        proto = onnx.ModelProto.FromString(content)
        onnx.checker.check_model(name)
        onnx.load_external_data_for_model(proto, os.path.dirname(os.path.abspath(name)))
    except Exception as error:  # DecodeError, ValidationError: of other packages
        raise OnnxError(f'{name}: not an ONNX file ({error})') from error
    return OnnxModel(proto, name)

"""The graph of an ONNX file as it grows: operators, constants and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy

from minigrad.graph.onnx.package import import_onnx
from minigrad.types import Array

CONSTANT = re.compile(r'constant\d+')
"""Names of constants that converters made: no arrays of the model."""


class UnsupportedFunction(ValueError):
    """A function has no ONNX operator here."""


class Builder:
    """Collects operators; converters call `op` as if it computed.

    Args:
        opset: Version of the operators.

    Attributes:
        nodes: The operators so far.
        arrays: Constants by name.
        path: Links that called the function that is converted, for names.
        dtype: Dtype of its first float input, which Python's numbers take.
        shapes: Shapes of its inputs.
        outputs: Shapes of its outputs.
        output_names: Names that its outputs get.
        function: Name of its class, or the one that it was given instead.
        name_of: Returns the name of an array; a new one becomes a constant.
    """

    name_of: Callable[[Array], str]

    def __init__(self, opset: int) -> None:
        self.helper = import_onnx().helper
        self.opset = opset
        self.nodes: list[Any] = []
        self.arrays: dict[str, Array] = {}
        self.path = ''
        self.dtype = numpy.dtype('float32')
        self.shapes: list[tuple[int, ...]] = []
        self.outputs: list[tuple[int, ...]] = []
        self.output_names: list[str] = []
        self.function = ''

    def op(self, operator: str, *inputs: Any, n_out: int = 1, **attributes: Any) -> Any:
        """Adds an operator.

        Args:
            operator: Its name in ONNX.
            inputs: Names; numbers and arrays, which become constants; lists of
                integers, which become int64 constants; None for an input left out.
            n_out: Number of outputs.
            attributes: Its attributes; those that are None are left out.

        Returns:
            The name of the output, or a tuple of names.
        """
        names = ['' if x is None else self.named(x) for x in inputs]
        while names and not names[-1]:
            names.pop()
        number = len(self.nodes)
        outputs = [f'{operator}_{number}_{i}' for i in range(n_out)]
        given = {key: value for key, value in attributes.items() if value is not None}
        name = f'{self.path}/{operator}_{number}'.lstrip('/')
        node = self.helper.make_node(operator, names, outputs, name=name, **given)
        self.nodes.append(node)
        return outputs[0] if n_out == 1 else tuple(outputs)

    def named(self, value: Any) -> str:
        """Returns the name of a value, which is made a constant if it is not one."""
        if isinstance(value, str):
            return value
        if isinstance(value, (list, tuple)):
            value = numpy.array(value, numpy.int64)
        elif isinstance(value, (bool, int, float)):
            value = numpy.array(value, self.dtype)
        name = f'constant{len(self.arrays)}'  # see CONSTANT
        self.arrays[name] = numpy.asarray(value)
        return name

    def bind(self, results: Any, names: Sequence[str]) -> None:
        """Gives the results of a converter the names that others know them by."""
        results = (results,) if isinstance(results, str) else tuple(results)
        made = {output: node for node in self.nodes for output in node.output}
        for result, name in zip(results, names, strict=True):
            node = made.get(result)
            if node is None or results.count(result) > 1:
                self.nodes.append(self.helper.make_node('Identity', [result], [name]))
                continue
            for other in self.nodes:
                other.input[:] = [name if x == result else x for x in other.input]
            node.output[:] = [name if x == result else x for x in node.output]

    # -- what several converters need ----------------------------------------------

    def reduce(
        self, kind: str, x: str, axes: Sequence[int], keepdims: bool = False
    ) -> str:
        """Adds a reduction, whose axes are an input or an attribute by version."""
        axes, keep = list(axes), int(keepdims)
        if not axes:
            return str(self.op('Identity', x))  # ONNX takes no axes for all of them
        if kind == 'Sum' or self.opset >= 18:
            return str(self.op(f'Reduce{kind}', x, axes, keepdims=keep))
        return str(self.op(f'Reduce{kind}', x, keepdims=keep, axes=axes))

    def reshape(self, x: str, shape: Sequence[int], like: int = 0) -> str:
        """Adds a reshaping; a first axis as long as the input's may be of any size."""
        sizes = list(shape)
        before = self.shapes[like]
        if sizes and before and sizes[0] == before[0] and 0 not in sizes:
            sizes[0] = 0  # as many as come in
        return str(self.op('Reshape', x, sizes))

    def cast(self, x: str, dtype: Any) -> str:
        """Adds a conversion of the dtype."""
        kind = self.helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype))
        return str(self.op('Cast', x, to=kind))


Convert = Callable[..., Any]
OPERATORS: dict[str, Convert] = {}
"""Converters by the class of the function, or by its public name.

A converter takes the builder, the function, and the names of the inputs; it returns the
name of the output, or names of all outputs.
"""


def operator(*names: str) -> Callable[[Convert], Convert]:
    """Registers a converter for functions."""

    def register(convert: Convert) -> Convert:
        OPERATORS.update(dict.fromkeys(names, convert))
        return convert

    return register


def plain(name: str, *functions: str, **attributes: str) -> None:
    """Registers functions that are one operator.

    Args:
        name: The operator.
        functions: Classes of functions.
        attributes: ONNX's names of attributes, and ours.
    """

    def convert(b: Builder, f: Any, *xs: str) -> Any:
        given = {theirs: getattr(f, ours) for theirs, ours in attributes.items()}
        return b.op(name, *xs, **given)

    OPERATORS.update(dict.fromkeys(functions, convert))

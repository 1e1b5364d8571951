"""The table of elementwise functions: one row makes one function.

A row of `ROWS` holds all that there is to say about a function of one array: its formula,
its derivative, its values at the edges, where it comes from, and an independent way to
compute it. `Row.define` makes from it the node class and the public function with its
docstring; the tests make from it the case that checks it. Families define their rows in files of their
own, such as `math.elementary`, `math.special` and `activation.elementary`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import numpy

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._no_graph import apply_without_graph
from minigrad.kernels import kernels_for
from minigrad.kernels.formula import Formula, Step
from minigrad.types import Array, ArrayModule
from minigrad.variable import Variable, as_variable

Function = Callable[[Any], Variable]

COMPATIBLE = 'compatible with chainer.functions.{name}'


@dataclasses.dataclass(frozen=True)
class Row:
    """A function of each element of one array.

    Attributes:
        name: Name in `minigrad.functions`.
        array: The formula, from the array module and the array.
        gradient: From the input ``x`` or the output ``y``, whichever its first parameter
            is called, and ``gy`` to ``gx``. None: a step function, which cuts the graph.
        summary: First line of the docstring.
        slope: The derivative in words, for the docstring.
        domain: Where the function is smooth, and random inputs are taken from.
        example: Inputs and outputs of the docstring's example, as text.
        oracle: The function of one Python number, which does not call minigrad.
        edges: Triples of an input, the value and the slope there: zeros, infinities,
            kinks and ends of the domain. At NaN value and slope are NaN, unless a
            triple says otherwise.
        source: Where the function comes from.
        on_arrays: Whether the gradient is made of operators only, which arrays have too.
        node_name: Name of the node's class.
        label: Name in graphs, where Chainer's is not that of the function.
        needs: Package without which the function does not work or is slow.
        refuses: What it raises besides `InvalidType`, as a line of the docstring.
    """

    name: str
    array: Callable[[ArrayModule, Array], Array]
    gradient: Callable[[Any, Any], Any] | None
    summary: str
    slope: str
    domain: tuple[float, float]
    example: tuple[str, str]
    oracle: Callable[[float], float]
    edges: tuple[tuple[float, float, float], ...] = ()
    source: str = COMPATIBLE
    on_arrays: bool = True
    node_name: str = ''
    label: str = ''
    needs: str | None = None
    refuses: str = ''

    def define(self) -> Function:
        """Adds the row to the table and returns its public function.

        The function and its node belong to the file that the formula stands in.

        Raises:
            ValueError: Another file has a row of this name.
        """
        name = self.name
        other = ROWS.get(name, self).array.__module__
        if other != self.array.__module__:  # a file may be imported twice
            raise ValueError(f'{other} has a row named {name!r} already')
        ROWS[name] = self
        function = _step(self) if self.gradient is None else _smooth(self)
        function.__name__ = function.__qualname__ = name
        function.__module__ = self.array.__module__
        document = _STEP_DOC if self.gradient is None else _SMOOTH_DOC
        function.__doc__ = document.format(
            name=name,
            summary=self.summary,
            slope=self.slope,
            refuses=f'\n        {self.refuses}' if self.refuses else '',
            by='' if self.needs is None else ', by SciPy or CuPy',
            source=self.source.format(name=name),
            x=self.example[0],
            y=self.example[1],
        )
        return function


class Elementwise(FunctionNode):
    """The node of a row that has a gradient."""

    arg_names = ('x',)
    on_arrays = True
    fresh_gradients = True
    row: ClassVar[Row]
    retains_output: ClassVar[bool]
    slope: ClassVar[Formula]
    """The gradient as a formula."""

    def check_type_forward(self, in_types: InputTypes) -> None:
        (x,) = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        if self.retains_output:
            self.retain_outputs((0,))
        else:
            self.retain_inputs((0,))
        return kernels_for(x).elementwise(self.row.array, x)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (value,) = (
            self.get_retained_outputs()
            if self.retains_output
            else self.get_retained_inputs()
        )
        (gy,) = grad_outputs
        if isinstance(value, Variable) or isinstance(gy, Variable):
            return self.row.gradient(value, gy)  # type: ignore[misc]
        return kernels_for(gy).elementwise(self.slope, value, gy)


_SMOOTH_DOC = """{summary}

    Args:
        x: Variable or array, float, any shape.

    Returns:
        Variable, shape and dtype of ``x``.

    Raises:
        InvalidType: ``x`` is not float.{refuses}

    Gradient: ``gy`` times {slope}.
    Double backprop: yes.
    Kernels: reference{by}.
    Source: {source}.

    Example:
        >>> F.{name}(np.array([{x}])).array.round(4)
        array([{y}])
    """

_STEP_DOC = """{summary}

    Args:
        x: Variable or array, any shape.

    Returns:
        Variable, shape and dtype of ``x``, which does not depend on ``x`` in the graph.

    Gradient: {slope}.
    Double backprop: no gradient to differentiate.
    Kernels: reference.
    Source: {source}.

    Example:
        >>> F.{name}(np.array([{x}])).array
        array([{y}])
    """

ROWS: dict[str, Row] = {}
"""The table, by name; filled by the definitions of all families."""


class StepFunction(FunctionNode):
    """The node of a row without gradient."""

    arg_names = ('x',)
    row: ClassVar[Row]

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        xp = get_array_module(x)
        return xp.asarray(self.row.array(xp, x), dtype=x.dtype)


def _step(row: Row) -> Function:
    attributes = {
        'row': row,
        'label': row.label or row.name,
        'public_name': row.name,
        '__module__': row.array.__module__,
    }
    node = type(row.node_name or row.name.capitalize(), (StepFunction,), attributes)

    def function(x: Any) -> Variable:
        return apply_without_graph(node(), x)

    return function


def _smooth(row: Row) -> Function:
    parameters = row.gradient.__code__.co_varnames  # type: ignore[union-attr]

    def slope(xp: ArrayModule, value: Any, gy: Any) -> Any:
        if row.on_arrays or isinstance(value, Step):
            return row.gradient(value, gy)  # type: ignore[misc]
        return row.gradient(as_variable(value), as_variable(gy)).array  # type: ignore

    attributes = {
        'row': row,
        'label': row.label or row.name,
        'public_name': row.name,
        'slope': staticmethod(slope),
        'retains_output': parameters[0] == 'y',
        '__module__': row.array.__module__,
    }
    node = type(row.node_name or row.name.capitalize(), (Elementwise,), attributes)
    row.array.__globals__[node.__name__] = node  # by which pickle finds it

    def function(x: Any) -> Variable:
        if isinstance(x, Step):  # in a formula of another function
            return row.array(numpy, x)  # type: ignore[no-any-return]
        return node().apply((x,))[0]  # type: ignore[no-any-return]

    return function

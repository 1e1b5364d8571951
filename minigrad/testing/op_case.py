"""The description of an operation that its tests are made from.

An `OpCase` says what an operation is called, on which inputs to try it and what it
should give; `minigrad.testing.properties` knows the questions that every operation must
answer.

Example:
    >>> from minigrad.testing import op_case, properties
    >>> case = op_case.OpCase(
    ...     'twice', samples=[op_case.Sample((2, 3))], oracle=lambda x: 2 * x,
    ...     call=lambda x: x * 2)
    >>> properties.check_case(case)
"""

from __future__ import annotations

import dataclasses
import importlib.util
import unittest
from collections.abc import Callable, Sequence
from typing import Any

import numpy

Draw = Callable[[numpy.random.Generator], Any]


def normal(shape: tuple[int, ...]) -> Draw:
    """Draws from the standard normal distribution."""
    return lambda rng: rng.standard_normal(shape)


def uniform(shape: tuple[int, ...], low: float, high: float) -> Draw:
    """Draws from ``[low, high)``."""
    return lambda rng: rng.uniform(low, high, shape)


def positive(shape: tuple[int, ...]) -> Draw:
    """Draws from ``[0.5, 2)``."""
    return uniform(shape, 0.5, 2.0)


def away(shape: tuple[int, ...], *points: float, margin: float = 0.1) -> Draw:
    """Draws from the normal distribution, at least ``margin`` away from kinks."""

    def draw(rng: numpy.random.Generator) -> Any:
        x = rng.standard_normal(shape)
        for point in sorted(points):
            near = numpy.abs(x - point) < margin
            x = numpy.where(near, point + numpy.where(x < point, -1, 1) * 2 * margin, x)
        return x

    return draw


def distinct(shape: tuple[int, ...]) -> Draw:
    """Draws numbers that differ from each other by at least 0.1, in random order."""

    def draw(rng: numpy.random.Generator) -> Any:
        size = int(numpy.prod(shape))
        x = (rng.permutation(size) - size / 2) * (0.1 if size > 20 else 0.3) + 0.05
        return x.reshape(shape)

    return draw


def integers(shape: tuple[int, ...], high: int, low: int = 0) -> Draw:
    """Draws int32 numbers from ``[low, high)``; they are not differentiated."""
    return lambda rng: rng.integers(low, high, shape).astype(numpy.int32)


def const(array: Any) -> Draw:
    """Always the same array."""
    return lambda rng: numpy.array(array)


class Sample:
    """Inputs to try an operation on.

    Args:
        inputs: Shapes (drawn from the normal distribution), `Draw` functions, or
            arrays.
        kwargs: Keyword arguments of the operation.
    """

    def __init__(self, *inputs: Any, **kwargs: Any) -> None:
        self.inputs = inputs
        self.kwargs = kwargs

    def draw(self, seed: int = 0) -> list[Any]:
        """Returns the inputs as float64 or integer NumPy arrays."""
        rng = numpy.random.default_rng(seed)
        drawn = []
        for given in self.inputs:
            if callable(given):
                drawn.append(given(rng))
            elif isinstance(given, tuple):
                drawn.append(rng.standard_normal(given))
            else:
                drawn.append(numpy.array(given))
        return [numpy.asarray(x) for x in drawn]

    def __repr__(self) -> str:
        shapes = [str(x.shape) for x in self.draw()]
        options = [f'{key}={value!r}' for key, value in self.kwargs.items()]
        return f'Sample({", ".join(shapes + options)})'


class ErrorCase:
    """Inputs that an operation refuses, and how.

    Args:
        inputs: As in `Sample`.
        raises: Type of the error.
        match: Regular expression that the message must contain.
        kwargs: Keyword arguments of the operation.
    """

    def __init__(
        self, *inputs: Any, raises: type[Exception], match: str, **kwargs: Any
    ) -> None:
        self.sample = Sample(*inputs, **kwargs)
        self.raises = raises
        self.match = match


class Edge:
    """Inputs at which rounding, zeros, infinities or NaN decide, and what is right there.

    Args:
        inputs: As in `Sample`.
        values: The output, or a tuple of outputs.
        gradients: The gradient of each input for ``gy = 1``; None is not compared.
        tol: Relative tolerance by dtype character; 8 units in the last place if None.
        dtypes: Characters of the float dtypes that are tried; those of the case if None.
        kwargs: Keyword arguments of the operation.
    """

    def __init__(
        self,
        *inputs: Any,
        values: Any,
        gradients: Sequence[Any] = (),
        tol: dict[str, float] | None = None,
        dtypes: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.sample = Sample(*inputs, **kwargs)
        self.values = values if isinstance(values, tuple) else (values,)
        self.gradients = gradients
        self.tol = {} if tol is None else tol
        self.dtypes = dtypes

    @classmethod
    def each(cls, *triples: tuple[float, float, float], **kwargs: Any) -> Edge:
        """An edge of a function of each element, by input, value and slope."""
        x, y, gx = numpy.array(triples, 'd').T
        return cls(x, values=y, gradients=(gx,), **kwargs)


@dataclasses.dataclass(frozen=True)
class OpCase:
    """An operation and what is expected of it.

    Attributes:
        name: Name in `minigrad.functions`.
        samples: Inputs on which every property is checked.
        oracle: The same mathematics on float64 and integer arrays, independent of
            minigrad; returns an array or a tuple.
        call: What to call instead of ``minigrad.functions.<name>``.
        empty: Inputs without elements.
        errors: Inputs that are refused.
        edges: Inputs with zeros, infinities, NaN and the like, and what is right there.
        differentiable: Whether gradients flow at all.
        double: Whether gradients can be differentiated again.
        dtypes: Characters of the float dtypes that are accepted.
        tol: Tolerances of the forward check, by dtype character.
        random: Whether the operation draws from ``numpy.random``.
        grad_inputs: Indexes of the differentiable inputs; all float ones by default.
        sequence: Whether the inputs are passed as one list.
        needs: Package without which the operation does not work; its tests are skipped
            then.
    """

    name: str
    samples: Sequence[Sample]
    oracle: Callable[..., Any]
    call: Callable[..., Any] | None = None
    empty: Sample | None = None
    errors: Sequence[ErrorCase] = ()
    edges: Sequence[Edge] = ()
    differentiable: bool = True
    double: bool = True
    dtypes: str = 'efd'
    tol: dict[str, float] = dataclasses.field(default_factory=dict)
    random: bool = False
    grad_inputs: Sequence[int] | None = None
    sequence: bool = False
    needs: str | None = None

    def function(self) -> Callable[..., Any]:
        """Returns the operation as a function of separate inputs.

        Raises:
            SkipTest: The package that it needs is not installed.
        """
        import minigrad.functions

        if self.needs is not None and importlib.util.find_spec(self.needs) is None:
            raise unittest.SkipTest(f'{self.name} needs {self.needs}')

        function = self.call
        if function is None:
            function = getattr(minigrad.functions, self.name)
        if self.sequence:
            return lambda *inputs, **kwargs: function(list(inputs), **kwargs)
        return function

    def __str__(self) -> str:
        return self.name

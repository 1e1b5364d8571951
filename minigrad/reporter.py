"""Values by path: who observes what during training, and their running averages.

Links report under their own name (``report({'loss': loss}, self)``); the reporter that
is current in this thread writes the value down as ``main/loss`` or, inside an
evaluator, as ``validation/main/loss``.
"""

from __future__ import annotations

import contextlib
import json
import threading
import warnings
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import numpy

from minigrad.backend import get_array_module, get_device_from_array, using_device
from minigrad.configuration import config
from minigrad.named_arguments import checks_arguments
from minigrad.serializer import AbstractSerializer, Serializer
from minigrad.variable import Variable


class _ReporterStack(threading.local):
    """The reporters that this thread entered, innermost last."""

    def __init__(self) -> None:
        self.reporters: list[Reporter] = []


_stack = _ReporterStack()


class Reporter:
    """Collects values into ``observation`` under the names of their observers.

    A reporter is made current by ``with reporter:`` or ``with reporter.scope({}):``;
    `report` then finds it from anywhere in this thread.

    Attributes:
        observation: The dictionary that values are written to.

    Source: compatible with chainer.Reporter.

    Example:
        >>> reporter, observer = minigrad.Reporter(), object()
        >>> reporter.add_observer('model', observer)
        >>> with reporter.scope({}):
        ...     minigrad.report({'loss': 0.5}, observer)
        ...     reporter.observation
        {'model/loss': 0.5}
    """

    def __init__(self) -> None:
        self._observer_names: dict[int, str] = {}
        self.observation: dict[str, Any] = {}

    def __enter__(self) -> None:
        _stack.reporters.append(self)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _stack.reporters.pop()

    @contextlib.contextmanager
    def scope(self, observation: dict[str, Any]) -> Iterator[None]:
        """Makes this reporter current and lets it write to ``observation``."""
        outer = self.observation
        self.observation = observation
        try:
            with self:
                yield
        finally:
            self.observation = outer

    def add_observer(self, name: str, observer: object) -> None:
        """Registers the prefix of everything that ``observer`` reports.

        Observers are told apart by identity. One that is added again gets the new name.
        """
        self._observer_names[id(observer)] = name

    def add_observers(
        self, prefix: str, observers: Iterable[tuple[str, object]]
    ) -> None:
        """Registers ``(name, observer)`` pairs under ``prefix + name``.

        Example:
            >>> model = minigrad.Chain(l1=L.Linear(2, 3))
            >>> reporter = minigrad.Reporter()
            >>> reporter.add_observers('main', model.namedlinks(skipself=True))
            >>> reporter.report({'norm': 1.0}, model.l1)
            >>> reporter.observation
            {'main/l1/norm': 1.0}
        """
        for name, observer in observers:
            self._observer_names[id(observer)] = prefix + name

    def report(self, values: dict[str, Any], observer: object = None) -> None:
        """Writes values down, with the prefix of ``observer`` if one is given.

        A Variable is cut from its graph first, so that a log never keeps activations
        alive; ``config.keep_graph_on_report`` turns that off.

        Raises:
            KeyError: ``observer`` was never added to this reporter.
        """
        if not config.keep_graph_on_report:
            values = {key: _without_graph(value) for key, value in values.items()}
        if observer is None:
            self.observation.update(values)
            return
        name = self._observer_names.get(id(observer))
        if name is None:
            raise KeyError(
                f'report: this {type(observer).__name__} is not registered to the '
                'current reporter; call reporter.add_observer(name, observer) first, '
                'or report the values without an observer'
            )
        for key, value in values.items():
            self.observation[f'{name}/{key}'] = value


def _without_graph(value: Any) -> Any:
    if isinstance(value, Variable):
        return Variable(value.array, name=value.name, requires_grad=value.requires_grad)
    return value


def get_current_reporter() -> Reporter:
    """Returns the innermost reporter that is current in this thread.

    Raises:
        IndexError: No reporter is current.

    Example:
        >>> with minigrad.Reporter().scope({}):
        ...     minigrad.report({'loss': 0.5})
        ...     minigrad.get_current_reporter().observation
        {'loss': 0.5}
    """
    return _stack.reporters[-1]


@checks_arguments
def report(values: dict[str, Any], observer: object = None) -> None:
    """Reports values to the current reporter; does nothing when there is none.

    Args:
        values: Names and values: numbers, scalar arrays or Variables.
        observer: The object whose registered name is put in front, often ``self``.

    Source: compatible with chainer.report.

    Example:
        >>> reporter = minigrad.Reporter()
        >>> with reporter:
        ...     minigrad.report({'lr': 0.1})
        >>> reporter.observation
        {'lr': 0.1}
        >>> minigrad.report({'lr': 0.2})  # nobody listens
    """
    if _stack.reporters:
        _stack.reporters[-1].report(values, observer)


@contextlib.contextmanager
def report_scope(observation: dict[str, Any]) -> Iterator[None]:
    """Lets the current reporter write to another dictionary inside a block.

    Example:
        >>> with minigrad.Reporter():
        ...     with minigrad.report_scope({}) as _:
        ...         minigrad.report({'x': 1})
        ...         minigrad.get_current_reporter().observation
        {'x': 1}
    """
    current = get_current_reporter()
    outer = current.observation
    current.observation = observation
    try:
        yield
    finally:
        current.observation = outer


def _as_float64(value: Any) -> Any:
    """Returns a number whose sums are exact enough, and equal before and after a save.

    NumPy 2 would keep the sum of float32 values in float32, and a number read back from
    a file is a float64: a resumed run would round differently from its twin.
    """
    if isinstance(value, (bool, int, float, numpy.generic, numpy.ndarray)):
        return float(value)
    return value.astype(numpy.float64)  # on the GPU: no synchronisation


class Summary:
    """Mean and standard deviation of a sequence of scalars, one value at a time.

    Source: compatible with chainer.reporter.Summary. Sums are kept in float64.

    Example:
        >>> summary = minigrad.reporter.Summary()
        >>> for value in (1.0, 2.0, 6.0):
        ...     summary.add(value)
        >>> summary.compute_mean()
        3.0
    """

    def __init__(self) -> None:
        self._x: Any = 0.0
        self._x2: Any = 0.0
        self._n: Any = 0.0

    def add(self, value: Any, weight: Any = 1) -> None:
        """Adds a scalar, counted ``weight`` times."""
        with using_device(get_device_from_array(value)):
            value, weight = _as_float64(value), _as_float64(weight)
            self._x += weight * value
            self._x2 += weight * value * value
            self._n += weight

    def compute_mean(self) -> Any:
        """Returns the mean."""
        with using_device(get_device_from_array(self._x)):
            return self._x / self._n

    def make_statistics(self) -> tuple[Any, Any]:
        """Returns the mean and the standard deviation.

        Example:
            >>> summary = minigrad.reporter.Summary()
            >>> summary.add(1.0), summary.add(3.0)
            (None, None)
            >>> [float(value) for value in summary.make_statistics()]
            [2.0, 1.0]
        """
        xp = get_array_module(self._x)
        with using_device(get_device_from_array(self._x)):
            mean = self.compute_mean()
            # The difference of two roundings can fall just below zero.
            variance = xp.maximum(self._x2 / self._n - mean * mean, 0.0)
            return mean, xp.sqrt(variance)

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads the partial sums."""
        try:
            self._x = serializer('_x', self._x)
            self._x2 = serializer('_x2', self._x2)
            self._n = serializer('_n', self._n)
        except KeyError:
            warnings.warn('Summary: the file holds no statistics; they start afresh')


class DictSummary:
    """One `Summary` per key of a sequence of dictionaries.

    Numbers, scalar arrays and scalar Variables are counted; a tuple ``(value, weight)``
    is weighted; everything else is passed over.

    Source: compatible with chainer.DictSummary.

    Example:
        >>> summary = minigrad.DictSummary()
        >>> summary.add({'loss': 1.0, 'accuracy': (0.5, 10)})
        >>> summary.add({'loss': 3.0, 'accuracy': (1.0, 30), 'name': 'ignored'})
        >>> summary.compute_mean()
        {'loss': 2.0, 'accuracy': 0.875}
    """

    def __init__(self) -> None:
        self._summaries: dict[str, Summary] = {}

    def add(self, d: dict[str, Any], weight: Any = 1) -> None:
        """Adds the scalars of a dictionary.

        Args:
            d: The values by name.
            weight: How often to count those that come without a weight.

        Raises:
            ValueError: A weight is not a scalar.
        """
        for key, value in d.items():
            times = weight
            if isinstance(value, tuple):
                value, times = value[0], _array_of(value[1])
                if not _is_scalar(times):
                    raise ValueError(
                        f'DictSummary: the weight of {key!r} is not a scalar: {times!r}'
                    )
            value = _array_of(value)
            if _is_scalar(value):
                self._summaries.setdefault(key, Summary()).add(value, weight=times)

    def compute_mean(self) -> dict[str, Any]:
        """Returns the mean of every key."""
        return {key: value.compute_mean() for key, value in self._summaries.items()}

    def make_statistics(self) -> dict[str, Any]:
        """Returns mean and standard deviation as ``key`` and ``key.std``."""
        statistics = {}
        for key, summary in self._summaries.items():
            statistics[key], statistics[f'{key}.std'] = summary.make_statistics()
        return statistics

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves the partial sums, or replaces them by saved ones."""
        children = serializer['_summaries']
        if isinstance(serializer, Serializer):
            serializer('_names', json.dumps(list(self._summaries)))
        else:
            self._summaries = {}
            try:
                names = json.loads(serializer('_names', '') or '[]')
            except KeyError:
                warnings.warn(
                    'DictSummary: the file holds no statistics; they start afresh'
                )
                return
            self._summaries = {name: Summary() for name in names}
        # Numbered, because names hold slashes.
        for index, summary in enumerate(self._summaries.values()):
            summary.serialize(children[str(index)])


def _array_of(value: Any) -> Any:
    return value.array if isinstance(value, Variable) else value


def _is_scalar(value: Any) -> bool:
    """Tells whether a value is a number or a 0-d array."""
    if isinstance(value, (str, bytes)):
        return False
    return bool(numpy.isscalar(value)) or getattr(value, 'ndim', -1) == 0

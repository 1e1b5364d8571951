"""What a recorded graph is made of: plain data, which can be saved and compared."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

Path_ = tuple[str, ...]
T = TypeVar('T')
TIMES = '\N{MULTIPLICATION SIGN}'


@dataclass(slots=True)
class Value:
    """An array that functions took or gave.

    Attributes:
        id: Name inside the graph, ``'v3'``.
        kind: 'input', 'parameter', 'persistent' (a running average) or 'output' (of a
            function).
        shape: Its shape.
        dtype: Name of its dtype.
        nbytes: Its size.
        name: Path of a parameter, or name of a variable.
        nan: How many elements are NaN.
        inf: How many elements are infinite.
        gradient_norm: Norm of its gradient when the trace ended; parameters only.

    Example:
        >>> with minigrad.trace() as graph:
        ...     _ = F.exp(np.zeros((2, 3), 'f'))
        >>> [(value.kind, value.shape) for value in graph.values.values()]
        [('input', (2, 3)), ('output', (2, 3))]
    """

    id: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    name: str | None = None
    nan: int = 0
    inf: int = 0
    gradient_norm: float | None = None

    @property
    def text(self) -> str:
        """Shape and dtype as pictures show them: ``'1×6×24×24'``."""
        shape = TIMES.join(map(str, self.shape)) if self.shape else 'scalar'
        return shape if self.dtype == 'float32' else f'{shape} {self.dtype}'


@dataclass(slots=True)
class Call:
    """One application of a function.

    Attributes:
        id: Name inside the graph, ``'f7'``, numbered in the order of execution.
        name: The function's public name, ``'convolution_2d'``.
        label: Its label, as hooks and Chainer's graphs show it.
        path: Links that were running, outermost first: ``('LeNet', 'conv1')``.
        turns: For each link of the path, which of its calls it was, from 0.
        phase: 'forward', or 'backward' for what a differentiable backward applied.
        arguments: Its parameters, ``{'ksize': '5x5', 'stride': 1}``.
        arg_names: Names of its inputs.
        inputs: Ids of the values it took.
        outputs: Ids of the values it gave.
        forward_time: Seconds.
        backward_time: Seconds of its backward; None if there was none.
        allocated: Bytes of new arrays that it returned.
        kept: Bytes that only its backward needs: retained arrays that are neither
            parameters nor inputs of the graph, each counted once.
        flops: Arithmetic operations of forward, a multiplication and an addition
            counted as two; None where nobody counted.
        backward_flops: The same of backward.
        kernels: Kernels that forward ran, such as ``'numba.conv_2d'``; the array
            module's name if it used none.
        backward_kernels: The same of backward.
        gradient_norm: Norm of the gradient that arrived at its outputs.
        zeros: Share of zeros among its outputs.
        nan: NaN among its outputs.
        inf: Infinities among its outputs.
        gradient_nan: NaN among the gradients that its backward gave.
        gradient_inf: Infinities among them.
        backward_input_nan: NaN among the gradients that its backward took.
        backward_order: Place of its backward among all that ran.
        peak: Most bytes of main memory that forward held; only with ``memory=True``.
        inner: Functions that it applied itself, with their seconds.

    Example:
        >>> with minigrad.trace() as graph:
        ...     _ = F.exp(np.zeros((2, 3), 'f'))
        >>> graph.calls[0].name, graph.calls[0].phase
        ('exp', 'forward')
    """

    id: str
    name: str
    label: str
    path: Path_ = ()
    turns: tuple[int, ...] = ()
    phase: str = 'forward'
    arguments: dict[str, Any] = field(default_factory=dict)
    arg_names: tuple[str, ...] = ()
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    forward_time: float | None = None
    backward_time: float | None = None
    allocated: int | None = None
    kept: int | None = None
    flops: int | None = None
    backward_flops: int | None = None
    kernels: tuple[str, ...] = ()
    backward_kernels: tuple[str, ...] = ()
    gradient_norm: float | None = None
    zeros: float | None = None
    nan: int = 0
    inf: int = 0
    gradient_nan: int = 0
    gradient_inf: int = 0
    backward_input_nan: int = 0
    backward_order: int | None = None
    peak: int | None = None
    inner: list[tuple[str, float]] = field(default_factory=list)

    @property
    def time(self) -> float | None:
        """Seconds of forward and backward together."""
        times = [t for t in (self.forward_time, self.backward_time) if t is not None]
        return sum(times) if times else None

    @property
    def where(self) -> str:
        """Link path and name: ``'LeNet/conv1: convolution_2d'``."""
        return f'{"/".join(self.path)}: {self.name}' if self.path else self.name


@dataclass(slots=True)
class Trouble:
    """The place where NaN or infinity came from.

    Attributes:
        kind: 'NaN' or 'infinity'.
        phase: 'forward' or 'backward'.
        call: The function that gave it, or that first took it in.
        count: How many elements.
        source: The input or parameter that held it already; None if the function made
            it from finite numbers.
        after: Where infinity had come up before, which may be the cause of NaN.
    """

    kind: str
    phase: str
    call: Call
    count: int
    source: Value | None = None
    after: Call | None = None

    def __str__(self) -> str:
        many = f'{self.count} {self.kind}' if self.kind == 'NaN' else self.kind
        if self.source is not None:
            name = self.source.name or self.source.id
            return (
                f'first {self.kind}: came in with {self.source.kind} {name}, taken by '
                f'{self.call.where}'
            )
        text = f'first {self.kind}: {self.call.where}, {self.phase}, gave {many}'
        if self.after is not None and self.after is not self.call:
            text += f'; infinity came up before in {self.after.where}'
        return text


class Recording:
    """Functions, in the order of execution, and the values between them.

    Attributes:
        title: What was recorded.
        calls: The functions.
        values: The values, by id.
        parameters: Numbers in all parameters of the model; None without a model.
        wall_time: Seconds that the block took, recording left out; None if unknown.
        n_steps: How many steps the times are medians of.
    """

    def __init__(self, title: str = 'graph') -> None:
        self.title = title
        self.calls: list[Call] = []
        self.values: dict[str, Value] = {}
        self.parameters: int | None = None
        self.wall_time: float | None = None
        self.n_steps = 1

    # -- structure ---------------------------------------------------------------

    def producers(self) -> dict[str, Call]:
        """Returns the function that gave each value, by the value's id."""
        return {v: call for call in self.calls for v in call.outputs}

    def edges(self) -> list[tuple[Call, Call, Value]]:
        """Returns giver, taker and value of every edge between functions."""
        givers = self.producers()
        return [
            (givers[v], call, self.values[v])
            for call in self.calls
            for v in dict.fromkeys(call.inputs)
            if v in givers and givers[v] is not call
        ]

    def name_of(self, value: Value) -> str:
        """Returns the name of an input: its own, or the argument that it first was."""
        if value.name:
            return value.name
        for call in self.calls:
            if value.id in call.inputs:
                place = call.inputs.index(value.id)
                if place < len(call.arg_names):
                    return call.arg_names[place]
        return 'input'

    @property
    def measured(self) -> str:
        """How the times were measured, as pictures say it."""
        if self.n_steps > 1:
            return f'times: medians of {self.n_steps} steps, after another one'
        return 'times: measured once'

    def total(self, metric: str) -> float:
        """Returns the sum of a number over all functions, unknown ones left out."""
        return sum(getattr(call, metric) or 0 for call in self.calls)

    # -- what stands out ---------------------------------------------------------

    @property
    def critical_path(self) -> list[Call]:
        """The chain of functions, each waiting for the last, that takes longest."""
        best: dict[str, float] = {}
        before: dict[str, str | None] = {}
        takes: dict[str, list[str]] = {}
        for giver, taker, _ in self.edges():
            takes.setdefault(taker.id, []).append(giver.id)
        by_id = {call.id: call for call in self.calls}
        for call in self.calls:  # the order of execution is a topological order
            chain = max(
                (g for g in takes.get(call.id, ()) if g in best),
                key=best.__getitem__,
                default=None,
            )
            before[call.id] = chain
            best[call.id] = (call.time or 0) + (0 if chain is None else best[chain])
        path: list[Call] = []
        last = max(best, key=best.__getitem__, default=None)
        while last is not None:
            path.append(by_id[last])
            last = before[last]
        return path[::-1]

    @property
    def marked_path(self) -> list[Call]:
        """The critical path where there is another path to tell it from, else nothing."""
        if not any(call.time for call in self.calls):
            return []
        path = self.critical_path
        on_path = {call.id for call in path}
        others = [call for call in self.calls if call.id not in on_path and call.time]
        return path if others else []

    @property
    def first_nan(self) -> Trouble | None:
        """Where the first NaN came from; None if there is none."""
        return self._first('nan', 'NaN')

    @property
    def first_inf(self) -> Trouble | None:
        """Where the first infinity came from; None if there is none."""
        return self._first('inf', 'infinity')

    def _first(self, what: str, kind: str) -> Trouble | None:
        infinite = None
        for call in self.calls:
            count = getattr(call, what)
            if count:
                held = (self.values[v] for v in call.inputs)
                source = next((v for v in held if getattr(v, what)), None)
                return Trouble(kind, 'forward', call, count, source, infinite)
            if call.inf and infinite is None:
                infinite = call
        backwards = [call for call in self.calls if call.backward_order is not None]
        backwards.sort(key=lambda call: call.backward_order or 0)
        for call in backwards:
            count = getattr(call, f'gradient_{what}')
            if count:
                return Trouble(kind, 'backward', call, count, None, infinite)
        return None

    # -- files -------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as lists, dicts and numbers."""
        return {
            'format': 'minigrad-graph-1',
            'title': self.title,
            'parameters': self.parameters,
            'wall_time': self.wall_time,
            'n_steps': self.n_steps,
            'calls': [dataclasses.asdict(call) for call in self.calls],
            'values': [dataclasses.asdict(value) for value in self.values.values()],
        }

    def save(self, path: str | Path) -> None:
        """Writes the recording as JSON, to be compared with another run's."""
        Path(path).write_text(json.dumps(self.to_dict()))

    def _fill(self, data: dict[str, Any]) -> None:
        if type(data) is not dict or data.get('format') != 'minigrad-graph-1':
            raise ValueError('it does not say format: minigrad-graph-1')
        self.title = _checked(data['title'], 'str', 'title')
        self.parameters = _checked(data['parameters'], 'int | None', 'parameters')
        self.wall_time = _checked(data['wall_time'], 'float | None', 'wall_time')
        self.n_steps = _checked(data.get('n_steps', 1), 'int', 'n_steps')
        self.calls = [
            _record(Call, call, f'call {i}') for i, call in _items(data['calls'])
        ]
        values = [_record(Value, v, f'value {i}') for i, v in _items(data['values'])]
        self.values = {value.id: value for value in values}
        ids = {call.id for call in self.calls}
        if len(ids) != len(self.calls) or len(self.values) != len(values):
            raise ValueError('two calls, or two values, have the same id')
        for call in self.calls:
            for name in (*call.inputs, *call.outputs):
                if name not in self.values:
                    raise ValueError(
                        f'call {call.id} names the value {name!r}, not there'
                    )


def _items(records: Any) -> Iterable[tuple[int, Any]]:
    if type(records) is not list:
        raise ValueError('its calls and values are no lists')
    return enumerate(records)


def _record(kind: type[T], data: Any, where: str) -> T:
    """Returns a call or a value, after comparing each field with its type."""
    if type(data) is not dict:
        raise ValueError(f'{where} is no dictionary')
    types = {f.name: str(f.type) for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name in data:
        if name not in types:
            raise ValueError(f'{where} has an unknown field {name!r}')
    return kind(
        **{
            name: _checked(v, types[name], f'{where}: {name}')
            for name, v in data.items()
        }
    )


def _checked(value: Any, wanted: str, where: str) -> Any:
    """Returns a value as the type asks for it; lists of a file become tuples.

    Raises:
        ValueError: It is of another type.
    """
    for name in wanted.split(' | '):
        found = _CONVERT[name](value)
        if found is not None:
            return found
    if value is None and 'None' in wanted:
        return None
    raise ValueError(f'{where} is a {type(value).__name__}, expected {wanted}')


def _all(kinds: tuple[type, ...]) -> Callable[[Any], list[Any] | None]:
    def convert(value: Any) -> list[Any] | None:
        is_list = type(value) is list and all(type(item) in kinds for item in value)
        return value if is_list else None

    return convert


def _one(*kinds: type) -> Callable[[Any], Any]:
    return lambda value: value if type(value) in kinds else None


def _number(*kinds: type) -> Callable[[Any], Any]:
    # Counts, seconds and norms: none is negative, and a norm may be NaN.
    return lambda value: value if type(value) in kinds and not value < 0 else None


def _tuple_of(*kinds: type) -> Callable[[Any], tuple[Any, ...] | None]:
    convert = _all(kinds)

    def to_tuple(value: Any) -> tuple[Any, ...] | None:
        items = convert(value)
        return None if items is None else tuple(items)

    return to_tuple


def _pairs(value: Any) -> list[tuple[str, float]] | None:
    if type(value) is not list:
        return None
    for pair in value:
        if type(pair) is not list or [type(x) is str for x in pair] != [True, False]:
            return None
        if type(pair[1]) not in (int, float):
            return None
    return [tuple(pair) for pair in value]


# How each type of a field is read from JSON; None where a value is something else.
_CONVERT: dict[str, Callable[[Any], Any]] = {
    'str': _one(str),
    'int': _number(int),
    'float': _number(int, float),
    'None': lambda value: None,
    'Path_': _tuple_of(str),
    'tuple[str, ...]': _tuple_of(str),
    'tuple[int, ...]': _tuple_of(int),
    'list[str]': _all((str,)),
    'dict[str, Any]': _one(dict),
    'list[tuple[str, float]]': _pairs,
}


def union(paths: Iterable[Path_]) -> list[Path_]:
    """Returns the distinct paths, and those above them, in order of appearance."""
    return list(
        dict.fromkeys(
            path[:depth] for path in paths for depth in range(1, len(path) + 1)
        )
    )

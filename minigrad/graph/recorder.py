"""Records the functions that run: hooks on functions and links, no trace when off.

The recorder runs each function itself (`FunctionHook.run_forward`), so it sees what the
function returns and times it without the hooks around it. Arrays are recognised by
identity; none is kept alive.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import time
import tracemalloc
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy

from minigrad import backend
from minigrad.configuration import config
from minigrad.function_hook import FunctionHook
from minigrad.graph import flops
from minigrad.graph.model import Call, Recording, Value
from minigrad.kernels import watching_kernels
from minigrad.link import Link
from minigrad.link_hook import (
    ForwardPostprocessArgs,
    ForwardPreprocessArgs,
    LinkHook,
)
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.variable import Variable, as_array


@dataclass
class _Frame:
    """A function that is running."""

    call: Call | None  # None: inside another function, or unknown
    name: str
    backward: bool
    kernels: dict[str, None] = field(default_factory=dict)
    elapsed: float = 0.0
    peak: int | None = None
    inner: list[tuple[str, float]] = field(default_factory=list)


class Recorder(FunctionHook):
    """Fills a `Recording` while its block runs.

    Args:
        recording: What to fill.
        model: Root of the link paths; None names links by their classes.
        statistics: Look into arrays: zeros, NaN, infinity, norms of gradients.
        memory: Measure the most memory of each function, which slows Python down.
    """

    name = 'minigrad.trace'

    def __init__(
        self,
        recording: Recording,
        model: Link | None = None,
        statistics: bool = True,
        memory: bool = False,
    ) -> None:
        self._recording = recording
        self._model = model
        self._statistics = statistics
        self._memory = memory
        self._frames: list[_Frame] = []
        self._overhead = 0.0  # seconds spent in recording
        self._calls: weakref.WeakKeyDictionary[Any, Call] = weakref.WeakKeyDictionary()
        self._ids: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._parameters: dict[str, Parameter] = {}
        self._kept_ = _ArraySet()
        self._given = _ArraySet()
        self._backwards = 0
        self._links = _LinkPaths(model)
        self._kernels = watching_kernels(self._note_kernel)
        self._started_tracing = False
        self._start_ = 0.0

    def __enter__(self) -> Recorder:
        from minigrad.function_hook import get_function_hooks

        if self.name in get_function_hooks():
            raise RuntimeError('trace: another trace is running; they do not nest')
        super().__enter__()
        self._links.__enter__()
        self._kernels.__enter__()
        if self._memory and not tracemalloc.is_tracing():
            tracemalloc.start()
            self._started_tracing = True
        self._start_ = time.perf_counter()
        return self

    def __exit__(self, *exc: Any) -> None:
        elapsed = time.perf_counter() - self._start_ - self._overhead
        if self._started_tracing:
            tracemalloc.stop()
        self._kernels.__exit__(*exc)
        self._links.__exit__(*exc)
        super().__exit__(*exc)
        self._recording.wall_time = elapsed
        if self._model is not None:
            self._recording.parameters = sum(
                p.size for p in self._model.params(include_uninit=False)
            )
        for id, parameter in self._parameters.items():
            grad = parameter.grad
            if grad is not None and self._statistics:
                self._recording.values[id].gradient_norm = _norm((grad,))

    # -- forward -----------------------------------------------------------------

    def run_forward(
        self,
        function: Any,
        forward: Callable[[tuple[Array, ...]], Any],
        in_data: tuple[Array, ...],
    ) -> Any:
        """Runs a function and records it."""
        start = time.perf_counter()
        inner = bool(self._frames) and not (
            self._frames[-1].backward and config.enable_backprop
        )
        call = None if inner else self._begin_(function, in_data)
        frame = _Frame(call, function.public_name, backward=False)
        self._overhead += time.perf_counter() - start
        results = self._timed(frame, in_data, forward, in_data)
        start = time.perf_counter()
        if not isinstance(results, (tuple, list)):
            results = (results,)
        # What NumPy returns for 0-d results, the engine makes arrays of; done here the
        # arrays keep their identity. An input that is returned as it came gets a view, so
        # that it can be told from what it was.
        results = tuple([_distinct(y, in_data) for y in results])
        if call is not None:
            ys = tuple([y for y in results if backend.is_array(y)])
            self._finish(call, frame, function, in_data, ys)
        elif self._frames:
            self._frames[-1].inner.append((frame.name, frame.elapsed))
        self._overhead += time.perf_counter() - start
        return results

    def _begin_(self, function: Any, in_data: tuple[Array, ...]) -> Call:
        frame = self._frames[-1] if self._frames else None
        inside = None if frame is None else frame.call
        call = Call(
            id=f'f{len(self._recording.calls)}',
            name=str(function.public_name),
            label=str(function.label),
            path=self._links.path if inside is None else inside.path,
            turns=self._links.turns if inside is None else inside.turns,
            phase='forward' if inside is None else 'backward',
            arg_names=tuple(function._names_(in_data)),
            inputs=[self._value_of(x) for x in in_data],
        )
        self._recording.calls.append(call)
        self._calls[function] = call
        return call

    def _finish(
        self,
        call: Call,
        frame: _Frame,
        function: Any,
        in_data: tuple[Array, ...],
        ys: tuple[Array, ...],
    ) -> None:
        call.forward_time = frame.elapsed
        call.kernels = _kernel_names(frame, in_data)
        call.peak = frame.peak
        call.inner = frame.inner
        call.arguments = _arguments(function)
        call.flops = flops.count(function, in_data, ys)
        owners = _ArraySet(in_data)
        call.allocated = sum(y.nbytes for y in ys if y not in owners)
        for y in ys:
            self._given.add(y)
        call.kept = self._count_kept(function, in_data, ys)
        if self._statistics:
            call.nan, call.inf = _bad(ys)
            size = sum(y.size for y in ys)
            if size:
                full = sum(
                    int(backend.get_array_module(y).count_nonzero(y)) for y in ys
                )
                call.zeros = 1 - full / size
        call.outputs = [self._new_value(y, 'output').id for y in ys]

    def _count_kept(
        self, function: Any, in_data: tuple[Array, ...], ys: tuple[Array, ...]
    ) -> int:
        if not config.enable_backprop:
            return 0
        inputs = [in_data[i] for i in function._input_indexes_to_retain]
        kept = [x for x in inputs if x in self._given]
        kept += [ys[i] for i in function._output_indexes_to_retain]
        given = {id(array) for array in in_data}
        for value in vars(function).values():
            values = value if isinstance(value, (tuple, list)) else (value,)
            kept += [v for v in values if backend.is_array(v) and id(v) not in given]
        total = 0
        for array in kept:
            if array not in self._kept_:
                self._kept_.add(array)
                total += array.nbytes
        return total

    # -- backward ----------------------------------------------------------------

    def run_backward(
        self,
        function: Any,
        backward: Callable[[tuple[int, ...], tuple[Any, ...]], Any],
        target_input_indexes: tuple[int, ...],
        grad_outputs: tuple[Any, ...],
    ) -> Any:
        """Runs the backward of a function and records it."""
        start = time.perf_counter()
        call = self._calls.get(function)
        frame = _Frame(call, function.public_name, backward=True)
        arrays = tuple([as_array(g) for g in grad_outputs if g is not None])
        if call is not None:
            for v, node in zip(call.inputs, function.inputs or (), strict=False):
                value = self._recording.values[v]
                if value.kind == 'input' and value.name is None:
                    value.name = node.name  # known now that there is a node
            call.backward_order = self._backwards
            self._backwards += 1
            if self._statistics:
                call.gradient_norm = _norm(arrays)
                call.backward_input_nan = _bad(arrays)[0]
        self._overhead += time.perf_counter() - start
        results = self._timed(
            frame, arrays, backward, target_input_indexes, grad_outputs
        )
        start = time.perf_counter()
        if call is not None:
            call.backward_flops = flops.count_backward(
                function,
                call.flops or 0,
                len([i for i in target_input_indexes if i < 2]),
            )
            call.backward_time = (call.backward_time or 0) + frame.elapsed
            call.backward_kernels = _kernel_names(frame, arrays)
            call.inner = call.inner + frame.inner
            if self._statistics:
                several = isinstance(results, (tuple, list))
                gxs = [as_array(g) for g in (results if several else (results,))]
                given = tuple([g for g in gxs if backend.is_array(g)])
                call.gradient_nan, call.gradient_inf = _bad(given)
        self._overhead += time.perf_counter() - start
        return results

    # -- running a function ------------------------------------------------------

    def _timed(
        self,
        frame: _Frame,
        arrays: tuple[Array, ...],
        run: Callable[..., Any],
        *arguments: Any,
    ) -> Any:
        """Runs a method of a function inside its frame."""
        self._frames.append(frame)
        overhead = self._overhead
        synchronize = backend.get_device_from_array(*arrays).synchronize
        synchronize()
        if self._memory:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
        start = time.perf_counter()
        try:
            results = run(*arguments)
            synchronize()
        finally:
            del self._frames[self._frames.index(frame) :]
        frame.elapsed = time.perf_counter() - start - (self._overhead - overhead)
        if self._memory:
            frame.peak = max(0, tracemalloc.get_traced_memory()[1] - before)
        return results

    def _note_kernel(self, name: str) -> None:
        if self._frames:
            self._frames[-1].kernels[name] = None

    # -- values ------------------------------------------------------------------

    def _value_of(self, array: Array) -> str:
        known = self._ids.get(id(array))
        if known is not None and known[0]() is array:
            return known[1]
        owner, name, parameter = self._links.find(array)
        value = self._new_value(array, owner, name)
        if parameter is not None:
            self._parameters[value.id] = parameter
        if self._statistics:
            value.nan, value.inf = _bad((array,))
        return value.id

    def _new_value(self, array: Array, kind: str, name: str | None = None) -> Value:
        values = self._recording.values
        value = Value(
            id=f'v{len(values)}',
            kind=kind,
            shape=tuple(map(int, array.shape)),
            dtype=str(array.dtype),
            nbytes=int(array.nbytes),
            name=name,
        )
        values[value.id] = value
        self._ids[id(array)] = (weakref.ref(array), value.id)
        return value


class _LinkPaths(LinkHook):
    """Knows which link is running, and whose parameter an array is."""

    name = 'minigrad.trace'

    def __init__(self, model: Link | None) -> None:
        self._model = model
        self._names_: dict[int, tuple[str, ...]] = {}
        self._stack: list[tuple[Link, tuple[str, ...]]] = []
        self._counts: dict[tuple[str, ...], int] = {}
        self._inputs: dict[int, tuple[weakref.ref[Any], str]] = {}
        if model is not None:
            root = type(model).__name__
            for path, link in model.namedlinks():
                inner = tuple([name for name in path.split('/') if name])
                self._names_.setdefault(id(link), (root, *inner))

    @property
    def path(self) -> tuple[str, ...]:
        return self._stack[-1][1] if self._stack else ()

    @property
    def turns(self) -> tuple[int, ...]:
        path = self.path
        depths = range(1, len(path) + 1)
        return tuple([self._counts.get(path[:depth], 0) for depth in depths])

    def forward_preprocess(self, args: ForwardPreprocessArgs) -> None:
        link = args.link
        path = self._names_.get(id(link))
        if path is None:  # not of the model: a link that made another on the way
            path = (*self.path, link.name or type(link).__name__)
        self._stack.append((link, path))
        self._counts[path] = self._counts.get(path, -1) + 1
        for name, x in _named_arguments(args, outermost=len(self._stack) == 1):
            array = x.array if isinstance(x, Variable) else x
            name = getattr(x, 'name', None) or name
            if name is not None and backend.is_array(array):
                self._inputs[id(array)] = weakref.ref(array), name

    def forward_postprocess(self, args: ForwardPostprocessArgs) -> None:
        # A forward that raised, and was caught further out, left its entry behind.
        while self._stack.pop()[0] is not args.link:
            pass

    def find(self, array: Array) -> tuple[str, str | None, Parameter | None]:
        """Returns kind, path and parameter of an array that no function gave."""
        for link, path in reversed(self._stack):
            found = _find_in(link, array)
            if found is not None:
                kind, name, parameter = found
                return kind, '/'.join([*path[1:], name]), parameter
        if self._model is not None:
            for where, link in self._model.namedlinks():
                found = _find_in(link, array)
                if found is not None:
                    kind, name, parameter = found
                    return kind, f'{where.strip("/")}/{name}'.strip('/'), parameter
        known = self._inputs.get(id(array))
        if known is not None and known[0]() is array:
            return 'input', known[1], None
        return 'input', None, None


def _named_arguments(
    args: ForwardPreprocessArgs, outermost: bool
) -> list[tuple[str | None, Any]]:
    """Returns what a link is called with; the names only of the outermost link."""
    values = [*args.args, *args.kwargs.values()]
    if outermost:
        with contextlib.suppress(TypeError, ValueError, AttributeError):
            signature = inspect.signature(args.link.forward)  # type: ignore[attr-defined]
            bound = signature.bind(*args.args, **args.kwargs).arguments
            named = [(key, x) for key, x in bound.items() if backend.is_array(x)]
            named += [(key, x) for key, x in bound.items() if isinstance(x, Variable)]
            if len(named) == len(values):
                return list(named)
    return [(None, x) for x in values]


def _find_in(link: Link, array: Array) -> tuple[str, str, Parameter | None] | None:
    values = vars(link)
    for name in link._params:
        if values[name].array is array:
            return 'parameter', name, values[name]
    for name in link._persistent:
        if values[name] is array:
            return 'persistent', name, None
    return None


# -- looking at arrays -----------------------------------------------------------------


def _distinct(y: Any, inputs: tuple[Array, ...]) -> Any:
    if isinstance(y, numpy.generic):
        return numpy.asarray(y)
    return y.view() if any(y is x for x in inputs) else y


class _ArraySet:
    """Pieces of memory, known by the arrays that look at them."""

    def __init__(self, arrays: tuple[Array, ...] = ()) -> None:
        self._refs: dict[int, weakref.ref[Any]] = {}
        for array in arrays:
            self.add(array)

    def add(self, array: Array) -> None:
        owner = _owner(array)
        self._refs[id(owner)] = weakref.ref(owner)

    def __contains__(self, array: Array) -> bool:
        owner = _owner(array)
        ref = self._refs.get(id(owner))
        return ref is not None and ref() is owner


def _owner(array: Array) -> Array:
    """Returns the array that owns the memory."""
    while True:
        base = getattr(array, 'base', None)
        if base is None or not backend.is_array(base):
            return array
        array = base


def _bad(arrays: tuple[Array, ...]) -> tuple[int, int]:
    """Counts NaN and infinity."""
    nan = inf = 0
    for array in arrays:
        if array.dtype.kind in 'fc':
            xp = backend.get_array_module(array)
            if not bool(xp.isfinite(array).all()):
                nan += int(xp.isnan(array).sum())
                inf += int(xp.isinf(array).sum())
    return nan, inf


def _norm(arrays: tuple[Array, ...]) -> float | None:
    total = 0.0
    for array in arrays:
        if array.dtype.kind != 'f':
            continue
        flat = array.ravel()
        if flat.dtype.itemsize < 4:
            flat = flat.astype('f')
        with numpy.errstate(over='ignore', invalid='ignore'):
            square = float(flat.dot(flat))
            if not math.isfinite(square):  # too large to be squared, or NaN
                most = float(abs(flat).max())
                flat = flat / most
                square = float(flat.dot(flat)) * most**2
        total += square
    return math.sqrt(total) if arrays else None


def _kernel_names(frame: _Frame, arrays: tuple[Array, ...]) -> tuple[str, ...]:
    if frame.kernels:
        return tuple(frame.kernels)
    return (backend.get_array_module(*arrays).__name__,)


def _arguments(function: Any) -> dict[str, Any]:
    """Returns the parameters of a function that can be written in a few characters."""
    found: dict[str, Any] = {}
    spec = getattr(function, 'spec', None)
    if spec is not None and hasattr(spec, 'kh'):
        found['ksize'] = _pair(spec.kh, spec.kw)
        found['stride'] = _pair(spec.sy, spec.sx)
        found['pad'] = _pair(spec.ph, spec.pw)
        if _pair(getattr(spec, 'dy', 1), getattr(spec, 'dx', 1)) != '1':
            found['dilate'] = _pair(spec.dy, spec.dx)
        if getattr(spec, 'groups', 1) != 1:
            found['groups'] = spec.groups
    skipped = ('rank', 'inputs', 'outputs', 'stack', 'groups', 'public_name', 'label')
    for name, value in vars(function).items():
        if name.startswith('_') or name in (*skipped, 'ndim') or name in found:
            continue
        if value is False:  # a switch that is off says nothing
            continue
        if isinstance(value, (bool, int, float, str)):
            found[name] = value
        elif (
            type(value) is tuple
            and len(value) <= 8
            and all(isinstance(v, (bool, int, float, str, type(None))) for v in value)
        ):
            found[name] = ', '.join(map(str, value))
    return found


def _pair(y: int, x: int) -> str:
    return str(y) if y == x else f'{y}x{x}'

"""Training steps recorded once into a CUDA graph, and replayed.

A small model spends its step launching kernels. When the same kernels run on the same
memory in each step, the GPU can be given all of them at once. `Replay` records loss and
backward of a model for each shape of its inputs and replays them; wherever that is not
possible it computes as usual, and says why.

What is recorded is what the GPU did. Python inside the loss function runs only while
recording: a branch that depends on Python's state must be named in ``key``, a branch
that depends on an array cannot be recorded (it would have to wait for the GPU) and is
noticed.

The update is recorded, too, if it is one of our optimizers without hooks and without a
dynamic loss scale. Its rates lie on the device and are sent there before each replay, so
they and the counters change as usual. Otherwise the optimizer runs after the replay.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from minigrad import backend
from minigrad.configuration import config
from minigrad.function_hook import FunctionHook
from minigrad.kernels import kernels_for
from minigrad.optimizers._recorded_update import RecordedUpdate, is_plain
from minigrad.parameter import Parameter
from minigrad.reporter import get_current_reporter, report, report_scope
from minigrad.training.updaters.standard_updater import StandardUpdater
from minigrad.types import Array
from minigrad.variable import Variable


class Replay:
    """Makes updates of an optimizer by replaying recorded steps.

    Args:
        lossfun: Computes the loss from arrays, as for ``optimizer.update``.
        optimizer: Optimizer that is set up; its target's gradients are computed.
        warmup: Steps that run as usual before one is recorded, for each key. They
            compile kernels, choose algorithms, and must all apply the same functions.
        key: Returns what else a recording depends on, such as the sizes of a model
            that changes while it is trained.

    Attributes:
        reason: Why the last step ran as usual; empty if it was replayed.
        n_replayed: Number of steps that were replayed.
        recorded_bytes: Memory of the card that the recordings hold.

    Example:
        >>> import minigrad.cuda_graph
        >>> model = L.Classifier(L.Linear(3, 2))
        >>> optimizer = minigrad.optimizers.SGD().setup(model)
        >>> replay = minigrad.cuda_graph.Replay(model, optimizer)
        >>> replay.update(np.ones((4, 3), 'f'), np.zeros(4, 'i'))
        >>> replay.reason
        'the inputs are not arrays of one GPU'
    """

    def __init__(
        self,
        lossfun: Callable[..., Any],
        optimizer: Any,
        *,
        warmup: int = 3,
        key: Callable[[], Hashable] | None = None,
    ) -> None:
        if warmup < 1:
            raise ValueError(f'Replay: expected warmup >= 1, got {warmup}')
        self.reason = ''
        self.n_replayed = 0
        self._lossfun = lossfun
        self._optimizer = optimizer
        self._warmup = warmup
        self._own_key = key
        self._plans: dict[Hashable, _Plan] = {}

    def update(self, *args: Any) -> None:
        """Makes one step, as ``optimizer.update(lossfun, *args)`` would."""
        arrays = [x.array if isinstance(x, Variable) else x for x in args]
        self.reason = _unsuitable(arrays)
        if self.reason:
            self._optimizer.update(self._lossfun, *args)
            return
        key = self._key(arrays)
        plan = self._plans.setdefault(key, _Plan())
        if plan.recording is not None and not plan.recording.is_current():
            plan = self._plans[key] = _Plan()
        if plan.recording is None and not plan.reason and plan.seen >= self._warmup:
            with backend.get_device_from_array(*arrays).create_context():
                self._record(plan, arrays)
        if plan.recording is not None:
            with backend.get_device_from_array(*arrays).create_context():
                plan.recording.replay(arrays)
            self.n_replayed += 1
            return
        self.reason = plan.reason or f'warming up ({plan.seen + 1} of {self._warmup})'
        if plan.reason:
            self._optimizer.update(self._lossfun, *args)
            return
        with _Trace() as trace:
            self._optimizer.update(self._lossfun, *args)
        plan.see(trace.functions)
        self._warn_(plan)

    @property
    def recorded_bytes(self) -> int:
        """Memory of the card that the recordings hold, in bytes."""
        recordings = [plan.recording for plan in self._plans.values()]
        return sum([r.pool.total_bytes() for r in recordings if r is not None])

    @property
    def most_bytes(self) -> int:
        """The most that a recording and CuPy's pool held together while recording."""
        recordings = [plan.recording for plan in self._plans.values()]
        return max([r.most_bytes for r in recordings if r is not None], default=0)

    def _key(self, arrays: list[Array]) -> Hashable:
        optimizer = self._optimizer
        return (
            tuple([(x.shape, x.dtype.char, x.device.id) for x in arrays]),
            # Where the parameters lie: a model that was moved is another one.
            tuple(
                [
                    None if p.array is None else p.array.data.ptr
                    for p in optimizer.target.params()
                ]
            ),
            (optimizer._loss_scale is None, optimizer._loss_scaling_is_dynamic),
            (config.train, str(config.dtype), config.allow_tf32),
            (config.use_cudnn, config.cudnn_deterministic),
            None if self._own_key is None else self._own_key(),
        )

    def _record(self, plan: _Plan, arrays: list[Array]) -> None:
        try:
            plan.recording = _Recording(self._lossfun, self._optimizer, arrays)
        except (
            Exception
        ) as error:  # of the model too: then it is raised by the usual step
            plan.reason = f'it cannot be recorded: {error}'.split('\n')[0]
            self._warn_(plan)

    def _warn_(self, plan: _Plan) -> None:
        if plan.reason:
            warnings.warn(
                f'Replay: this step runs as usual, because {plan.reason}',
                RuntimeWarning,
                stacklevel=4,
            )


class ReplayUpdater(StandardUpdater):
    """A `StandardUpdater` whose steps are replayed where they can be.

    Arguments as of `StandardUpdater`; batches must be tuples or single arrays.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optimizer = self._optimizers['main']
        loss = optimizer.target if self.loss_func is None else self.loss_func
        self.replay = Replay(loss, optimizer)

    def update_core(self) -> None:
        """Takes a batch and replays the step that was recorded for its shape."""
        iterator = self._iterators['main']
        batch = self.converter(iterator.next(), self.input_device)
        self.replay.update(*(batch if isinstance(batch, tuple) else (batch,)))
        if self.auto_new_epoch and iterator.is_new_epoch:
            self._optimizers['main'].new_epoch(auto=True)


def _unsuitable(arrays: list[Any]) -> str:
    """Returns why arrays cannot be the input of a recording, or an empty text."""
    cupy = backend.loaded_cupy()
    if (
        cupy is None
        or not arrays
        or not all(isinstance(x, cupy.ndarray) for x in arrays)
    ):
        return 'the inputs are not arrays of one GPU'
    if len({x.device.id for x in arrays}) > 1:
        return 'the inputs are not arrays of one GPU'
    if not hasattr(kernels_for(arrays[0]), 'recording'):
        return 'the kernels in use cannot be recorded'
    if config.debug:
        return 'debug mode looks at every result'
    return ''


class _Plan:
    """What is known of one key: steps seen, and the recording or why there is none."""

    def __init__(self) -> None:
        self.seen = 0
        self.recording: _Recording | None = None
        self.reason = ''
        self._functions: list[Any] | None = None

    def see(self, functions: list[Any]) -> None:
        """Notes the functions of one usual step, which must be those of the last."""
        if self._functions is not None and functions != self._functions:
            self.reason = 'the model applies other functions from step to step'
        self._functions = functions
        self.seen += 1


class _Trace(FunctionHook):
    """Notes which functions are applied, on which shapes."""

    name = 'minigrad.cuda_graph'

    def __init__(self) -> None:
        self.functions: list[Any] = []

    def forward_postprocess(self, function: Any, in_data: tuple[Array, ...]) -> None:
        self.functions.append((function.label, tuple([x.shape for x in in_data])))


class _Recording:
    """The graph of one step, with its memory."""

    def __init__(
        self, lossfun: Callable[..., Any], optimizer: Any, arrays: list[Array]
    ) -> None:
        cupy: Any = backend.loaded_cupy()
        target = optimizer.target
        self._optimizer = optimizer
        self._inputs = [x.copy() for x in arrays]
        self._stream = cupy.cuda.Stream(non_blocking=True)
        # The factor of the loss, which may change from replay to replay.
        self._scale_: Array = None
        if optimizer._loss_scale is not None:
            self._scale_ = cupy.full((), optimizer._loss_scale, np.float32)
        # Memory that nobody else is given: a replay writes to all of it.
        self.pool = cupy.cuda.MemoryPool()
        growing = _Growing(self.pool)
        self._update_: RecordedUpdate | None = None
        kernels: Any = kernels_for(arrays[0])
        self._report: dict[str, Any] = {}
        grads_before = [(p, p._grad_var) for p in target.params()]
        with (
            kernels.recording() as self._resources,
            cupy.cuda.using_allocator(growing.malloc),
        ):
            self._wait_for_current()
            with (
                self._stream,
                _reporting_to(self._report),
                _captured(self._stream) as captured,
            ):
                loss = lossfun(*self._inputs)
                target.cleargrads()
                if self._scale_ is not None and loss.size == 1:
                    loss.grad = self._scale_.astype(loss.dtype).reshape(loss.shape)
                loss.backward(loss_scale=optimizer._loss_scale)
                del loss
                if is_plain(optimizer):
                    optimizer.reallocate_cleared_grads()
                    self._update_ = RecordedUpdate.of(optimizer, kernels)
        if captured.error is not None:
            for param, grad in grads_before:
                param._set_grad_var(grad)
            raise captured.error
        self._graph = captured.graph
        self._grads: list[tuple[Parameter, Any]] = [
            (p, p._grad_var) for p in target.params()
        ]
        # What the usual steps took of the card will not be needed again.
        usual = cupy.get_default_memory_pool()
        self.most_bytes = usual.total_bytes() + self.pool.total_bytes()
        usual.free_all_blocks()

    def is_current(self) -> bool:
        """Tells whether a recorded update is still the one that is wanted."""
        return self._update_ is None or (
            is_plain(self._optimizer) and self._update_.is_current()
        )

    def _wait_for_current(self) -> None:
        current = backend.loaded_cupy().cuda.get_current_stream()
        self._stream.wait_event(current.record())

    def replay(self, arrays: list[Array]) -> None:
        """Makes the step for new inputs, and reports as the model did."""
        cupy: Any = backend.loaded_cupy()
        scale = self._optimizer._loss_scale
        self._wait_for_current()
        with self._stream:
            for mine, given in zip(self._inputs, arrays, strict=True):
                mine[...] = given
            if self._scale_ is not None:
                self._scale_.fill(scale)
            if self._update_ is not None:
                self._update_.advance(scale)
        self._graph.launch(self._stream)
        current = cupy.cuda.get_current_stream()
        current.wait_event(self._stream.record())
        for param, grad in self._grads:
            param._set_grad_var(grad)
            param._loss_scale = scale
        # The next replay writes over them, and a log wants to keep them.
        report({name: _copy_of(value) for name, value in self._report.items()})
        if self._update_ is None:
            self._optimizer.update()
        else:
            self._optimizer.t += 1
            self._update_.finish()


class _Growing:
    """Takes memory of a pool, and refuses a pool that gave some back.

    Where the card is full, CuPy frees the pool's unused blocks and tries again. Kernels
    that are recorded by then write to them in each replay.
    """

    def __init__(self, pool: Any) -> None:
        self._pool_ = pool

    def malloc(self, size: int) -> Any:
        """Returns memory.

        Raises:
            MemoryError: The pool gave blocks back.
        """
        total, free = self._pool_.total_bytes(), self._pool_.free_bytes()
        memory = self._pool_.malloc(size)
        # A block is reused, or the pool grows and no unused one goes.
        if self._pool_.total_bytes() != total and self._pool_.free_bytes() < free:
            raise MemoryError(
                'the card is full: memory of the recording was given back'
            )
        return memory


class _Captured:
    graph: Any = None
    error: Exception | None = None


@contextlib.contextmanager
def _captured(stream: Any) -> Iterator[_Captured]:
    """Records what the stream is given; an exception ends the recording and is kept."""
    captured = _Captured()
    stream.begin_capture()
    try:
        yield captured
    except Exception as error:
        captured.error = error
        with contextlib.suppress(Exception):  # CUDA may have ended it already
            stream.end_capture()
    else:
        captured.graph = stream.end_capture()


def _copy_of(value: Any) -> Any:
    if isinstance(value, Variable):
        return Variable(value.array.copy(), name=value.name, requires_grad=False)
    return value.copy() if backend.is_array(value) else value


def _reporting_to(
    observation: dict[str, Any],
) -> contextlib.AbstractContextManager[Any]:
    """Catches what is reported, if anybody would listen."""
    try:
        get_current_reporter()
    except IndexError:
        return contextlib.nullcontext()
    return report_scope(observation)

"""The training loop: one update, then the extensions whose triggers fire."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

from minigrad.configuration import is_debug
from minigrad.named_arguments import NamedArguments
from minigrad.reporter import Reporter
from minigrad.serializer import AbstractSerializer, Deserializer, Serializer
from minigrad.serializers import DictionarySerializer, NpzDeserializer
from minigrad.suggestions import shown
from minigrad.training.checks import (
    check_length,
    refuse_end,
    show_briefly,
    without_loops,
)
from minigrad.training.extension import (
    INVOKE_BEFORE_TRAINING,
    PRIORITY_READER,
    PRIORITY_SNAPSHOT,
    Extension,
)
from minigrad.training.hyperparameters import HyperparameterChanges
from minigrad.training.random_state import serialize_random_state
from minigrad.training.triggers._get_trigger import get_trigger
from minigrad.training.updaters.standard_updater import StandardUpdater
from minigrad.utils.argument import parse_kwargs
from minigrad.variable import Variable


class _ExtensionEntry:
    """An extension with its name, trigger and priority, as it was registered."""

    def __init__(
        self, extension: Any, priority: Any, trigger: Any, call_before_training: bool
    ) -> None:
        self.extension = extension
        self.priority = priority
        self.trigger = trigger
        self.call_before_training = call_before_training

    def call(self, method: str, *args: Any) -> None:
        """Calls a method of the extension if it has it."""
        function = getattr(self.extension, method, None)
        if function is not None:
            function(*args)

    @property
    def loads_snapshot(self) -> bool:
        return getattr(self.extension, 'autoload', False) is True


class Trainer(NamedArguments):
    """Runs an updater until the stop trigger fires, and extensions when theirs fire.

    One iteration is an update followed by the extensions whose triggers fire, in the
    order of their priorities. Everything that changes on the way, the random generators
    included, is part of a snapshot: a resumed run goes on bit for bit like one that was
    never stopped, with the same number of threads. A copy, or one that was pickled, goes
    on by itself from where the original was, if its extensions can be copied.

    Args:
        updater: Makes one step of optimization; see `StandardUpdater`.
        stop_trigger: When to stop, such as ``(20, 'epoch')``. None never stops.
        out: Folder for everything that extensions write.
        extensions: Extensions to begin with.

    Attributes:
        observation: What was reported in the current iteration.
        reporter: Where links report to; the targets of all optimizers are registered.

    Source: compatible with chainer.training.Trainer.

    Example:
        >>> x = np.eye(4, dtype=np.float32)
        >>> t = np.arange(4, dtype=np.int32)
        >>> data = minigrad.datasets.TupleDataset(x, t)
        >>> model = L.Classifier(L.Linear(4, 4))
        >>> optimizer = minigrad.optimizers.SGD(lr=1.0).setup(model)
        >>> iterator = minigrad.iterators.SerialIterator(data, 2)
        >>> updater = minigrad.training.StandardUpdater(iterator, optimizer)
        >>> import tempfile
        >>> trainer = minigrad.training.Trainer(
        ...     updater, (2, 'epoch'), out=tempfile.mkdtemp())
        >>> trainer.extend(lambda trainer: print(trainer.updater.epoch_detail),
        ...                name='show', trigger=(1, 'epoch'))
        >>> trainer.run()
        1.0
        2.0
    """

    def __init__(
        self,
        updater: Any,
        stop_trigger: Any = None,
        out: str = 'result',
        extensions: Iterable[Any] | None = None,
    ) -> None:
        if not hasattr(updater, 'get_all_optimizers'):
            raise TypeError(
                f'Trainer: expected an updater, got {shown(updater)}\n  hint: '
                'minigrad.training.StandardUpdater(iterator, optimizer) makes one'
            )
        self.updater = updater
        self.stop_trigger = get_trigger(stop_trigger)
        self.observation: dict[str, Any] = {}
        self.out = out
        self._register_links_()

        self._done = False
        self._extensions: dict[str, _ExtensionEntry] = {}
        self._order: list[_ExtensionEntry] | None = None  # set while a session is open
        self._start_at: float | None = None
        self._snapshot_elapsed_time = 0.0
        self._final_elapsed_time: Any = None
        self._hyperparameters_: HyperparameterChanges | None = None
        self._loaded_hyperparameters_ = '{}'
        self._loaded_random_state_: dict[str, Any] | None = None

        updater.connect_trainer(self)
        for extension in () if extensions is None else extensions:
            self.extend(extension)

    def _register_links_(self) -> None:
        self.reporter = Reporter()
        for name, optimizer in self.updater.get_all_optimizers().items():
            if optimizer.target is None:
                raise RuntimeError(
                    f'{type(optimizer).__name__} is not set up.\n'
                    '  hint: call optimizer.setup(model) first'
                )
            self.reporter.add_observer(name, optimizer.target)
            self.reporter.add_observers(
                name, optimizer.target.namedlinks(skipself=True)
            )

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        del state['reporter']  # it stores links by their addresses in memory
        if self._start_at is not None and not self._done:
            # A copy of a running training starts from the point that this one has reached.
            state['_snapshot_elapsed_time'] = self.elapsed_time
        return {**state, '_order': None, '_start_at': None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._register_links_()
        self.updater.connect_trainer(self)

    def __repr__(self) -> str:
        optimizers = self.updater.get_all_optimizers().values()
        models = [
            f'{type(one.target).__name__} by {type(one).__name__}' for one in optimizers
        ]
        parts = [
            *models,
            f'iteration {self.updater.iteration}',
            f'stop {self.stop_trigger}',
            f'out {self.out!r}',
        ]
        names = ', '.join(self._extensions) or 'none'
        return f'<Trainer: {", ".join(parts)}; extensions {names}>'

    @property
    def is_before_training(self) -> bool:
        """Whether no update was made yet."""
        return bool(self.updater.iteration == 0)

    @property
    def elapsed_time(self) -> Any:
        """Seconds of training, those before a resume included.

        Raises:
            RuntimeError: The training has not started.
        """
        if self._done:
            return self._final_elapsed_time
        if self._start_at is None:
            raise RuntimeError(
                'Trainer.elapsed_time: training has not been started yet'
            )
        return time.perf_counter() - self._start_at + self._snapshot_elapsed_time

    def extend(
        self,
        extension: Any,
        name: str | None = None,
        trigger: Any = None,
        priority: int | None = None,
        *,
        call_before_training: bool = False,
        **kwargs: Any,
    ) -> None:
        """Registers an extension.

        Args:
            extension: An `Extension`, or any callable that takes the trainer.
            name: Its name; by default its own (``name``, ``default_name`` or
                ``__name__``). A name that is taken gets ``_1``, ``_2``, ... appended.
            trigger: When to call it, such as ``(1, 'epoch')``; its own ``trigger`` by
                default, every iteration if it has none.
            priority: Its place in the order, highest first; its own by default.
            call_before_training: Whether to call it once before the first update too.
            **kwargs: Nothing; Chainer's ``invoke_before_training`` gets a message.

        Raises:
            TypeError: The extension has no name and none is given.
            ValueError: The name is 'training'.
        """
        parse_kwargs(kwargs, invoke_before_training=INVOKE_BEFORE_TRAINING)
        if isinstance(extension, type) and issubclass(extension, Extension):
            made = f'{extension.__name__}(...)'
            raise TypeError(
                f'Trainer.extend: got the class {extension.__name__}, expected an '
                f'extension\n  hint: make one: trainer.extend({made})'
            )
        for attribute in ('name', 'default_name', '__name__'):
            if name is None:
                name = getattr(extension, attribute, None)
        if name is None:
            raise TypeError(
                f'Trainer.extend: {extension!r} has no name; give one with name='
            )
        if name == 'training':
            raise ValueError("Trainer.extend: the name 'training' is taken by the loop")
        if trigger is None:
            trigger = getattr(extension, 'trigger', (1, 'iteration'))
        if priority is None:
            priority = getattr(extension, 'priority', PRIORITY_READER)

        unique_name, ordinal = name, 0
        while unique_name in self._extensions:
            ordinal += 1
            unique_name = f'{name}_{ordinal}'
        with contextlib.suppress(AttributeError):  # a bound method takes no attributes
            extension.name = unique_name
        self._extensions[unique_name] = _ExtensionEntry(
            extension, priority, get_trigger(trigger), call_before_training
        )

    def get_extension(self, name: str) -> Any:
        """Returns the extension that was registered under a name.

        Raises:
            ValueError: There is none.
        """
        if name not in self._extensions:
            raise ValueError(
                f'Trainer.get_extension: extension {name} not found; there are '
                f'{", ".join(map(str, self._extensions)) or "none"}'
            )
        return self._extensions[name].extension

    def run(self, show_loop_exception_msg: bool = True) -> None:
        """Runs the whole training.

        Args:
            show_loop_exception_msg: Whether to say in a line that there was an exception,
                before all extensions are finalized (which may take long, or hang).

        Raises:
            RuntimeError: It has been run already.
        """
        if self._done:
            raise RuntimeError('Trainer.run: cannot run training loop multiple times')
        try:
            with self.session(show_loop_exception_msg):
                self._loop_()
        except Exception as error:
            # The context of a session would put its frames back.
            if not is_debug():
                error.__traceback__ = without_loops(error.__traceback__)
            raise

    def _loop_(self) -> None:
        begun_at = self.updater.iteration
        while not self.stop_trigger(self):
            with self.iteration():
                self._update_()
        if self.updater.iteration == begun_at > 0:
            sys.stderr.write(
                'Trainer: nothing left to do; the training that was loaded had ended '
                f'at iteration {begun_at}, epoch {self.updater.epoch}\n'
            )

    def _update_(self) -> None:
        try:
            self.updater.update()
        except StopIteration:
            iterator = self._main_iterator_()
            if getattr(iterator, 'repeat', True) is not False:
                raise
            count = self.updater.iteration
            refuse_end(iterator, f'goes on after iteration {count}')

    def _main_iterator_(self) -> Any:
        """Returns the iterator of the training data, None if the updater has none."""
        try:
            return self.updater.get_iterator('main')
        except (AttributeError, KeyError):
            return None

    @contextlib.contextmanager
    def session(self, show_loop_exception_msg: bool = True) -> Iterator[None]:
        """Prepares the extensions before a loop and finalizes them after it.

        `run` opens one. A loop of your own opens one around its iterations: extensions
        are finalized however it ends, and told if it raised.
        """
        try:
            order = self._start_()
            try:
                yield
            except Exception as error:
                if show_loop_exception_msg:
                    # The full traceback is printed once, by the caller or by Python.
                    title = 'Exception in main training loop'
                    sys.stderr.write(show_briefly(title, error))
                self._tell_extensions_(order, error)
                raise
        finally:
            # After Ctrl-C too: a snapshot that is being written must be completed.
            self._order = None
            for entry in self._by_priority_():
                entry.call('finalize')
            self.updater.finalize()
        self._final_elapsed_time = self.elapsed_time
        self._done = True

    def _tell_extensions_(self, order: list[_ExtensionEntry], error: Exception) -> None:
        for entry in order:
            try:
                entry.call('on_error', self, error, error.__traceback__)
            except Exception as another:  # the others must be called too
                _show('Exception in error handler', another)

    def _by_priority_(self) -> list[_ExtensionEntry]:
        return sorted(self._extensions.values(), key=lambda e: e.priority, reverse=True)

    @contextlib.contextmanager
    def iteration(self) -> Iterator[None]:
        """Surrounds one update: a fresh observation before, the extensions after it.

        Example:
            >>> def train(trainer):
            ...     while not trainer.stop_trigger(trainer):
            ...         with trainer.iteration():
            ...             trainer.updater.update()
        """
        order = self._start_() if self._order is None else self._order
        self.observation = {}
        with self.reporter.scope(self.observation):
            yield
            self._run_extensions_(order)

    def _run_extensions_(self, order: list[_ExtensionEntry]) -> None:
        """Calls the extensions whose triggers fire."""
        snapshots = []
        for entry in order:
            # Asked one by one: a trigger may watch what the one before has reported.
            if not entry.trigger(self):
                continue
            if entry.priority <= PRIORITY_SNAPSHOT:
                snapshots.append(entry)
            else:
                entry.extension(self)
        for entry in snapshots:
            entry.extension(self)

    def _start_(self) -> list[_ExtensionEntry]:
        """Initializes the extensions and returns them in the order of their calls."""
        if self._order is not None:
            return self._order
        if isinstance(self.updater, StandardUpdater):
            check_length(self._main_iterator_(), self.stop_trigger)
        os.makedirs(self.out, exist_ok=True)
        order = self._by_priority_()
        self._start_at = time.perf_counter()
        if self._hyperparameters_ is None:  # else a copy of a running training
            optimizers = self.updater.get_all_optimizers()
            self._hyperparameters_ = HyperparameterChanges(optimizers)
        # Loading comes first: what the others set up depends on what is loaded.
        for entry in sorted(order, key=lambda e: not e.loads_snapshot):
            if not getattr(entry.trigger, 'finished', False):
                entry.call('initialize', self)
        self._hyperparameters_.apply(self._loaded_hyperparameters_)
        # Random numbers drawn since loading must not count.
        if self._loaded_random_state_ is not None:
            serialize_random_state(NpzDeserializer(self._loaded_random_state_))
        self._loaded_hyperparameters_, self._loaded_random_state_ = '{}', None
        if self.is_before_training:
            self.observation = {}
            with self.reporter.scope(self.observation):
                for entry in order:
                    if entry.call_before_training:
                        entry.extension(self)
        self._order = order
        return order

    def serialize(self, serializer: AbstractSerializer) -> None:
        """Saves or loads everything that changes during training."""
        self.updater.serialize(serializer['updater'])
        if hasattr(self.stop_trigger, 'serialize'):
            self.stop_trigger.serialize(serializer['stop_trigger'])
        extensions = serializer['extensions']
        triggers = serializer['extension_triggers']
        for name, entry in self._extensions.items():
            if hasattr(entry.extension, 'serialize'):
                entry.extension.serialize(extensions[name])
            if hasattr(entry.trigger, 'serialize'):
                entry.trigger.serialize(triggers[name])

        if isinstance(serializer, Deserializer):
            self._snapshot_elapsed_time = serializer('_snapshot_elapsed_time', 0.0)
        else:
            started = self._start_at is not None or self._done
            serializer('_snapshot_elapsed_time', self.elapsed_time if started else 0.0)
        self._serialize_observation_(serializer)
        self._serialize_hyperparameters_(serializer)
        self._serialize_random_state_(serializer['random_state'])

    def _serialize_observation_(self, serializer: AbstractSerializer) -> None:
        # The stop trigger is asked after the snapshot, and may look at it.
        if isinstance(serializer, Serializer):
            scalars = {k: _as_float(v) for k, v in self.observation.items()}
            scalars = {k: v for k, v in scalars.items() if v is not None}
            serializer('observation', json.dumps(scalars))
            return
        with contextlib.suppress(KeyError):  # Chainer's snapshots have none
            self.observation = json.loads(serializer('observation', '{}'))

    def _serialize_hyperparameters_(self, serializer: AbstractSerializer) -> None:
        if isinstance(serializer, Serializer):
            changes = self._hyperparameters_
            loaded = self._loaded_hyperparameters_
            text = loaded if changes is None else changes.to_json()
            serializer('hyperparameters', text)
            return
        with contextlib.suppress(KeyError):  # Chainer's snapshots have none
            self._loaded_hyperparameters_ = serializer('hyperparameters', '{}')

    def _serialize_random_state_(self, serializer: AbstractSerializer) -> None:
        found = serialize_random_state(serializer)
        if found and isinstance(serializer, Deserializer):
            state = DictionarySerializer()
            serialize_random_state(state)
            self._loaded_random_state_ = state.target


def _as_float(value: Any) -> float | None:
    """Returns a scalar as a float, and None for anything else."""
    if isinstance(value, Variable):
        value = value.array
    if isinstance(value, (str, bytes)) or getattr(value, 'ndim', 0) != 0:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _show(title: str, error: Exception) -> None:
    sys.stderr.write(f'{title}: {error}\nTraceback (most recent call last):\n')
    traceback.print_tb(error.__traceback__)

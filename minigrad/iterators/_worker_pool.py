"""The worker processes of `MultiprocessIterator`, seen from the parent.

A thread receives what the workers send, so that they never wait for a parent that is
busy, and notices when one of them dies.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import multiprocessing.resource_tracker
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy

from minigrad.iterators import _worker
from minigrad.iterators._shared_block import Packed, free, new_block, pack, unpack
from minigrad.iterators._worker import Inherited, Reply, Task
from minigrad.types import Array

_PATIENCE_SECONDS = 5.0


class WorkerDied(RuntimeError):
    """A worker process ended although nobody asked it to."""


class Ticket:
    """A batch that the workers read."""

    def __init__(self, number: int, n_parts: int) -> None:
        self.number = number
        self.parts: list[list[Any] | None] = [None] * n_parts
        self.missing = n_parts
        self.error: tuple[Exception | None, str] | None = None

    @property
    def is_done(self) -> bool:
        """Whether the batch, or an error, is there."""
        return self.missing == 0 or self.error is not None


class _WorkerProcess:
    def __init__(
        self, context: Any, dataset: Any, block: str | None, memory: int | None
    ) -> None:
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=_worker.main, args=(theirs, dataset, block), daemon=True
        )
        with _without_ctrl_c():
            self.process.start()
        theirs.close()
        self.is_ready = False
        self.is_retired = False
        self.n_tasks = 0
        self.block: SharedMemory | None = None
        self.capacity = 0
        self.can_share = memory != 0


@contextlib.contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Holds Ctrl-C back while a process starts: it inherits that, and we get it after."""
    if not hasattr(signal, 'pthread_sigmask'):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class WorkerPool:
    """Worker processes that read examples of a dataset.

    Args:
        dataset: What they read; it is sent to each of them.
        n_processes: Number of workers.
        n_slots: Number of batches that may be under way at a time.
        item_bytes: Bytes of shared memory per example; None measures them.
        tasks_per_child: Number of tasks after which a worker is replaced, or None.
    """

    def __init__(
        self,
        dataset: Any,
        n_processes: int,
        n_slots: int,
        item_bytes: int | None,
        tasks_per_child: int | None,
    ) -> None:
        self._n_slots = n_slots
        self._item_bytes = item_bytes
        self._tasks_per_child = tasks_per_child
        self._context: Any = multiprocessing.get_context('spawn')
        self._changed = threading.Condition()
        self._tickets: dict[int, Ticket] = {}
        self._n_tickets = 0
        self._failure: str | None = None
        self._is_closing = False
        self._blocks_: dict[str, SharedMemory] = {}
        self._retired: list[_WorkerProcess] = []
        self._workers: list[_WorkerProcess] = []
        self._wake, self._woken = self._context.Pipe()
        self._share_dataset(dataset)
        try:
            for _ in range(n_processes):
                self._workers.append(self._new_worker())
        except BaseException:
            self.close()
            raise
        self._thread: threading.Thread | None = threading.Thread(
            target=self._receive, name='MultiprocessIterator', daemon=True
        )
        self._thread.start()

    def _share_dataset(self, dataset: Any) -> None:
        """Pickles the dataset once; its arrays lie in memory that all workers share.

        A dataset that cannot be pickled is inherited, where processes can be forked.
        """
        self._dataset: Packed | Inherited
        self._dataset_block: str | None = None
        try:
            packed = pack(dataset)
        except Exception as error:
            if not _can_fork():
                error.add_note(
                    'MultiprocessIterator sends the dataset to its processes, so it must '
                    'be picklable: define its class and functions in a module, without '
                    'lambda; or use MultithreadIterator'
                )
                raise
            warnings.warn(
                f'MultiprocessIterator: the dataset cannot be pickled ({error}), so its '
                'processes are forked and have copies of all that this one holds; '
                'define its class and functions in a module, without lambda',
                RuntimeWarning,
                stacklevel=2,
            )
            self._context = multiprocessing.get_context('fork')
            # Else each process would start its own, which takes our memory away.
            multiprocessing.resource_tracker.ensure_running()
            self._dataset = Inherited(dataset)
            return
        block = new_block(packed.needed) if packed.needed > 2**20 else None
        if block is not None:
            self._blocks_[block.name] = block
            packed = pack(dataset, block.buf)
            self._dataset_block = block.name
        self._dataset = packed

    def _new_worker(self) -> _WorkerProcess:
        return _WorkerProcess(
            self._context, self._dataset, self._dataset_block, self._item_bytes
        )

    @property
    def pids(self) -> list[int]:
        """Numbers of the worker processes."""
        return [worker.process.pid for worker in self._workers]

    def submit(self, indexes: Array, seeds: tuple[int, int, int]) -> Ticket:
        """Begins to read a batch.

        Args:
            indexes: The examples.
            seeds: Hash of the order, sweep, and position of the first example.
        """
        n_parts = max(min(len(indexes), len(self._workers)), 1)
        with self._changed:
            ticket = Ticket(self._n_tickets, n_parts)
            self._n_tickets += 1
            self._tickets[ticket.number] = ticket
        done = 0
        for part, piece in enumerate(numpy.array_split(indexes, n_parts)):
            # Small batches take turns, so that all workers get to work.
            place = (ticket.number * n_parts + part) % len(self._workers)
            worker = self._workers[place]
            limit = self._tasks_per_child
            if limit is not None and worker.n_tasks >= limit:
                worker = self._replace(place)
            worker.n_tasks += 1
            block, start, capacity = self._space(worker, ticket.number, len(piece))
            order, epoch, position = seeds
            task = Task(
                ticket.number,
                part,
                piece.tolist(),
                (order, epoch, position + done),
                block,
                start,
                capacity,
            )
            done += len(piece)
            with contextlib.suppress(OSError):  # died: the thread tells how
                worker.connection.send(task)
        return ticket

    def _replace(self, place: int) -> _WorkerProcess:
        old, new = self._workers[place], self._new_worker()
        with contextlib.suppress(OSError):
            old.connection.send(None)
        with self._changed:
            old.is_retired = True
            self._retired.append(old)
            self._workers[place] = new
        self._wake.send(None)
        return new

    def _space(
        self, worker: _WorkerProcess, number: int, n_examples: int
    ) -> tuple[str | None, int, int]:
        """Returns shared memory for a task: block, start, size. None: send it inline."""
        item_bytes = self._item_bytes
        if not worker.can_share or item_bytes is None:
            return None, 0, 0
        needed = item_bytes * n_examples
        if worker.block is None or worker.capacity < needed:
            capacity = -(-needed * 5 // 4 // 4096) * 4096  # room to vary, whole pages
            block = new_block(capacity * self._n_slots)
            if block is None:
                worker.can_share = False
                return None, 0, 0
            # The old block stays until the end: tasks under way may still use it.
            self._blocks_[block.name] = block
            worker.block, worker.capacity = block, capacity
        start = number % self._n_slots * worker.capacity
        return worker.block.name, start, worker.capacity

    def wait(self, ticket: Ticket, timeout: float | None) -> list[Any] | None:
        """Returns a batch, or None when it takes longer than ``timeout`` seconds.

        Raises:
            WorkerDied: A worker ended unexpectedly.
            Exception: What the dataset raised, with the worker's traceback as a note.
        """
        limit = None if timeout is None else time.monotonic() + timeout
        while not self._wait_for(lambda: ticket.is_done):
            if limit is not None and time.monotonic() > limit:
                return None
        with self._changed:
            self._tickets.pop(ticket.number, None)
        if ticket.error is not None:
            error, trace = ticket.error
            if error is None:
                raise RuntimeError(f'a worker process failed:\n{trace}')
            error.add_note(f'In a worker process of MultiprocessIterator, {trace}')
            raise error
        return [example for part in ticket.parts for example in part or []]

    def wait_until_ready(self) -> None:
        """Waits until all workers have the dataset."""
        while not self._wait_for(lambda: all(w.is_ready for w in self._workers)):
            pass

    def _wait_for(self, condition: Any) -> bool:
        # Short waits: on some systems a lock cannot be interrupted by Ctrl-C.
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._failure, 0.1)
            if not condition() and self._failure is not None:
                raise WorkerDied(self._failure)
            return bool(condition())

    def forget(self, ticket: Ticket) -> None:
        """Lets a batch go that nobody will ask for."""
        with self._changed:
            self._tickets.pop(ticket.number, None)

    def _receive(self) -> None:
        while not self._is_closing and self._failure is None:
            with self._changed:
                watched: dict[Any, _WorkerProcess] = {}
                for worker in (*self._workers, *self._retired):
                    watched[worker.connection] = worker
                    watched[worker.process.sentinel] = worker
            for ready in multiprocessing.connection.wait([*watched, self._woken]):
                if ready is self._woken:
                    self._woken.recv()
                else:
                    self._receive_from(watched[ready])

    def _receive_from(self, worker: _WorkerProcess) -> None:
        try:
            while worker.connection.poll():
                self._take(worker, worker.connection.recv())
        except (EOFError, OSError):
            pass  # it has ended
        except Exception as error:
            self._fail(f'cannot read what a worker process sent ({error!r})')
            return
        else:
            if worker.process.is_alive():
                return
        code = _exit_code(worker.process)
        if worker.is_retired and code == 0:
            with self._changed:
                if worker in self._retired:
                    self._retired.remove(worker)
                    worker.connection.close()
            return
        self._fail(_obituary(worker, code))

    def _take(self, worker: _WorkerProcess, reply: Reply | None) -> None:
        if reply is None:
            with self._changed:
                worker.is_ready = True
                self._changed.notify_all()
            return
        if reply.ticket < 0:
            self._fail(
                'a worker process cannot load the dataset\n'
                f'{reply.trace}  hint: the class of the dataset must be importable: '
                'define it in a module, not in a notebook or interactive session'
            )
            return
        ticket = self._tickets.get(reply.ticket)
        if ticket is None:
            return
        examples: list[Any] = []
        error = None if reply.examples is not None else (reply.error, reply.trace)
        if reply.examples is not None:
            memory = self._memory(reply)
            try:
                examples = unpack(reply.examples, memory)
            except Exception as unpickling:
                error = (unpickling, 'the examples cannot be unpickled')
            self._measure(reply, len(examples))
        with self._changed:
            ticket.parts[reply.part] = examples
            ticket.missing -= 1
            if error is not None and ticket.error is None:
                ticket.error = error
            self._changed.notify_all()

    def _memory(self, reply: Reply) -> memoryview | None:
        if reply.block is None:
            return None
        memory: memoryview = self._blocks_[reply.block].buf  # type: ignore[assignment]
        return memory[reply.start :]

    def _measure(self, reply: Reply, n_examples: int) -> None:
        if reply.examples is None or n_examples == 0 or self._item_bytes == 0:
            return
        each = -(-reply.examples.needed // n_examples)
        known = 0 if self._item_bytes is None else self._item_bytes
        if each > known:
            self._item_bytes = each

    def _fail(self, reason: str) -> None:
        with self._changed:
            if self._failure is None:
                self._failure = f'MultiprocessIterator: {reason}'
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the workers, whatever they are doing, and frees the shared memory."""
        if self._is_closing:
            return
        self._is_closing = True
        with contextlib.suppress(OSError):
            self._wake.send(None)
        thread = self.__dict__.get('_thread')
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE_SECONDS)
        workers = [*self._workers, *self._retired]
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.process.join(_PATIENCE_SECONDS)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.connection.close()
        self._wake.close()
        self._woken.close()
        free(list(self._blocks_.values()))
        with self._changed:
            self._failure = 'MultiprocessIterator: it was finalized'
            self._changed.notify_all()


def _can_fork() -> bool:
    # On macOS, libraries of the system crash after a fork.
    methods = multiprocessing.get_all_start_methods()
    return 'fork' in methods and sys.platform != 'darwin'


def _exit_code(process: Any) -> int | None:
    """Waits for a process to end; None if it does not.

    Starting a process asks the system about all others, so another thread may be told
    first that this one ended: then its code is there a moment later.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    process.join(_PATIENCE_SECONDS)
    while process.exitcode is None and time.monotonic() < deadline:
        time.sleep(0.01)
    code: int | None = process.exitcode
    return code


def _obituary(worker: _WorkerProcess, code: int | None) -> str:
    name = ''
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            name = f' ({signal.Signals(-code).name})'
    hint = {
        1: 'its traceback is above; a script that starts processes needs '
        '"if __name__ == \'__main__\':" around what it runs',
        -9: 'the system may have run out of memory: use fewer processes',
        -7: 'the shared memory may be full: give shared_mem=0',
    }.get(0 if code is None else code, 'the dataset ended or crashed its process')
    return (
        f'worker process {worker.process.pid} died with exit code {code}{name}\n'
        f'  hint: {hint}'
    )

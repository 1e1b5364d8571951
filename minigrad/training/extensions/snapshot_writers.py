"""Writing a snapshot to the disk: at once, or in a thread or process.

However it is written, the file appears under its name only when it is complete and on
the disk: a process that is killed leaves the older snapshots as they are.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import threading
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy

from minigrad.serializers.npz import save_npz
from minigrad.training.extensions._unfinished import unfinished_folder

_spawn: Any = multiprocessing.get_context('spawn')


class Writer:
    """Base class of snapshot writers.

    Source: compatible with chainer.training.extensions.snapshot_writers.Writer.

    Example:
        >>> class PrintingWriter(minigrad.training.extensions.snapshot_writers.Writer):
        ...     def __call__(self, filename, outdir, target):
        ...         print(f'{outdir}/{filename} with {len(target)} arrays')
        >>> PrintingWriter()('snapshot', 'result', {'W': np.zeros(3)})
        result/snapshot with 1 arrays
    """

    def __init__(self) -> None:
        self._post_save_hooks: list[Callable[[], None]] = []

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Saves a snapshot, now or in a thread or process.

        Args:
            filename: Name of the file.
            outdir: Folder of the file.
            target: The serialized object, a flat dictionary of arrays.
        """
        raise NotImplementedError(f'{type(self).__name__} does not define __call__')

    def finalize(self) -> None:
        """Waits until everything is written; called when the training has ended."""

    def __del__(self) -> None:
        self.finalize()

    def save(
        self,
        filename: str,
        outdir: str,
        target: Any,
        savefun: Callable[..., None],
        **kwds: Any,
    ) -> None:
        """Writes a file so that it appears complete or not at all."""
        save_atomically(filename, outdir, target, savefun, kwds, self._post_save_hooks)

    def _add_cleanup_hook(self, hook_fun: Callable[[], None]) -> None:
        """Adds a function to call after each save, to remove what is stale."""
        self._post_save_hooks.append(hook_fun)

    def _post_save(self) -> None:
        for hook in self._post_save_hooks:
            hook()


class SimpleWriter(Writer):
    """Writes at once, while the training waits.

    Args:
        savefun: Takes a path, the serialized object and ``kwds``.
        kwds: Keyword arguments of ``savefun``, such as ``compression=False``.

    Source: compatible with chainer.training.extensions.snapshot_writers.SimpleWriter.

    Example:
        >>> writer = minigrad.training.extensions.snapshot_writers.SimpleWriter(
        ...     compression=False)
        >>> snapshot = minigrad.training.extensions.snapshot(writer=writer)
    """

    def __init__(self, savefun: Callable[..., None] = save_npz, **kwds: Any) -> None:
        super().__init__()
        self._savefun = savefun
        self._kwds = kwds

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Writes the file."""
        self.save(filename, outdir, target, self._savefun, **self._kwds)


class StandardWriter(Writer):
    """Base of the writers that start a thread or a process for each snapshot.

    A snapshot waits for the one before. Sub-classes say in `create_worker` what to
    start.

    Args:
        savefun: Takes a path, the serialized object and ``kwds``.
        kwds: Keyword arguments of ``savefun``.

    Source: compatible with chainer.training.extensions.snapshot_writers.StandardWriter.
    """

    _started = False
    _finalized = False
    _worker: Any = None
    _filename = ''

    def __init__(self, savefun: Callable[..., None] = save_npz, **kwds: Any) -> None:
        super().__init__()
        self._savefun = savefun
        self._kwds = kwds

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Starts to write the file when the one before is written."""
        self._join()
        self._filename = os.path.join(outdir, filename)
        # The training goes on during the write: the file must not get later values.
        self._worker = self.create_worker(filename, outdir, _copy(target), **self._kwds)
        self._worker.start()
        self._started = True
        self._finalized = False

    def create_worker(
        self, filename: str, outdir: str, target: Any, **kwds: Any
    ) -> Any:
        """Returns a thread or process, not started, that writes the file."""
        raise NotImplementedError(
            f'{type(self).__name__} does not define create_worker'
        )

    def finalize(self) -> None:
        """Waits for the last snapshot."""
        self._join()
        self._finalized = True

    def _join(self) -> None:
        if self._started:
            self._started = False
            self._worker.join()
            _warn_if_failed(self._worker, self._filename)


class ThreadWriter(StandardWriter):
    """Writes in a thread of its own.

    Args:
        savefun: Takes a path, the serialized object and ``kwds``.
        kwds: Keyword arguments of ``savefun``.

    Source: compatible with chainer.training.extensions.snapshot_writers.ThreadWriter.

    Example:
        >>> writer = minigrad.training.extensions.snapshot_writers.ThreadWriter()
        >>> snapshot = minigrad.training.extensions.snapshot(writer=writer)
    """

    def create_worker(
        self, filename: str, outdir: str, target: Any, **kwds: Any
    ) -> threading.Thread:
        """Returns a thread that writes the file."""
        return _Thread(
            target=self.save,
            args=(filename, outdir, target, self._savefun),
            kwargs=kwds,
        )


class ProcessWriter(StandardWriter):
    """Writes in a process of its own.

    The process is started by spawn, so that the threads of the training do it no harm:
    ``savefun`` must be importable and the main script guarded by
    ``if __name__ == '__main__':``.

    Args:
        savefun: Takes a path, the serialized object and ``kwds``.
        kwds: Keyword arguments of ``savefun``.

    Source: compatible with chainer.training.extensions.snapshot_writers.ProcessWriter.

    Example:
        >>> writer = minigrad.training.extensions.snapshot_writers.ProcessWriter()
        >>> snapshot = minigrad.training.extensions.snapshot(writer=writer)
    """

    def create_worker(
        self, filename: str, outdir: str, target: Any, **kwds: Any
    ) -> multiprocessing.Process:
        """Returns a process that writes the file."""
        hooks = self._post_save_hooks
        return _SpawnedProcess(
            target=save_atomically,
            args=(filename, outdir, target, self._savefun, kwds, hooks),
        )


class QueueWriter(Writer):
    """Base of the writers with one worker that writes snapshot after snapshot.

    The training never waits, except for the rest of the queue when it has ended.

    Args:
        savefun: Takes a path and the serialized object.
        task: What the worker calls instead, with file name, folder and object.

    Source: compatible with chainer.training.extensions.snapshot_writers.QueueWriter.
    """

    _started = False
    _queue: Any = None
    _consumer: Any = None

    def __init__(
        self,
        savefun: Callable[..., None] = save_npz,
        task: Callable[..., None] | None = None,
    ) -> None:
        super().__init__()
        self._task: Any = self.create_task(savefun) if task is None else task
        self._failures = self._create_failures()
        self._queue = self.create_queue()
        self._consumer = self.create_consumer(self._queue)
        self._consumer.start()
        self._started = True

    def __call__(self, filename: str, outdir: str, target: dict[str, Any]) -> None:
        """Puts a snapshot into the queue."""
        self._report_failures()
        # The training goes on during the wait: the file must not get later values.
        self._queue.put([self._task, filename, outdir, _copy(target)])

    def create_task(self, savefun: Callable[..., None]) -> Callable[..., None]:
        """Returns what the worker calls for each snapshot."""
        return SimpleWriter(savefun=savefun)

    def create_queue(self) -> Any:
        """Returns a queue that can be joined."""
        raise NotImplementedError(f'{type(self).__name__} does not define create_queue')

    def create_consumer(self, q: Any) -> Any:
        """Returns a thread or process, not started, that empties a queue."""
        raise NotImplementedError(
            f'{type(self).__name__} does not define create_consumer'
        )

    def consume(self, q: Any) -> None:
        """Writes what comes out of a queue until None comes."""
        consume(q, self._failures)

    def finalize(self) -> None:
        """Waits until the queue is empty and ends the worker."""
        if not self._started:
            return
        self._started = False
        self._queue.put(None)
        self._consumer.join()
        # The queue of a worker that died never gets empty.
        if not _warn_if_failed(self._consumer, 'the last snapshots'):
            self._queue.join()
        self._report_failures()

    def _create_failures(self) -> Any:
        """Returns a queue for the texts about snapshots that could not be written."""
        return queue.SimpleQueue()

    def _report_failures(self) -> None:
        while not self._failures.empty():
            warnings.warn(f'snapshot: {self._failures.get()}')

    def _add_cleanup_hook(self, hook_fun: Callable[[], None]) -> None:
        # The task does the saving.
        if isinstance(self._task, Writer):
            self._task._add_cleanup_hook(hook_fun)


class ThreadQueueWriter(QueueWriter):
    """Writes snapshot after snapshot in one thread.

    Args:
        savefun: Takes a path and the serialized object.
        task: What the thread calls instead.

    Source: compatible with
    chainer.training.extensions.snapshot_writers.ThreadQueueWriter.

    Example:
        >>> writer = minigrad.training.extensions.snapshot_writers.ThreadQueueWriter()
        >>> snapshot = minigrad.training.extensions.snapshot(writer=writer)
        >>> writer.finalize()
    """

    def create_queue(self) -> Any:
        """Returns a queue between threads."""
        return queue.Queue()

    def create_consumer(self, q: Any) -> threading.Thread:
        """Returns a thread that empties the queue."""
        # A function, not a method: a thread that refers to this writer keeps it alive.
        return threading.Thread(target=consume, args=(q, self._failures))


class ProcessQueueWriter(QueueWriter):
    """Writes snapshot after snapshot in one process, started by spawn.

    Args:
        savefun: Takes a path and the serialized object; must be importable.
        task: What the process calls instead.

    Source: compatible with
    chainer.training.extensions.snapshot_writers.ProcessQueueWriter.

    Example:
        >>> writers = minigrad.training.extensions.snapshot_writers
        >>> writer = writers.ProcessQueueWriter  # in a script, under the main guard
    """

    def create_queue(self) -> Any:
        """Returns a queue between processes."""
        return _spawn.JoinableQueue()

    def create_consumer(self, q: Any) -> multiprocessing.Process:
        """Returns a process that empties the queue."""
        arguments = (q, self._failures)
        return _SpawnedProcess(target=_consume_in_process, args=arguments)

    def _create_failures(self) -> Any:
        return _spawn.SimpleQueue()


class _Thread(threading.Thread):
    """A thread that says how it ended, as a process does."""

    exitcode = 0
    error: BaseException | None = None

    def run(self) -> None:
        try:
            super().run()
        except BaseException as error:
            self.exitcode = 1
            self.error = error
            raise


class _SpawnedProcess(multiprocessing.Process):
    """A process started by spawn, whatever the default of the platform."""

    _start_method = 'spawn'

    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        return _spawn.Process._Popen(process_obj)


def save_atomically(
    filename: str,
    outdir: str,
    target: Any,
    savefun: Callable[..., None],
    kwds: dict[str, Any],
    hooks: list[Callable[[], None]],
) -> None:
    """Saves into a temporary folder, flushes to the disk, and renames.

    Args:
        filename: Name of the file.
        outdir: Folder of the file, and of the temporary folder.
        target: The serialized object.
        savefun: Takes a path, the object and ``kwds``.
        kwds: Keyword arguments of ``savefun``.
        hooks: Functions to call afterwards.
    """
    base = os.path.basename(filename)
    # A folder, not a file: some save functions depend on the name or add a suffix.
    with unfinished_folder(base, outdir) as folder:
        temporary = os.path.join(folder, base)
        savefun(temporary, target, **kwds)
        _flush_to_disk(temporary)
        os.replace(temporary, os.path.join(outdir, filename))
        _flush_to_disk(outdir)
    for hook in hooks:
        hook()


def _flush_to_disk(path: str) -> None:
    if os.path.isdir(path) and os.name != 'posix':
        return
    number = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot
            os.fsync(number)
    finally:
        os.close(number)


def consume(q: Any, failures: Any = None) -> None:
    """Calls the tasks that come out of a queue until None comes.

    Args:
        q: The queue.
        failures: A queue for a text about each task that has failed.
    """
    while True:
        item = q.get()
        try:
            if item is None:
                return
            item[0](item[1], item[2], item[3])
        except Exception as error:  # the next snapshot may succeed
            traceback.print_exc()
            if failures is not None:
                failures.put(_describe(os.path.join(item[2], item[1]), error))
        finally:
            q.task_done()


def _describe(path: str, error: BaseException) -> str:
    return (
        f'{path} could not be written ({type(error).__name__}: {error}); the snapshots '
        'before it are as they were'
    )


def _consume_in_process(q: Any, failures: Any) -> None:
    parent: Any = multiprocessing.parent_process()
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    consume(q, failures)


def _die_with(parent: Any) -> None:
    """Ends this process when its parent was killed and so can never send None."""
    parent.join()
    os._exit(1)


def _copy(target: Any) -> Any:
    """Copies the arrays of a serialized object."""
    if not isinstance(target, dict):
        return target
    return {key: numpy.array(value) for key, value in target.items()}


def _warn_if_failed(worker: Any, what: str) -> bool:
    """Warns if a process ended with an error, and tells whether it did."""
    code = getattr(worker, 'exitcode', 0)
    if not isinstance(code, int) or code == 0:
        return False
    error = getattr(worker, 'error', None)
    if error is None:
        warnings.warn(f'snapshot: {what} could not be written (exit code {code})')
    else:
        warnings.warn(f'snapshot: {_describe(what, error)}')
    return True

"""What a worker process of `MultiprocessIterator` does: read examples, send them."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import pickle
import random
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any, NamedTuple

import numpy

from minigrad.iterators._shared_block import Packed, pack, unpack


class Inherited(NamedTuple):
    """A dataset that a forked process has from its parent, as it is."""

    dataset: Any


class Task(NamedTuple):
    """A part of a batch."""

    ticket: int
    part: int
    indexes: list[int]
    seeds: tuple[int, int, int]  # order, sweep, position of the first example in it
    block: str | None  # shared memory for the arrays, and the part of it
    start: int
    capacity: int


class Reply(NamedTuple):
    """A part of a batch that was read, or the reason why it was not."""

    ticket: int
    part: int
    examples: Packed | None
    block: str | None
    start: int
    error: Exception | None = None
    trace: str = ''


def main(
    connection: Connection, dataset: Packed | Inherited, block: str | None
) -> None:  # pragma: no cover - runs in another process
    """Serves tasks until it gets None or the parent is gone, then ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_die_with_parent, daemon=True).start()
    code = 0
    try:
        _serve(connection, dataset, block)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent is gone
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # The dataset may have views into shared memory that only the end of the process
    # takes away.
    os._exit(code)


def _die_with_parent() -> None:  # pragma: no cover - runs in another process
    """Ends this process when the parent was killed, whatever the dataset is doing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _serve(
    connection: Connection, sent: Packed | Inherited, block: str | None
) -> None:  # pragma: no cover - runs in another process
    blocks: dict[str, SharedMemory] = {}
    try:
        if isinstance(sent, Inherited):
            dataset = sent.dataset
        else:
            dataset = unpack(sent, _memory(blocks, block), copy=False)
    except Exception as error:
        connection.send(_failure(-1, 0, error))
        return
    connection.send(None)  # ready
    while True:
        task: Task | None = connection.recv()
        if task is None:
            return
        connection.send(_read(dataset, task, blocks))


def _memory(blocks: dict[str, SharedMemory], name: str | None) -> memoryview | None:
    if name is None:
        return None
    if name not in blocks:
        blocks[name] = SharedMemory(name)
    return blocks[name].buf


def _read(dataset: Any, task: Task, blocks: dict[str, SharedMemory]) -> Reply:
    examples = []
    index = None
    try:
        for i, index in enumerate(task.indexes):
            seed(task.seeds, i)
            examples.append(dataset[index])
        memory = _memory(blocks, task.block)
        if memory is not None:
            memory = memory[task.start : task.start + task.capacity]
        packed = pack(examples, memory)
    except Exception as error:
        return _failure(task.ticket, task.part, error, index)
    return Reply(task.ticket, task.part, packed, task.block, task.start)


def seed(seeds: tuple[int, int, int], i: int) -> None:
    """Seeds the generators of this process for one example.

    What a dataset draws then depends on the order, the sweep and the position only: not
    on which process reads the example, nor on how many there are.
    """
    order, epoch, position = seeds
    words = [order & 0xFFFFFFFF, epoch & 0xFFFFFFFF, (position + i) & 0xFFFFFFFF]
    numpy.random.seed(words)
    random.seed(words[0] << 64 | words[1] << 32 | words[2])


def _failure(
    ticket: int, part: int, error: Exception, index: int | None = None
) -> Reply:
    where = '' if index is None else f'dataset[{index}]: '
    trace = where + traceback.format_exc()
    sendable: Exception | None = error
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        sendable = None
    return Reply(ticket, part, None, None, 0, sendable, trace)

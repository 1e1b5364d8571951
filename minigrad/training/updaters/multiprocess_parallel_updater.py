"""One process for each GPU of a machine, started by the updater."""

from __future__ import annotations

import multiprocessing
import traceback
import warnings
from collections.abc import Callable
from typing import Any

from minigrad.backend import get_device, using_device
from minigrad.dataset.convert import _call_converter, concat_examples
from minigrad.reporter import Reporter
from minigrad.training.updaters.standard_updater import StandardUpdater
from minigrad.types import Array

_spawn = multiprocessing.get_context('spawn')  # a CUDA context does not survive a fork
SECONDS_TO_END = 10


class NcclExchange:
    """Sums and copies between the processes, through NCCL.

    Args:
        size: Number of processes.
        identifier: What ``get_unique_id`` of NCCL returned.
    """

    def __init__(self, size: int, identifier: Any) -> None:
        self.size = size
        self.identifier = identifier
        self._comm: Any = None

    @classmethod
    def between(cls, size: int) -> list[NcclExchange]:
        """Returns one exchange for each process, to be sent to it."""
        from minigrad.chainermn import nccl

        return [cls(size, nccl.get_unique_id())] * size

    def join(self, rank: int) -> None:
        """Connects to the other processes; the current device is that of this process."""
        from minigrad.chainermn import nccl

        self._comm = nccl.NcclCommunicator(self.size, self.identifier, rank)

    def sum_to_first(self, array: Array) -> None:
        """Sums the arrays of all processes into that of the first."""
        from minigrad.chainermn import nccl

        pointer, n, kind, stream = self._describe(array)
        self._comm.reduce(pointer, pointer, n, kind, nccl.NCCL_SUM, 0, stream)

    def copy_from_first(self, array: Array) -> None:
        """Copies the array of the first process to all others."""
        pointer, n, kind, stream = self._describe(array)
        self._comm.bcast(pointer, n, kind, 0, stream)

    @staticmethod
    def _describe(array: Array) -> tuple[int, int, int, int]:
        from minigrad.chainermn.communicators._communication_utility import (
            _get_nccl_type_id,
        )

        return array.data.ptr, array.size, _get_nccl_type_id(array.dtype), 0


class MultiprocessParallelUpdater(StandardUpdater):
    """Computes the gradients of a batch in several processes, each with its own GPU.

    Each process has a copy of the model and an iterator of its own. The gradients are
    added up on the first device, where the parameters are updated and sent to the others.
    Only what the first reports is seen. `minigrad.chainermn` does more: many machines,
    gradients that travel while backward runs.

    Args:
        iterators: An iterator for each device, over data of one length.
        optimizer: Optimizer of the model. Its ``lr`` is divided by the number of devices
            (or its ``eps`` multiplied), because gradients are added up.
        converter: Turns a batch into the arguments of the model; must be importable.
        devices: The devices, the first one updates; or a dictionary of them with 'main'.
        auto_new_epoch: Whether to call ``new_epoch`` of the optimizer after each sweep.

    Raises:
        RuntimeError: NCCL is not available, or a process failed.
        ValueError: The devices are not given, or not as many as iterators.

    Source: compatible with chainer.training.updaters.MultiprocessParallelUpdater. Its
        processes are started by spawn: the script must be guarded by
        ``if __name__ == '__main__':``.
    """

    exchange: Any = NcclExchange

    def __init__(
        self,
        iterators: Any,
        optimizer: Any,
        converter: Callable[..., Any] = concat_examples,
        devices: Any = None,
        auto_new_epoch: bool = True,
    ) -> None:
        if not self.available():
            raise RuntimeError(
                'NCCL is not enabled. MultiprocessParallelUpdater requires NCCL, and '
                'CuPy: pip install "cupy-cuda12x[ctk]" nvidia-nccl-cu12\n  hint: '
                'minigrad.chainermn trains in several processes without a GPU too'
            )
        self._devices = _in_order(devices)
        sizes = [len(iterator.dataset) for iterator in iterators]
        if len(sizes) != len(self._devices) or len(set(sizes)) > 1:
            raise ValueError(
                'MultiprocessParallelUpdater: expected an iterator for each of the '
                f'{len(self._devices)} devices, over data of one length, got iterators '
                f'over {sizes} examples'
            )
        _adapt(optimizer, len(self._devices))
        super().__init__(
            iterators[0], optimizer, converter, auto_new_epoch=auto_new_epoch
        )
        self._master = optimizer.target
        self._mpu_iterators = iterators
        self._workers: list[Any] = []
        self._pipes: list[Any] = []
        self.comm: Any = None

    @staticmethod
    def available() -> bool:
        """Returns whether NCCL can be used."""
        from minigrad.chainermn import nccl

        return bool(nccl._available)

    def setup_workers(self) -> None:
        """Starts the processes, unless they are running."""
        if self.comm is not None or len(self._devices) == 1:
            self._master.to_device(self._devices[0])
            return
        self._master.cleargrads()
        self._master.to_device('@numpy')  # as it is sent
        exchanges = self.exchange.between(len(self._devices))
        for rank in range(1, len(self._devices)):
            pipe, end = _spawn.Pipe()
            arguments = (
                rank,
                end,
                exchanges[rank],
                self._master,
                self._mpu_iterators[rank],
                self.converter,
                self._devices[rank].name,
            )
            worker = _spawn.Process(target=_work, args=arguments, daemon=True)
            worker.start()
            end.close()
            self._workers.append(worker)
            self._pipes.append(pipe)
        with using_device(self._devices[0]):
            self._master.to_device(self._devices[0])
            self.comm = exchanges[0]
            self.comm.join(0)

    def update_core(self) -> None:
        """Makes a step with all processes."""
        self.setup_workers()
        for pipe in self._pipes:
            pipe.send('update')
        optimizer = self.get_optimizer('main')
        iterator = self.get_iterator('main')
        with using_device(self._devices[0]):
            batch = _call_converter(self.converter, iterator.next(), self._devices[0])
            _compute_gradients(self._master, batch)
            for rank, pipe in enumerate(self._pipes, 1):
                _check_answer(rank, pipe)
            if self.comm is not None:
                gradients = gather_grads(self._master)
                self.comm.sum_to_first(gradients)
                scatter_grads(self._master, gradients)
            optimizer.update()
            if self.comm is not None:
                self.comm.copy_from_first(gather_params(self._master))
        if self.auto_new_epoch and iterator.is_new_epoch:
            optimizer.new_epoch(auto=True)

    def finalize(self) -> None:
        """Ends the processes, and finalizes the iterator."""
        for pipe in self._pipes:
            try:
                pipe.send('finalize')
            except OSError:  # it has ended already
                continue
        for worker in self._workers:
            worker.join(SECONDS_TO_END)
            if worker.is_alive():
                worker.terminate()
        self._workers, self._pipes, self.comm = [], [], None
        super().finalize()


def _in_order(devices: Any) -> list[Any]:
    if isinstance(devices, dict):
        others = dict(devices)
        devices = [others.pop('main'), *others.values()]
    if not isinstance(devices, (list, tuple)):
        raise ValueError(
            'devices argument should be either dict, list or tuple, but '
            f'{type(devices)} was given.'
        )
    if any(device is None for device in devices):
        raise ValueError('GPU devices must be specified, got None among them')
    return [get_device(device) for device in devices]


def _adapt(optimizer: Any, n: int) -> None:
    """Makes the optimizer expect sums of gradients in place of means."""
    kind = type(optimizer).__name__
    if kind in ('Adam', 'AdaGrad', 'RMSprop'):
        name, value = 'eps', optimizer.eps * n
    elif kind in ('RMSpropGraves', 'AdaDelta'):
        name, value = 'eps', optimizer.eps * n**2
    elif hasattr(optimizer, 'lr'):
        name, value = 'lr', optimizer.lr / n
    else:
        return
    setattr(optimizer, name, value)
    warnings.warn(
        f'optimizer.{name} is changed to {value} by MultiprocessParallelUpdater for new '
        'batch size.',
        stacklevel=3,
    )


def _compute_gradients(model: Any, batch: Any) -> None:
    model.cleargrads()
    if isinstance(batch, tuple):
        loss = model(*batch)
    elif isinstance(batch, dict):
        loss = model(**batch)
    else:
        loss = model(batch)
    model.cleargrads()  # parameters that were initialized just now
    loss.backward()


def _check_answer(rank: int, pipe: Any) -> None:
    try:
        problem = pipe.recv()
    except EOFError:
        problem = 'it ended without a word (killed?)'
    if problem is not None:
        raise RuntimeError(
            f'MultiprocessParallelUpdater: process {rank} failed:\n{problem}'
        )


def _work(
    rank: int,
    pipe: Any,
    exchange: Any,
    model: Any,
    iterator: Any,
    converter: Callable[..., Any],
    device_name: str,
) -> None:
    """Runs in every process but the first."""
    device = get_device(device_name)
    device.use()
    model.to_device(device)
    reporter = Reporter()
    reporter.add_observer('main', model)
    reporter.add_observers('main', model.namedlinks(skipself=True))
    exchange.join(rank)
    while pipe.recv() == 'update':
        try:
            with reporter.scope({}):  # nobody sees what is reported here
                batch = _call_converter(converter, iterator.next(), device)
                _compute_gradients(model, batch)
        except Exception:
            pipe.send(traceback.format_exc())
            return
        pipe.send(None)
        exchange.sum_to_first(gather_grads(model))
        params = gather_params(model)
        exchange.copy_from_first(params)
        scatter_params(model, params)
    iterator.finalize()


def size_num_grads(link: Any) -> tuple[int, int]:
    """Returns the number of elements, and of arrays, of a link's parameters."""
    sizes = [p.size for p in _initialized(link)]
    return sum(sizes), len(sizes)


def gather_grads(link: Any) -> Array:
    """Returns the gradients of a link in one array; missing ones are zeros."""
    params = _initialized(link)
    xp = link.xp
    return xp.concatenate(
        [
            xp.zeros(p.size, p.dtype) if p.grad is None else p.grad.reshape(-1)
            for p in params
        ]
    )


def gather_params(link: Any) -> Array:
    """Returns the parameters of a link in one array."""
    return link.xp.concatenate([p.array.reshape(-1) for p in _initialized(link)])


def scatter_grads(link: Any, array: Array) -> None:
    """Gives a link's parameters the gradients that `gather_grads` returned."""
    for p, part in _parts(link, array):
        p.grad = part.astype(p.dtype, copy=False)


def scatter_params(link: Any, array: Array) -> None:
    """Gives a link's parameters the values that `gather_params` returned."""
    for p, part in _parts(link, array):
        p.array[...] = part


def _initialized(link: Any) -> list[Any]:
    return [p for _, p in sorted(link.namedparams()) if p.array is not None]


def _parts(link: Any, array: Array) -> Any:
    start = 0
    for p in _initialized(link):
        yield p, array[start : start + p.size].reshape(p.shape)
        start += p.size

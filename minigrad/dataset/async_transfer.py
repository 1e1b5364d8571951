"""Batches that travel to the GPU while it still computes with the one before."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad import backend
from minigrad.backend import GpuDevice
from minigrad.dataset.convert import Converter, _get_device, concat_examples
from minigrad.types import Array

_concat: Any = concat_examples  # a Converter, which may take more than its base


class ConcatWithAsyncTransfer(Converter):
    """Does what `concat_examples` does, and copies to a GPU on a stream of its own.

    A batch is put into page-locked memory, copied into a staging buffer on the device
    beside the running computation, and from there, in the order of the computation,
    into arrays that are the caller's alone: they may be kept as long as one likes. The
    second copy is within the device, a hundredth of the time of the first.

    Args:
        stream: ``cupy.cuda.Stream`` for the copies; one is made when None.
        compute_stream: Stream that will use the arrays; by default the current one at
            each call.

    Source: compatible with chainer.dataset.convert.ConcatWithAsyncTransfer.

    Example:
        >>> convert = minigrad.dataset.ConcatWithAsyncTransfer()
        >>> convert([np.zeros(2), np.ones(2)])
        array([[0., 0.],
               [1., 1.]])
    """

    def __init__(self, stream: Any = None, compute_stream: Any = None) -> None:
        self._stream = stream
        self.compute_stream = compute_stream
        self._device: backend.Device | None = None
        self._lanes_: dict[Any, list[_Slot]] = {}

    def __call__(self, batch: Any, device: Any = None, padding: Any = None) -> Any:
        """Joins a batch and starts its way to the device.

        Raises:
            ValueError: The batch is empty, or the device is another than before.
        """
        target = _get_device(device)
        if not isinstance(target, GpuDevice):
            return _concat(batch, target, padding)
        if self._device is None:
            self._device = target
        elif target != self._device:
            raise ValueError(
                f'ConcatWithAsyncTransfer: one object serves one device, {self._device}, '
                f'and was asked for {target}'
            )
        joined = _concat(batch, padding=padding)
        with target.create_context():
            return _each(self._send_, joined)

    def _send_(self, array: Array, place: Any) -> Array:
        if not isinstance(array, numpy.ndarray):
            return self._device.send(array)  # type: ignore[union-attr]
        cupy = backend.import_cupy()
        if self._stream is None:
            self._stream = cupy.cuda.Stream(non_blocking=True)
        compute = self.compute_stream
        if compute is None:
            compute = cupy.cuda.get_current_stream()
        lane = self._lanes_.setdefault(place, [])
        if len(lane) < 2:
            lane.append(_Slot(cupy))
        slot = lane[0]
        lane.append(lane.pop(0))  # the other one next time
        return slot.send(array, self._stream, compute)


class _Slot:
    """Page-locked memory, and a buffer on the device, for one array at a time."""

    def __init__(self, cupy: Any) -> None:
        self._cupy = cupy
        self._size = -1
        self._arrived = cupy.cuda.Event(disable_timing=True)
        self._taken = cupy.cuda.Event(disable_timing=True)

    def send(self, array: Any, stream: Any, compute: Any) -> Array:
        """Returns the array on the device, readable in the order of ``compute``."""
        cupy = self._cupy
        if array.nbytes > self._size:
            if self._size >= 0:
                self._taken.synchronize()
            self._size = array.nbytes
            self._pinned = cupy.cuda.alloc_pinned_memory(max(self._size, 1))
            self._staging = cupy.empty(max(self._size, 1), numpy.uint8)
            # The pool may have given memory that the computation still reads.
            compute.synchronize()
        else:
            self._arrived.synchronize()  # the pinned memory was read
        pinned = numpy.frombuffer(self._pinned, array.dtype, array.size)
        pinned = pinned.reshape(array.shape)
        pinned[...] = array
        staging = self._staging[: array.nbytes].view(array.dtype).reshape(array.shape)
        stream.wait_event(self._taken)
        staging.set(pinned, stream)
        self._arrived.record(stream)
        compute.wait_event(self._arrived)
        with compute:
            result = staging.copy()
        self._taken.record(compute)
        return result


def _each(send: Any, joined: Any) -> Any:
    """Calls ``send(array, place)`` for an array, or each of a tuple or dictionary."""
    if isinstance(joined, tuple):
        return tuple([send(array, i) for i, array in enumerate(joined)])
    if isinstance(joined, dict):
        return {key: send(array, key) for key, array in joined.items()}
    return send(joined, None)

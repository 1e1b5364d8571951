"""Objects that live on a device and can be moved to another, as a whole hierarchy."""

from __future__ import annotations

import warnings
from typing import Any, NoReturn, Self

from minigrad.backend import (
    CpuDevice,
    Device,
    GpuDevice,
    get_device,
    get_device_from_array,
    import_cupy,
)
from minigrad.named_arguments import checks_arguments
from minigrad.not_provided import refuse_chainerx, refuse_ideep
from minigrad.types import Array, ArrayModule


class DeviceResidentsVisitor:
    """What is done to each object of a hierarchy by ``device_resident_accept``."""

    def visit_device_resident(self, device_resident: DeviceResident) -> None:
        """Processes one object of the hierarchy."""
        raise NotImplementedError

    def visit_array(self, arr: Array) -> Array:
        """Processes an array and returns what takes its place."""
        raise NotImplementedError

    def visit_variable(self, param: Any) -> None:
        """Processes a `Variable` or a `Parameter` in place."""
        raise NotImplementedError


class DeviceResident:
    """Base class of what lives on a device: links, and whatever holds arrays.

    A subclass with arrays of its own overrides `device_resident_accept` and hands them to
    the visitor.
    """

    _device: Device = CpuDevice()

    def __init__(self) -> None:
        # Calls no further __init__: as in Chainer, a mixin behind Link is left alone.
        pass

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to this object and everything below it."""
        visitor.visit_device_resident(self)

    @property
    def device(self) -> Device:
        """The device this object lives on."""
        return self._device

    @property
    def xp(self) -> ArrayModule:
        """The array module of the device: ``numpy`` or ``cupy``."""
        return self.device.xp

    @checks_arguments
    def to_device(self, device: Any) -> Self:
        """Moves all arrays to a device.

        Args:
            device: What `minigrad.get_device` accepts: ``'@numpy'``, ``'@cupy:0'``,
                ``-1``, ``0``, a `Device`.

        Returns:
            self.

        Example:
            >>> L.Linear(3, 2).to_device('@numpy').xp.__name__
            'numpy'
        """
        self.device_resident_accept(_ToDevice(get_device(device)))
        return self

    def to_cpu(self) -> Self:
        """Moves all arrays to the CPU; the older form of ``to_device('@numpy')``."""
        _warn_deprecated('to_cpu', '@numpy')
        self.device_resident_accept(_ToDevice(CpuDevice(), caller=self))
        return self

    def to_gpu(self, device: Any = None) -> Self:
        """Moves all arrays that are on the CPU to a GPU (None: the current one).

        The older form of ``to_device('@cupy:N')``, which also moves from GPU to GPU.
        """
        _warn_deprecated('to_gpu', '@cupy:N')
        target = get_device(import_cupy().cuda.Device() if device is None else device)
        self.device_resident_accept(_ToDevice(target, caller=self, from_cpu_only=True))
        return self

    def to_intel64(self) -> NoReturn:
        """Raises: iDeep is not available."""
        refuse_ideep(f'{type(self).__name__}.to_intel64')

    def to_chx(self) -> NoReturn:
        """Raises: ChainerX is not available."""
        refuse_chainerx(f'{type(self).__name__}.to_chx')

    def from_chx(self) -> Self:
        """Returns itself: no array is ChainerX's."""
        return self


def _warn_deprecated(method: str, device: str) -> None:
    warnings.warn(
        f"{method} is deprecated. Please use to_device('{device}') instead.",
        DeprecationWarning,
        stacklevel=3,
    )


class _ToDevice(DeviceResidentsVisitor):
    # Programs from before Chainer 6 move extra arrays in overridden to_cpu and to_gpu
    # methods; those are called on the way, except on the object that is calling.

    def __init__(
        self,
        device: Device,
        caller: DeviceResident | None = None,
        from_cpu_only: bool = False,
    ) -> None:
        self._device = device
        self._caller = caller
        self._from_cpu_only = from_cpu_only

    def visit_device_resident(self, device_resident: DeviceResident) -> None:
        device_resident._device = self._device
        if device_resident is self._caller:
            return
        kind = type(device_resident)
        if isinstance(self._device, GpuDevice):
            if kind.to_gpu is not DeviceResident.to_gpu:
                device_resident.to_gpu(self._device.device.id)
        elif kind.to_cpu is not DeviceResident.to_cpu:
            device_resident.to_cpu()

    def _stays(self, device: Device) -> bool:
        return self._from_cpu_only and isinstance(device, GpuDevice)

    def visit_array(self, arr: Array) -> Array:
        return (
            arr if self._stays(get_device_from_array(arr)) else self._device.send(arr)
        )

    def visit_variable(self, param: Any) -> None:
        if not self._stays(param.device):
            param.to_device(self._device)

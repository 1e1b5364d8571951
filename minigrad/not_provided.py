"""What Chainer had and minigrad has not: importable, and saying why when it is used.

Programs import these names, or ask ``isinstance`` of them, on the way to something else.
"""

from __future__ import annotations

from typing import Any, NoReturn

from minigrad.backend import Device


class ChainerxDevice(Device):
    """The device of ChainerX arrays: there are none, so no device is one."""

    def __init__(self, device: Any = None) -> None:
        refuse_chainerx('ChainerxDevice')

    @staticmethod
    def from_array(array: Any) -> None:
        """Returns None: no array is ChainerX's."""

    @staticmethod
    def from_fallback_device(device: Device) -> NoReturn:
        """Raises: there are no ChainerX devices."""
        refuse_chainerx('ChainerxDevice')


class Intel64Device(Device):
    """The device of iDeep arrays: there are none, so no device is one."""

    def __init__(self) -> None:
        refuse_ideep('Intel64Device')

    @staticmethod
    def from_array(array: Any) -> None:
        """Returns None: no array is iDeep's."""


def refuse_chainerx(name: str) -> NoReturn:
    """Raises for something that needs ChainerX."""
    raise RuntimeError(
        f"{name}: ChainerX is not available in minigrad\n  use '@numpy' or '@cupy:0', "
        'whose kernels take its place'
    )


def refuse_ideep(name: str) -> NoReturn:
    """Raises for something that needs iDeep."""
    raise RuntimeError(
        f"{name}: iDeep is not available; its last release was in 2019\n  use '@numpy', "
        'where kernels compiled by Numba take its place'
    )


def to_chx(array: Any) -> NoReturn:
    """Raises: there are no ChainerX arrays."""
    refuse_chainerx('to_chx')


def from_chx(array: Any) -> Any:
    """Returns the array or arrays as they are: none is ChainerX's."""
    return array


def check_ideep_available() -> NoReturn:
    """Raises: iDeep is not available."""
    refuse_ideep('check_ideep_available')


def inputs_all_ready(inputs: Any, supported_ndim: tuple[int, ...] = (2, 4)) -> bool:
    """Returns False: no input is ready for iDeep."""
    return False


class DaliIterator:
    """Pipelines of NVIDIA DALI are not supported; use MultiprocessIterator."""

    def __init__(self, pipeline: Any = None, repeat: bool = True) -> None:
        raise NotImplementedError(
            'DaliIterator: pipelines of NVIDIA DALI are not supported by minigrad\n  use '
            'MultiprocessIterator with a TransformDataset, and ConcatWithAsyncTransfer '
            'as the converter: it copies the next batch to the GPU during an update'
        )


class TheanoFunction:
    """Theano ended in 2017 and does not run on this Python."""

    def __init__(self, inputs: Any = None, outputs: Any = None, *args: Any) -> None:
        raise NotImplementedError(
            'TheanoFunction: Theano ended in 2017 and does not run on this Python\n  '
            'write the function with minigrad.functions, or as a FunctionNode'
        )

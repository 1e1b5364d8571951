"""Copies: to another device, and of one's own memory."""

from __future__ import annotations

from typing import Any

from minigrad.backend import Device, get_device, get_device_from_array
from minigrad.function_node import FunctionNode
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class Copy(FunctionNode):
    arg_names = ('x',)

    def __init__(self, in_device: Device, out_device: Device) -> None:
        self._in_device = in_device
        self.out_device = out_device

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.out_device.send(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return Copy(self.out_device, self._in_device).apply(grad_outputs)


@checks_arguments
def copy(x: Any, dst: Any) -> Variable:
    """Copies a variable to a device.

    Args:
        x: Variable or array.
        dst: Anything that `minigrad.get_device` takes, such as ``'@cupy:0'``.

    Returns:
        Variable on ``dst``; on the same device its array is the array of ``x``.

    Gradient: copied back to the device of ``x``.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.copy.

    Example:
        >>> F.copy(np.ones(2, 'f'), '@numpy').device
        <CpuDevice (numpy)>
    """
    x = as_variable(x)
    in_device = get_device_from_array(x.array)
    return Copy(in_device, get_device(dst)).apply((x,))[0]


class Duplicate(FunctionNode):
    """The same values in memory of their own."""

    arg_names = ('x',)

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return inputs[0].copy()

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs[0]


def duplicate(x: Variable) -> Variable:
    """Returns a variable of equal values that shares no memory with ``x``."""
    return Duplicate().apply((x,))[0]

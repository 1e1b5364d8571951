"""What Chainer's programs call Variables and their nodes by, beside the names in use."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NoReturn

import numpy

from minigrad import backend
from minigrad.memory_layouts import check_standard
from minigrad.not_provided import refuse_chainerx, refuse_ideep
from minigrad.types import Array

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode
    from minigrad.variable import Variable


class NodeNames:
    """Setters of the creator, which is a property too."""

    __slots__ = ()

    def set_creator(self: Any, creator: Any) -> None:
        """Makes ``creator`` the function that made this variable."""
        self.creator_node = creator

    def set_creator_node(self: Any, fnode: FunctionNode | None) -> None:
        """Makes ``fnode`` the node that made this variable."""
        self.creator_node = fnode


class VariableNames(NodeNames):
    """Older names of Variable's attributes and methods."""

    __slots__ = ()

    _has_chainerx_array = False  # Chainer's programs ask; there are no such arrays

    if TYPE_CHECKING:
        _array: Array
        _grad_var: Variable | None
        array: Array
        name: str | None

    @property
    def data(self) -> Array:
        """The same as `array`."""
        return self._array

    @data.setter
    def data(self, array: Array | None) -> None:
        self.array = array

    @property
    def raw_array(self) -> Array:
        """The same as `array`."""
        return self._array

    def retain_data(self) -> None:
        """Does nothing: functions keep the arrays they retain."""

    def zerograd(self: Any) -> None:
        """Fills the gradient with zeros; `cleargrad` is cheaper and does the same."""
        warnings.warn(
            'Variable.zerograd is deprecated. Use Variable.cleargrad instead.',
            DeprecationWarning,
            stacklevel=2,
        )
        self._zerograd()

    def _zerograd(self: Any) -> None:
        if self._array is None:
            return
        with backend.using_device(self.device):
            grad = self._grad_var
            if grad is None:
                self.grad = self.xp.zeros_like(self._array)
            else:
                grad.unchain()
                grad._array.fill(0)

    def to_cpu(self: Any) -> None:
        """Moves array and gradient to main memory, in place."""
        self.to_device(backend.CpuDevice())

    def to_gpu(self: Any, device: Any = None) -> None:
        """Moves array and gradient to a GPU, in place; by default to the current one."""
        if device is None:
            device = backend.import_cupy().cuda.Device()
        self.to_device(device)

    def to_intel64(self) -> NoReturn:
        """Raises: iDeep is not available."""
        refuse_ideep('Variable.to_intel64')

    def to_chx(self) -> NoReturn:
        """Raises: ChainerX is not available."""
        refuse_chainerx('Variable.to_chx')

    def from_chx(self) -> None:
        """Does nothing: no array is ChainerX's."""

    def as_layout(self: Any, layout: str | None) -> Variable:
        """Returns itself: all arrays have the standard memory layout, None."""
        check_standard('Variable.as_layout', layout)
        return self  # type: ignore[no-any-return]

    @property
    def layout(self) -> None:
        """None: the standard memory layout, ``(N, C, ...)``."""
        return None

    @property
    def chx_array(self) -> NoReturn:
        """Raises: there are no ChainerX arrays."""
        raise ValueError('chx_array: ChainerX is not available in minigrad; use array')

    def summary(self) -> str:
        """Returns a short text that names this variable."""
        return f'<variable {self.name or f"at 0x{id(self):x}"}>'

    def debug_print(self: Any) -> str:
        """Returns several lines about shape, dtype, statistics and gradient."""

        def statistics(array: Array) -> str:
            return f'mean={float(array.mean()):.8f}, std={float(array.std()):.8f}'

        array, grad = self._array, self.grad
        if grad is None or not bool((grad != 0).any()):
            grad_text: Any = None if grad is None else 0
        else:
            grad_text = statistics(grad)
        on_cpu = isinstance(array, numpy.ndarray)
        rows = {
            'device': 'CPU' if on_cpu else getattr(array, 'device', None),
            'backend': None if array is None else type(array),
            'shape': getattr(array, 'shape', None),
            'dtype': getattr(array, 'dtype', None),
            'statistics': None if array is None else statistics(array),
            'grad': grad_text,
        }
        lines = [f'- {key}: {value}' for key, value in rows.items()]
        return '\n'.join([self.summary(), *lines])

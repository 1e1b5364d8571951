"""Parameters: the variables that links register and optimizers update."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy

from minigrad import backend
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class _Copies(list[Any]):
    """Weak references to a parameter and its shallow copies, which share one array.

    A deep copy, or one through pickle, shares with none: its list is empty.
    """

    def __reduce__(self) -> Any:
        return _Copies, ()


class Parameter(Variable):
    """A variable that a link registers and an optimizer updates.

    Without a shape it is *lazy*: its array is made by `initialize`, when the link first
    sees an input.

    Args:
        initializer: An initializer, an array, a scalar, or None (NaN, so that a
            forgotten initialisation shows).
        shape: Shape, or None to be initialised later.
        name: Name for graphs and messages.

    Source: compatible with chainer.Parameter.

    Example:
        >>> W = minigrad.Parameter(0.5)
        >>> W.is_initialized
        False
        >>> W.initialize((2, 3))
        >>> W.shape
        (2, 3)
    """

    initializer: Any = None

    @checks_arguments
    def __init__(
        self,
        initializer: Any = None,
        shape: Any = None,
        name: str | None = None,
    ) -> None:
        from minigrad.initializers import Constant, NaN, generate_array

        is_array = backend.is_array(initializer)
        if initializer is None:
            initializer = NaN()
        elif numpy.isscalar(initializer):
            initializer = Constant(initializer)
        # The gradient of a parameter that was never cleared is NaN, as in Chainer.
        self._grad_initializer: Any = None
        self._grad_is_set = True
        self.update_rule: Any = None
        self._initial_device: backend.Device = backend.CpuDevice()
        self._copies = _Copies()
        if shape is not None:
            xp = backend.get_array_module(initializer)
            if is_array:
                initializer = Constant(initializer)
            data = generate_array(initializer, shape, xp)
            super().__init__(data, name=name, grad=xp.full_like(data, numpy.nan))
        elif is_array:
            super().__init__(initializer, name=name)
            initializer = Constant(initializer, initializer.dtype)
        else:
            super().__init__(name=name)
            self._grad_initializer = NaN(getattr(initializer, 'dtype', None))
            self._grad_is_set = False
        self.initializer = initializer

    @property
    def array(self) -> Array:
        """The array that this parameter and its shallow copies hold."""
        return self._array

    @array.setter
    def array(self, array: Array | None) -> None:
        for parameter in self._sharing():
            Variable.array.fset(parameter, array)  # type: ignore[attr-defined]

    def _sharing(self) -> list[Parameter]:
        alive = [reference() for reference in self._copies]
        copies = [p for p in alive if p is not None and p._copies is self._copies]
        return copies if copies else [self]

    @property
    def is_initialized(self) -> bool:
        """Whether the array has been made."""
        return self._array is not None

    @property
    def dtype(self) -> Any:
        """Dtype of the array, or the one that it will have.

        Raises:
            RuntimeError: It is not known before `initialize`.
        """
        if self._array is not None:
            return self._array.dtype
        dtype = getattr(self.initializer, 'dtype', None)
        if dtype is None:
            raise RuntimeError(
                'the dtype of this parameter is not known yet: it is uninitialised and '
                'its initializer names no dtype'
            )
        return numpy.dtype(dtype)

    @property
    def grad(self) -> Array | None:
        """The gradient as an array, None after `cleargrad`.

        Raises:
            RuntimeError: The parameter is uninitialised and its gradient was not
                cleared.
        """
        if not self._grad_is_set:
            raise RuntimeError(
                'this parameter is uninitialised and has no gradient yet; call '
                'cleargrad() or initialize() first'
            )
        grad_var = self._grad_var
        return None if grad_var is None else grad_var._array

    @grad.setter
    def grad(self, grad: Array | None) -> None:
        Variable.grad.fset(self, grad)  # type: ignore[attr-defined]
        self._grad_is_set = True

    def _set_grad_var(self, grad_var: Variable | None) -> None:
        self._grad_var = grad_var
        self._grad_is_set = True

    def cleargrad(self) -> None:
        """Drops the gradient, so that the next backward starts from nothing."""
        self._set_grad_var(None)
        self._grad_initializer = None

    def _zerograd(self) -> None:
        from minigrad.initializers import Zero

        super()._zerograd()
        self._grad_is_set = True
        if self._array is None:
            self._grad_initializer = Zero(getattr(self.initializer, 'dtype', None))

    def initialize(self, shape: Any) -> None:
        """Makes the array of a lazy parameter, on the device it was sent to.

        Args:
            shape: Shape of the array.
        """
        from minigrad.initializers import generate_array

        device = self._initial_device
        with backend.using_device(device):
            array = generate_array(self.initializer, shape, device.xp, device=device)
            self.array = array
            grad = None
            if self._grad_initializer is not None:
                grad = generate_array(
                    self._grad_initializer, shape, device.xp, device=device
                )
            self.grad = grad

    def uninitialize(self) -> None:
        """Makes the parameter lazy again: no shape, no array, no gradient."""
        self.array = None
        self._grad_var = None
        self._grad_is_set = self._grad_initializer is None

    def update(self) -> None:
        """Lets the update rule change the array, if there is a rule."""
        if self.update_rule is not None:
            self.update_rule.update(self)

    def to_device(self, device: Any) -> None:
        """Moves array and gradient to a device; a lazy parameter is made there."""
        device = backend.get_device(device)
        if device != (self._initial_device if self._array is None else self.device):
            self._copies = _Copies()  # copies on another device have their own array
        self._initial_device = device
        super().to_device(device)

    def __copy__(self) -> Parameter:
        parameter = Parameter.__new__(type(self))
        self._copy_to(parameter)
        self._copies[:] = [ref(p) for p in (*self._sharing(), parameter)]
        return parameter

    def __reduce__(self) -> Any:
        return _restore_parameter, (
            type(self),
            self._array,
            self._name,
            None if self._grad_var is None else self._grad_var._array,
            self._requires_grad,
            self.__dict__,
        )


def _restore_parameter(
    kind: type[Parameter],
    array: Array | None,
    name: str | None,
    grad: Array | None,
    requires_grad: bool,
    attributes: dict[str, Any],
) -> Parameter:
    parameter = kind.__new__(kind)
    Variable.__init__(parameter, array, name=name, requires_grad=requires_grad)
    parameter.__dict__.update(attributes)
    parameter._grad_var = None if grad is None else Variable(grad)
    return parameter


# By these names Chainer's pickles ask for their variables and parameters.


def _create_variable(
    data: Any, name: Any, grad: Any, requires_grad: bool, device: Any
) -> Variable:
    return Variable(data, name=name, grad=grad, requires_grad=requires_grad)


def _recover_parameter(data: Any, name: Any, grad: Any, *rest: Any) -> Parameter:
    # The rest: whether the gradient is valid (since Chainer 6), the initializer, the
    # update rule and the device.
    initializer, update_rule = rest[-3:-1]
    parameter = Parameter(initializer if data is None else data, name=name)
    if data is not None:
        parameter.grad = grad
    parameter.update_rule = update_rule
    return parameter

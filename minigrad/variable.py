"""Variables and the nodes of the graph that stand for them.

A `Variable` is what the user holds: it owns the array. A `VariableNode` is what the
graph holds: shape, dtype and creator, but never the array, so an activation that no
function retained is freed as soon as the user lets go of its Variable. Nodes are made
when something first asks for them; inference makes none.
"""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from weakref import ref

import numpy
from numpy import ndarray

from minigrad import backend
from minigrad.memory_layouts import check_standard
from minigrad.not_provided import refuse_chainerx, refuse_ideep
from minigrad.types import Array, ArrayModule

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode


class VariableNode:
    """The graph's stand-in for a Variable.

    A function holds its input nodes strongly and its output nodes weakly; a node holds
    its creator strongly and its Variable weakly.
    """

    __slots__ = (
        '__weakref__',
        '_creator_node',
        '_rank',
        '_requires_grad',
        '_variable',
        'dtype',
        'name',
        'shape',
    )

    def __init__(
        self,
        variable: Variable,
        name: str | None = None,
        creator_node: FunctionNode | None = None,
        rank: int = 0,
    ) -> None:
        array = variable._array
        self._variable = ref(variable)
        self.name = name
        self._requires_grad = variable._requires_grad
        self._creator_node = creator_node
        self._rank = rank
        if array is None:
            self.shape: tuple[int, ...] | None = None
            self.dtype: Any = None
        else:
            self.shape = array.shape
            self.dtype = array.dtype

    @property
    def creator_node(self) -> FunctionNode | None:
        """The function node that made this variable; None for a leaf."""
        return self._creator_node

    @creator_node.setter
    def creator_node(self, function: Any) -> None:
        # An old-style Function stands in the graph as its adapter node.
        function = getattr(function, 'node', function)
        self._creator_node = function
        if function is not None:
            self._rank = function.rank + 1

    @property
    def creator(self) -> Any:
        """The creator as its author wrote it: a FunctionNode or an old Function."""
        node = self._creator_node
        if node is None or node.old_function is None:
            return node
        return node.old_function

    @creator.setter
    def creator(self, function: Any) -> None:
        self.creator_node = function

    def set_creator(self, creator: Any) -> None:
        """Makes ``creator`` the function that made this variable."""
        self.creator_node = creator

    def set_creator_node(self, creator_node: FunctionNode | None) -> None:
        """Makes ``creator_node`` the node that made this variable."""
        self.creator_node = creator_node

    @property
    def data(self) -> Array | None:
        """The array of the Variable, None if the Variable is gone."""
        variable = self._variable()
        return None if variable is None else variable._array

    @property
    def grad(self) -> Array | None:
        """The gradient array of the Variable, None if the Variable is gone."""
        variable = self._variable()
        return None if variable is None else variable.grad

    @property
    def grad_var(self) -> Variable | None:
        """The gradient of the Variable, None if the Variable is gone."""
        variable = self._variable()
        return None if variable is None else variable.grad_var

    @property
    def label(self) -> str:
        """Shape and dtype, as graphs show them: ``'(2, 3), float32'``."""
        if self.shape == () or self.shape is None:
            return str(self.dtype)
        return f'({", ".join(map(str, self.shape))}), {self.dtype}'

    @property
    def rank(self) -> int:
        """Length of the longest path from a leaf to this node."""
        return self._rank

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow into this node."""
        return self._requires_grad

    def get_variable(self) -> Variable:
        """Returns the Variable, or an empty one on this node if it is gone."""
        variable = self._variable()
        return self._rebuild(None) if variable is None else variable

    def get_variable_or_none(self) -> Variable | None:
        """Returns the Variable, None if it is gone."""
        return self._variable()

    def variable_of(self, array: Array) -> Variable:
        """Returns a Variable on this node that holds ``array``."""
        variable = self._variable()
        if variable is not None and variable._array is array:
            return variable
        return self._rebuild(array)

    def _rebuild(self, array: Array) -> Variable:
        variable = Variable.__new__(Variable)
        variable._array = array
        variable._node = self
        variable._requires_grad = self._requires_grad
        variable._grad_var = None
        variable._name = self.name
        return variable

    def unchain(self) -> None:
        """Forgets the creator, so that gradients stop here."""
        self._creator_node = None


def check_gradient(
    array: Array, gradient: Array, function: FunctionNode | None = None
) -> None:
    """Raises unless ``gradient`` can be the gradient of ``array``.

    ``array`` may be anything with ``dtype`` and ``shape``, such as a VariableNode.

    Raises:
        TypeError: The gradient is no array, or of another module or dtype.
        ValueError: The gradient has another shape.
    """
    if array is None or array.dtype is None:
        return
    where = '' if function is None else f'{function.public_name}: '
    if not backend.is_array(gradient):
        raise TypeError(
            f'{where}expected an array as gradient, got {type(gradient).__name__}'
        )
    if backend.is_array(array) and not backend.is_arrays_compatible((array, gradient)):
        raise TypeError(
            f'{where}the data is a {type(array).__module__} array, but its gradient a '
            f'{type(gradient).__module__} array'
        )
    if gradient.dtype != array.dtype:
        raise TypeError(
            f'{where}expected a gradient of dtype {array.dtype}, as the data has, got '
            f'{gradient.dtype}'
        )
    if gradient.shape != array.shape:
        raise ValueError(
            f'{where}expected a gradient of shape {array.shape}, as the data has, got '
            f'{gradient.shape}'
        )


class Variable:
    """An array that remembers the function that made it.

    Args:
        data: ``numpy.ndarray`` or ``cupy.ndarray`` of any shape and dtype, or None.
        name: Name for graphs and messages.
        grad: Initial gradient, same shape and dtype as ``data``.
        requires_grad: If False, no gradient flows into this variable.

    Raises:
        TypeError: ``data`` is neither None nor an array.

    Source: compatible with chainer.Variable.

    Example:
        >>> x = minigrad.Variable(np.array([1., 2.], dtype='f'))
        >>> y = (x * x).reshape(2)
        >>> y.grad = np.ones(2, dtype='f')
        >>> y.backward()
        >>> x.grad
        array([2., 4.], dtype=float32)
    """

    __slots__ = (
        '__dict__',  # programs hang attributes of their own on variables
        '__weakref__',
        '_array',
        '_grad_var',
        '_name',
        '_node',
        '_requires_grad',
    )

    _has_chainerx_array = False  # Chainer's programs ask; there are no such arrays
    _loss_scale: float | None = None  # set on parameters alone, by a scaled backward
    __array_priority__ = 200
    __array_ufunc__ = None  # ndarray + Variable is left to Variable.__radd__
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(
        self,
        data: Array | None = None,
        *,
        name: str | None = None,
        grad: Array | None = None,
        requires_grad: bool = True,
    ) -> None:
        if data.__class__ is not ndarray and not (
            data is None or backend.is_array(data)
        ):
            raise TypeError(
                'Variable: expected numpy.ndarray or cupy.ndarray, got '
                f'{type(data).__name__}\n  hint: wrap it in numpy.array(...) first'
            )
        self._array: Array = data
        self._node: VariableNode | None = None
        self._requires_grad = requires_grad
        self._grad_var: Variable | None = None
        self._name = name
        if grad is not None:
            self.grad = grad

    # -- the array ---------------------------------------------------------------

    @property
    def array(self) -> Array:
        """The array that this variable holds."""
        return self._array

    @array.setter
    def array(self, array: Array | None) -> None:
        self._array = array
        node = self._node
        if node is not None:
            node.shape = None if array is None else array.shape
            node.dtype = None if array is None else array.dtype

    @property
    def data(self) -> Array:
        """The same as `array`, Chainer's older name."""
        return self._array

    @data.setter
    def data(self, array: Array | None) -> None:
        self.array = array

    @property
    def raw_array(self) -> Array:
        """The same as `array`."""
        return self._array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self._array.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._array.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._array.size  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """Dtype of the array."""
        return self._array.dtype

    @property
    def device(self) -> backend.Device:
        """The device that the array lives on."""
        return backend.get_device_from_array(self._array)

    @property
    def xp(self) -> ArrayModule:
        """``numpy`` or ``cupy``, whichever the array belongs to."""
        return backend.get_array_module(self._array)

    def __len__(self) -> int:
        return len(self._array)

    def item(self) -> Any:
        """Returns the only element as a Python number."""
        return self._array.item()

    # -- the gradient ------------------------------------------------------------

    @property
    def grad(self) -> Array | None:
        """The gradient as an array, None if there is none."""
        grad_var = self._grad_var
        return None if grad_var is None else grad_var._array

    @grad.setter
    def grad(self, grad: Array | None) -> None:
        if grad is None:
            self._grad_var = None
        else:
            check_gradient(self._array, grad)
            self._grad_var = Variable(grad)

    @property
    def grad_var(self) -> Variable | None:
        """The gradient as a Variable, None if there is none."""
        return self._grad_var

    @grad_var.setter
    def grad_var(self, grad_var: Variable | None) -> None:
        if grad_var is not None:
            check_gradient(self._array, grad_var._array)
        self._set_grad_var(grad_var)

    def _set_grad_var(self, grad_var: Variable | None) -> None:
        self._grad_var = grad_var

    def cleargrad(self) -> None:
        """Drops the gradient, so that the next backward starts from nothing."""
        self._set_grad_var(None)

    def zerograd(self) -> None:
        """Fills the gradient with zeros; `cleargrad` is cheaper and does the same."""
        warnings.warn(
            'Variable.zerograd is deprecated. Use Variable.cleargrad instead.',
            DeprecationWarning,
            stacklevel=2,
        )
        self._zerograd()

    def _zerograd(self) -> None:
        if self._array is None:
            return
        with backend.using_device(self.device):
            grad = self._grad_var
            if grad is None:
                self.grad = self.xp.zeros_like(self._array)
            else:
                grad.unchain()
                grad._array.fill(0)

    def addgrad(self, var: Variable) -> None:
        """Adds the gradient of ``var`` to this variable's gradient."""
        from minigrad.functions.array.copy import copy as copy_to
        from minigrad.functions.array.copy import duplicate

        grad = var.grad_var if var.grad is not None else None
        if grad is None:
            return
        if self._array is None:
            self.initialize(var.shape)  # type: ignore[attr-defined]
        if grad.device != self.device:
            grad = copy_to(grad, self.device)
        own = self.grad_var
        self.grad_var = duplicate(grad) if own is None else own + grad

    def copydata(self, var: Variable) -> None:
        """Copies the values of ``var``; the side that has none yet is initialised."""
        if var._array is None:
            if self._array is None:
                return
            var.initialize(self.shape)  # type: ignore[attr-defined]
        elif self._array is None:
            self.initialize(var.shape)  # type: ignore[attr-defined]
        backend.copyto(self._array, var._array)

    # -- the graph ---------------------------------------------------------------

    @property
    def node(self) -> VariableNode:
        """The node that stands for this variable in the graph."""
        node = self._node
        if node is None:
            node = self._node = VariableNode(self, self._name)
        return node

    @property
    def name(self) -> str | None:
        """Name for graphs and messages."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name
        if self._node is not None:
            self._node.name = name

    @property
    def label(self) -> str:
        """Shape and dtype, as graphs show them: ``'(2, 3), float32'``."""
        return self.node.label

    @property
    def rank(self) -> int:
        """Length of the longest path from a leaf to this variable."""
        return 0 if self._node is None else self._node._rank

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow into this variable."""
        return self._requires_grad

    @property
    def creator_node(self) -> FunctionNode | None:
        """The function node that made this variable; None for a leaf."""
        return None if self._node is None else self._node._creator_node

    @creator_node.setter
    def creator_node(self, function: Any) -> None:
        self.node.creator_node = function

    @property
    def creator(self) -> Any:
        """The creator as its author wrote it: a FunctionNode or an old Function."""
        return None if self._node is None else self._node.creator

    @creator.setter
    def creator(self, function: Any) -> None:
        self.node.creator_node = function

    def set_creator(self, gen_func: Any) -> None:
        """Makes ``gen_func`` the function that made this variable."""
        self.node.creator_node = gen_func

    def set_creator_node(self, fnode: FunctionNode | None) -> None:
        """Makes ``fnode`` the node that made this variable."""
        self.node.creator_node = fnode

    def retain_data(self) -> None:
        """Does nothing: functions keep the arrays they retain (Chainer's name)."""

    def unchain(self) -> None:
        """Forgets the creator, so that gradients stop here."""
        if self._node is not None:
            self._node.unchain()

    def unchain_backward(self) -> None:
        """Cuts the whole graph behind this variable, which frees what it kept."""
        functions = [] if self.creator_node is None else [self.creator_node]
        seen = set(functions)
        while functions:
            function = functions.pop()
            for x in function.inputs or ():
                creator = x._creator_node
                if creator is not None and creator not in seen:
                    seen.add(creator)
                    functions.append(creator)
            function.unchain()

    def backward(
        self,
        retain_grad: bool = False,
        enable_double_backprop: bool = False,
        loss_scale: float | None = None,
    ) -> None:
        """Runs backpropagation from this variable to every leaf behind it.

        Gradients of leaves are added to what they hold; see `cleargrad`.

        Args:
            retain_grad: Keep the gradients of intermediate variables too.
            enable_double_backprop: Record the computation of the gradients, so that
                they can be differentiated again.
            loss_scale: Factor on the initial gradient of a scalar, against float16
                underflow; optimizers divide by it.

        Raises:
            RuntimeError: The variable has more than one element and no ``grad``.

        Source: compatible with chainer.Variable.backward.

        Example:
            >>> x = minigrad.Variable(np.array(3., dtype='f'))
            >>> (x ** 2).backward()
            >>> x.grad
            array(6., dtype=float32)
        """
        from minigrad import backprop

        backprop.backward_from(self, retain_grad, enable_double_backprop, loss_scale)

    # -- moving ------------------------------------------------------------------

    def to_device(self, device: Any) -> None:
        """Moves array and gradient to a device, in place.

        Args:
            device: Anything that `minigrad.get_device` takes.
        """
        device = backend.get_device(device)
        array, grad = self._array, self._grad_var
        if array is None or backend.get_device_from_array(array) == device:
            return
        self._array = device.send(array)
        if grad is not None:
            grad.to_device(device)

    def to_cpu(self) -> None:
        """Moves array and gradient to main memory, in place."""
        self.to_device(backend.CpuDevice())

    def to_gpu(self, device: Any = None) -> None:
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

    def as_layout(self, layout: str | None) -> Variable:
        """Returns itself: all arrays have the standard memory layout, None."""
        check_standard('Variable.as_layout', layout)
        return self

    @property
    def layout(self) -> None:
        """None: the standard memory layout, ``(N, C, ...)``."""
        return None

    @property
    def chx_array(self) -> NoReturn:
        """Raises: there are no ChainerX arrays."""
        raise ValueError('chx_array: ChainerX is not available in minigrad; use array')

    def __copy__(self) -> Variable:
        return self._copy_to(Variable())

    def _copy_to(self, target: Variable) -> Variable:
        for name in Variable.__slots__:
            if name not in ('__dict__', '__weakref__'):
                setattr(target, name, getattr(self, name))
        # The node stays the original's own.
        target.__dict__.update(self.__dict__)
        target._node = None
        return target

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        variable = self._copy_to(type(self).__new__(type(self)))
        memo[id(self)] = variable
        variable._array = copy.deepcopy(self._array, memo)
        grad = self._grad_var
        variable._grad_var = (
            None if grad is None else Variable(copy.deepcopy(grad._array, memo))
        )
        for key, value in variable.__dict__.items():
            variable.__dict__[key] = copy.deepcopy(value, memo)
        return variable

    def __reduce__(self) -> Any:
        return _recover_variable, (
            self._array,
            self._name,
            self.grad,
            self._requires_grad,
        )

    # -- looking -----------------------------------------------------------------

    def __repr__(self) -> str:
        prefix = f'variable {self._name}' if self._name else 'variable'
        if self._array is None:
            return f'{prefix}(None)'
        array = backend.to_cpu(self._array)
        if array.size == 0 and array.shape != (0,):
            return f'{prefix}([], shape={array.shape!r})'
        text = numpy.array2string(array, separator=', ', prefix=f'{prefix}(')
        return f'{prefix}({text})'

    def __str__(self) -> str:
        prefix = f'variable {self._name}' if self._name else 'variable'
        if self._array is None:
            return f'{prefix}(None)'
        array = backend.to_cpu(self._array)
        text = numpy.array2string(array, separator=' ', prefix=f'{prefix}(')
        return f'{prefix}({text})'

    def summary(self) -> str:
        """Returns a short text that names this variable."""
        return f'<variable {self._name or f"at 0x{id(self):x}"}>'

    def debug_print(self) -> str:
        """Returns several lines about shape, dtype, statistics and gradient."""

        def statistics(array: Array) -> str:
            return f'mean={float(array.mean()):.8f}, std={float(array.std()):.8f}'

        array, grad = self._array, self.grad
        if grad is None or not bool((grad != 0).any()):
            grad_text: Any = None if grad is None else 0
        else:
            grad_text = statistics(grad)
        on_cpu = isinstance(array, ndarray)
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

    # -- operators ---------------------------------------------------------------
    # Arithmetic is installed by functions/math/basic.py, which knows how to
    # differentiate it; readers and type checkers see it here.

    if TYPE_CHECKING:

        def __neg__(self) -> Variable: ...
        def __abs__(self) -> Variable: ...
        def __add__(self, rhs: Any) -> Variable: ...
        def __radd__(self, lhs: Any) -> Variable: ...
        def __sub__(self, rhs: Any) -> Variable: ...
        def __rsub__(self, lhs: Any) -> Variable: ...
        def __mul__(self, rhs: Any) -> Variable: ...
        def __rmul__(self, lhs: Any) -> Variable: ...
        def __truediv__(self, rhs: Any) -> Variable: ...
        def __rtruediv__(self, lhs: Any) -> Variable: ...
        def __floordiv__(self, rhs: Any) -> Variable: ...
        def __rfloordiv__(self, lhs: Any) -> Variable: ...
        def __mod__(self, rhs: Any) -> Variable: ...
        def __rmod__(self, lhs: Any) -> Variable: ...
        def __pow__(self, rhs: Any) -> Variable: ...
        def __rpow__(self, lhs: Any) -> Variable: ...
        def __matmul__(self, rhs: Any) -> Variable: ...
        def __rmatmul__(self, lhs: Any) -> Variable: ...
        def __getitem__(self, slices: Any) -> Variable: ...

    def __pos__(self) -> Variable:
        return self

    def mean(
        self, axis: Any = None, *, weights: Any = None, keepdims: bool = False
    ) -> Variable:
        """Returns the (weighted) mean over axes; see `minigrad.functions.average`."""
        from minigrad.functions.math.average import average

        return average(self, axis, weights, keepdims)

    def reshape(self, *shape: Any) -> Variable:
        """Returns the variable in another shape; takes numbers or one tuple."""
        from minigrad.functions.array.reshape import reshape

        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = tuple(shape[0])
        return reshape(self, shape)

    def transpose(self, *axes: Any) -> Variable:
        """Returns the variable with permuted axes; takes numbers or one tuple."""
        from minigrad.functions.array.transpose import transpose

        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
            return transpose(self, axes[0])
        return transpose(self, axes if axes else None)

    @property
    def T(self) -> Variable:
        """The variable with its axes reversed."""
        return self.transpose()

    def _no_comparison(self, sign: str) -> NoReturn:
        raise TypeError(
            f'Variables do not support {sign} operator. '
            'You could use `array` attribute instead.'
        )

    def __lt__(self, other: Any) -> bool:
        self._no_comparison('<')

    def __le__(self, other: Any) -> bool:
        self._no_comparison('<=')

    def __eq__(self, other: object) -> bool:
        self._no_comparison('==')

    def __ne__(self, other: object) -> bool:
        self._no_comparison('!=')

    def __gt__(self, other: Any) -> bool:
        self._no_comparison('>')

    def __ge__(self, other: Any) -> bool:
        self._no_comparison('>=')

    def __bool__(self) -> bool:
        raise TypeError(
            'Variables cannot be evaluated as Python bool. '
            'You could use `array` attribute instead.'
        )


Variable.__hash__ = None


def _recover_variable(
    array: Array | None, name: str | None, grad: Array | None, requires_grad: bool
) -> Variable:
    return Variable(array, name=name, grad=grad, requires_grad=requires_grad)


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


variable_repr, variable_str = Variable.__repr__, Variable.__str__


def as_variable(obj: Any) -> Variable:
    """Returns ``obj`` if it is a Variable, else a Variable without gradient of it.

    Example:
        >>> minigrad.as_variable(np.ones(2)).requires_grad
        False
    """
    return obj if isinstance(obj, Variable) else Variable(obj, requires_grad=False)


def as_array(obj: Any) -> Array:
    """Returns the array of a Variable, and anything else as it is.

    Example:
        >>> minigrad.as_array(minigrad.Variable(np.ones(2)))
        array([1., 1.])
    """
    return obj.array if isinstance(obj, Variable) else obj

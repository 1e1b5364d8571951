"""Variables and the nodes of the graph that stand for them.

A `Variable` is what the user holds: it owns the array. A `VariableNode` is what the
graph holds: shape, dtype and creator, but never the array, so an activation that no
function retained is freed as soon as the user lets go of its Variable. Nodes are made
when something first asks for them; inference makes none.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from weakref import ref

import numpy
from numpy import ndarray

from minigrad import backend, provided
from minigrad._chainer_names import NodeNames, VariableNames
from minigrad._checks import admitted, check_gradient
from minigrad.named_arguments import checks_arguments, refuse_keywords
from minigrad.provided import Operators
from minigrad.types import Array, ArrayModule

if TYPE_CHECKING:
    from minigrad.function_node import FunctionNode


class VariableNode(NodeNames):
    """The graph's stand-in for a Variable.

    A function holds its input nodes strongly and its output nodes weakly; a node holds
    its creator strongly and its Variable weakly.

    Example:
        >>> x = minigrad.Variable(np.ones((2, 3), 'f'))
        >>> x.node.shape, x.node.rank, F.exp(x).node.creator_node.label
        ((2, 3), 0, 'exp')
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


class Variable(Operators, VariableNames):
    """An array that remembers the function that made it.

    Args:
        data: ``numpy.ndarray`` or ``cupy.ndarray`` of any shape and dtype, or None.
        name: Name for graphs and messages.
        grad: Initial gradient, same shape and dtype as ``data``.
        requires_grad: If False, no gradient flows into this variable.
        **kwargs: Refused; ``volatile`` and its like say what takes their place.

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

    _loss_scale: float | None = None  # set on parameters alone, by a scaled backward
    __array_priority__ = 200
    __hash__: ClassVar[None]  # type: ignore[assignment]

    def __init__(
        self,
        data: Array | None = None,
        *,
        name: str | None = None,
        grad: Array | None = None,
        requires_grad: bool = True,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            refuse_keywords(kwargs, 'Variable')
        if data.__class__ is not ndarray or not data.dtype.isnative:
            data = admitted(data)
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

    @checks_arguments
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
        provided.backward(self, retain_grad, enable_double_backprop, loss_scale)

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
        return self._show(', ')

    def __str__(self) -> str:
        return self._show(' ')

    def _show(self, separator: str) -> str:
        prefix = f'variable {self._name}(' if self._name else 'variable('
        if self._array is None:
            return f'{prefix}None)'
        array = backend.to_cpu(self._array)
        if array.size == 0 and array.shape != (0,) and separator == ', ':
            return f'{prefix}[], shape={array.shape!r})'
        text = numpy.array2string(array, separator=separator, prefix=prefix)
        return f'{prefix}{text})'

    # -- operators ---------------------------------------------------------------

    def __pos__(self) -> Variable:
        return self

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
        if self._array is not None and self._array.size == 1:
            return bool(self._array.item())
        raise TypeError(
            'Variables cannot be evaluated as Python bool. '
            'You could use `array` attribute instead.'
        )


Variable.__hash__ = None


def _recover_variable(
    array: Array | None, name: str | None, grad: Array | None, requires_grad: bool
) -> Variable:
    return Variable(array, name=name, grad=grad, requires_grad=requires_grad)


variable_repr, variable_str = Variable.__repr__, Variable.__str__

_new = object.__new__


def output_of(
    function: FunctionNode, array: Any, rank: int, requires_grad: bool
) -> Variable:
    """Returns a Variable that a function made, and its node.

    What the constructors do, without two calls for each output.
    """
    variable = _new(Variable)
    node = _new(VariableNode)
    variable._array = array
    variable._node = node
    variable._requires_grad = requires_grad
    variable._grad_var = variable._name = None
    node._variable = ref(variable)
    node._creator_node = function
    node._rank = rank
    node._requires_grad = requires_grad
    node.name = None
    if array is None:  # an output that a function left out
        node.shape = node.dtype = None
        return variable
    node.shape = array.shape
    node.dtype = array.dtype
    return variable


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

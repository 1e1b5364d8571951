"""Functions: what computes a Variable from Variables and knows its derivative."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Sequence
from sys import modules
from typing import Any, ClassVar
from weakref import finalize, ref

import numpy
from numpy import ndarray

from minigrad import backend
from minigrad.bfloat16 import any_bfloat16, apply_in_float32
from minigrad.configuration import changed_defaults, config
from minigrad.errors import InvalidType, describe
from minigrad.function_hook import FunctionHook, get_function_hooks
from minigrad.types import Array
from minigrad.types import InputTypes as InputTypes
from minigrad.variable import Variable, VariableNode

_new = object.__new__


class FunctionNode:
    """One application of a differentiable function.

    Authors write `forward` on arrays and `backward` on Variables::

        class Square(FunctionNode):
            def forward(self, inputs):
                self.retain_inputs((0,))
                return inputs[0] ** 2

            def backward(self, indexes, grad_outputs):
                (x,) = self.get_retained_inputs()
                return 2 * x * grad_outputs[0]

    ``Square().apply((x,))`` returns a tuple of Variables. Because `backward` is made of
    differentiable functions, gradients can be differentiated to any order.

    Attributes:
        arg_names: Names of the inputs, for errors and graphs.
        broadcasting: If True, the engine sums each gradient to its input's shape.
        on_arrays: If True, `backward` consists of operators that mean the same on
            arrays and on Variables, and the engine may run it on bare arrays when
            nobody will differentiate the gradient.
        reaches_further: If True, `backward` also adds to gradients of variables that are
            not among the inputs, such as the parameters inside of `F.forget`.
        label: Name in graphs and hooks; the class's name unless given.
        public_name: Name in errors; the class's name in snake case unless given.
        inputs: Nodes of the inputs, None before `apply` or without a graph.
        outputs: Weak references to the nodes of the outputs.
        rank: Length of the longest path from a leaf to this function.

    Source: compatible with chainer.FunctionNode.

    Example:
        >>> class Square(minigrad.FunctionNode):
        ...     def forward(self, inputs):
        ...         self.retain_inputs((0,))
        ...         return inputs[0] ** 2
        ...     def backward(self, indexes, grad_outputs):
        ...         (x,) = self.get_retained_inputs()
        ...         return 2 * x * grad_outputs[0]
        >>> Square().apply((np.array([3.]),))[0]
        variable([9.])
    """

    arg_names: ClassVar[tuple[str, ...]] = ()
    broadcasting: ClassVar[bool] = False
    on_arrays: ClassVar[bool] = False
    reaches_further: ClassVar[bool] = False
    public_name: str = 'function'
    old_function: Any = None
    lazy_grad_sum = False

    inputs: tuple[VariableNode, ...] | None = None
    outputs: tuple[ref[VariableNode], ...] | None = None
    rank = 0
    stack: traceback.StackSummary | None = None
    _checks_types = True  # an instance of the base class may bring its own check
    _input_indexes_to_retain: tuple[int, ...] = ()
    _output_indexes_to_retain: tuple[int, ...] = ()
    _retained_inputs: tuple[Array, ...] = ()
    _retained_outputs: tuple[Array, ...] | None = None
    _local_function_hooks: dict[str, FunctionHook] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._checks_types = (
            cls.check_type_forward is not FunctionNode.check_type_forward
        )
        if 'public_name' not in vars(cls):
            cls.public_name = re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', cls.__name__)
            cls.public_name = cls.public_name.lower()

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        """Tells whether `forward` takes bfloat16; by default it is given float32."""
        return False

    @property
    def label(self) -> str:
        return type(self).__name__

    @property
    def _impl_name(self) -> str:
        """Name in the reports of hooks: the class's, whatever the label says."""
        return type(self).__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            f'{type(self).__name__} is a FunctionNode, which is not called but applied: '
            f'{type(self).__name__}(...).apply((x,))'
        )

    # -- applying ----------------------------------------------------------------

    def apply(self, inputs: Iterable[Any]) -> tuple[Variable, ...]:
        """Computes the outputs and records this node in the graph.

        Args:
            inputs: Variables or arrays.

        Returns:
            Tuple of Variables.

        Raises:
            InvalidType: `check_type_forward` refused the inputs.
            DeviceMismatch: The inputs live on different devices.
            RuntimeError: The node was applied before.
        """
        if self.outputs is not None:
            raise RuntimeError(
                f'{self.public_name}: one node is one application; make a new '
                f'{type(self).__name__} for each call'
            )
        if 'ml_dtypes' in modules:
            inputs = tuple(inputs)
            if any_bfloat16(inputs) and not self.takes_bfloat16(inputs):
                return apply_in_float32(self, inputs)
        # A LeNet step is forty applications, each of a few microseconds: one loop over
        # the inputs, one over the outputs, and one question whether this thread asked
        # for anything special (hooks, debug mode, no graph).
        ordinary = not (config.__dict__ or changed_defaults)
        record = ordinary or config.enable_backprop
        arrays = []
        nodes = []
        on_cpu = True
        requires_grad = False
        rank = 0
        for x in inputs:
            if not isinstance(x, Variable):
                x = Variable(x, requires_grad=False)
            array = x._array
            if array.__class__ is not ndarray:
                on_cpu = False
            arrays.append(array)
            if x._requires_grad:
                requires_grad = True
            if record:
                node = x._node
                if node is None:
                    node = x._node = VariableNode(x, x._name)
                elif node._rank > rank:
                    rank = node._rank
                nodes.append(node)
        in_data = InputTypes(arrays)
        if not on_cpu:
            self._check_inputs(in_data)
        if not ordinary and config.debug:
            self.stack = traceback.extract_stack()
        try:
            if self._checks_types and (ordinary or config.type_check):
                self.check_type_forward(in_data)
            if on_cpu and ordinary and not self._local_function_hooks:
                ys = self.forward(in_data)
            else:
                ys = self._forward_specially(in_data, on_cpu)
        except InvalidType as error:
            error.list_inputs(self._names(in_data), in_data)
            raise
        if ys.__class__ is not tuple:
            ys = tuple(ys) if isinstance(ys, tuple) else (ys,)  # or `return inputs`
        for y in ys:
            if y.__class__ is not ndarray:
                ys = self._normalise_outputs(ys)
                break
        if not ordinary and config.debug:
            self._check_nan(ys)
        if not record:
            return tuple([Variable(y, requires_grad=requires_grad) for y in ys])

        self.rank = rank
        self.inputs = tuple(nodes)
        variables = []
        rank += 1
        for y in ys:
            # What the constructors do, without two calls for each output.
            variable = _new(Variable)
            made = _new(VariableNode)
            variable._array = y
            variable._node = made
            variable._requires_grad = requires_grad
            variable._grad_var = variable._name = None
            made._variable = ref(variable)
            made._creator_node = self
            made._rank = rank
            made._requires_grad = requires_grad
            made.name = None
            made.shape = y.shape
            made.dtype = y.dtype
            variables.append(variable)
        if len(variables) == 1:
            self.outputs = (ref(made),)
        else:
            self.outputs = tuple([ref(v.node) for v in variables])
        if self._input_indexes_to_retain:
            self._retained_inputs = tuple(
                [arrays[i] for i in self._input_indexes_to_retain]
            )
        if self._output_indexes_to_retain:
            self._retained_outputs = tuple(
                [ys[i] for i in self._output_indexes_to_retain]
            )
        if not ordinary and config.debug:
            self._protect_retained()
        return tuple(variables)

    def _forward_specially(self, in_data: InputTypes, on_cpu: bool) -> Any:
        """Runs `forward` between the hooks and in the context of the device."""
        hooks = self._hooks()
        for hook in hooks:
            hook.forward_preprocess(self, in_data)
        if on_cpu:
            ys = self.forward(in_data)
        else:
            with backend.get_device_from_array(*in_data).create_context():
                ys = self.forward(in_data)
        for hook in hooks:
            hook.forward_postprocess(self, in_data)
        return ys

    def _normalise_outputs(self, ys: tuple[Any, ...]) -> tuple[Array, ...]:
        """Turns NumPy scalars, which 0-d arithmetic gives, back into arrays."""
        ys = tuple(
            [numpy.asarray(y) if isinstance(y, numpy.generic) else y for y in ys]
        )
        for y in ys:
            if not backend.is_array(y):
                raise TypeError(
                    f'{self.public_name}: forward must return an array or a tuple of '
                    f'arrays, got {type(y).__name__}'
                )
        if not backend.is_arrays_compatible(ys):
            raise TypeError(
                f'{self.public_name}: forward returned arrays of different modules\n'
                + describe((), ys)
            )
        return ys

    def _protect_retained(self) -> None:
        """Makes retained NumPy arrays read-only until this node is released.

        An accidental in-place edit between forward and backward then raises at the
        edit instead of corrupting a gradient.
        """
        arrays = [*self._retained_inputs, *(self._retained_outputs or ())]
        for array in arrays:
            if isinstance(array, numpy.ndarray) and array.flags.writeable:
                array.flags.writeable = False
                finalize(self, _make_writeable, array)

    def _check_inputs(self, in_data: tuple[Any, ...]) -> None:
        # An optional last input, such as a bias, leaves its name over.
        for name, array in zip(self._names(in_data), in_data, strict=False):
            if array is None:
                raise RuntimeError(
                    f'{self.public_name}: {name} is uninitialised; give the parameter a '
                    'shape, or call the link once so that it can infer one'
                )
        backend.check_same_backend(
            self.public_name,
            lambda: describe(self._names(in_data), in_data),
            in_data,
        )

    def _check_nan(self, ys: Sequence[Array]) -> None:
        if any(backend.contains_nan(y) for y in ys):
            raise RuntimeError(
                f'NaN is detected on forward computation of {self.label}'
            )

    def _names(self, values: Sequence[Any]) -> tuple[str, ...]:
        names = self.arg_names
        return (*names, *[f'x{i}' for i in range(len(names), len(values))])

    # -- what authors write ------------------------------------------------------

    def check_type_forward(self, in_types: InputTypes) -> None:
        """Refuses inputs of a wrong rank, shape or dtype; by default accepts all."""

    def refuse(self, rule: str, got: Any, hint: str | None = None) -> InvalidType:
        """Returns the error for inputs that break a rule; `apply` adds the inputs.

        Written as ``if x.ndim != 2: raise self.refuse('x.ndim == 2', x.ndim)``.

        Args:
            rule: The rule as text, such as ``'x.ndim == 4 (N, C, H, W)'``.
            got: The value that broke it.
            hint: What to do about it.
        """
        return InvalidType.refusal(self.public_name, rule, got, hint)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        """Computes the outputs from the input arrays.

        By default calls `forward_gpu` for CuPy arrays and `forward_cpu` for others.

        Returns:
            An array or a tuple of arrays.
        """
        if inputs and not isinstance(inputs[0], numpy.ndarray):
            return self.forward_gpu(inputs)
        return self.forward_cpu(inputs)

    def forward_cpu(self, inputs: tuple[Array, ...]) -> Any:
        """Computes the outputs from NumPy arrays."""
        raise NotImplementedError(
            f'{type(self).__name__} defines neither forward nor forward_cpu'
        )

    def forward_gpu(self, inputs: tuple[Array, ...]) -> Any:
        """Computes the outputs from CuPy arrays."""
        raise NotImplementedError(
            f'{type(self).__name__} defines neither forward nor forward_gpu'
        )

    def backward(
        self, target_input_indexes: tuple[int, ...], grad_outputs: tuple[Any, ...]
    ) -> Any:
        """Computes the gradients of the inputs from the gradients of the outputs.

        Args:
            target_input_indexes: Inputs whose gradient is wanted.
            grad_outputs: One Variable per output, None where there is no gradient.

        Returns:
            One Variable or None per input, or per wanted input; a bare Variable for a
            function of one input.
        """
        if type(self).backward_accumulate is FunctionNode.backward_accumulate:
            return (None,) * len(target_input_indexes)
        nothing = (None,) * len(target_input_indexes)
        return self.backward_accumulate(target_input_indexes, grad_outputs, nothing)

    def backward_accumulate(
        self,
        target_input_indexes: tuple[int, ...],
        grad_outputs: tuple[Any, ...],
        grad_inputs: tuple[Any, ...],
    ) -> tuple[Any, ...]:
        """Adds the gradients of the inputs to those that are there already.

        An author who can do both at once may override it in place of `backward`.

        Args:
            target_input_indexes: Inputs whose gradient is wanted.
            grad_outputs: One Variable per output, None where there is no gradient.
            grad_inputs: One Variable or None per wanted input, to add to.

        Returns:
            One Variable or None per wanted input.
        """
        gxs = self.backward(target_input_indexes, grad_outputs)
        gxs = gxs if isinstance(gxs, (tuple, list)) else (gxs,)
        if len(gxs) != len(target_input_indexes):
            gxs = tuple([gxs[i] for i in target_input_indexes])
        return tuple(
            [
                gx if former is None else former if gx is None else former + gx
                for former, gx in zip(grad_inputs, gxs, strict=True)
            ]
        )

    def retain_inputs(self, indexes: Iterable[int]) -> None:
        """Keeps inputs for `backward`; called in `forward`."""
        self._input_indexes_to_retain = tuple(indexes)

    def retain_outputs(self, indexes: Iterable[int]) -> None:
        """Keeps outputs for `backward`; called in `forward`."""
        self._output_indexes_to_retain = tuple(indexes)

    def get_retained_inputs(self) -> tuple[Variable, ...]:
        """Returns the retained inputs as Variables of the graph.

        Arrays, if the function works `on_arrays` and no graph is recorded.
        """
        if self.inputs is None:
            return ()
        if self.on_arrays and not config.enable_backprop:
            return self._retained_inputs
        return tuple(
            [
                self.inputs[i].variable_of(array)
                for i, array in zip(
                    self._input_indexes_to_retain, self._retained_inputs, strict=True
                )
            ]
        )

    def get_retained_outputs(self) -> tuple[Variable, ...]:
        """Returns the retained outputs as Variables of the graph.

        Arrays, if the function works `on_arrays` and no graph is recorded. An output
        whose Variable and node are gone gets a new node, so that gradients of higher
        order still reach this function.
        """
        if not self._output_indexes_to_retain or self.outputs is None:
            return ()
        if self.on_arrays and not config.enable_backprop:
            return self._retained_outputs or ()
        outputs = list(self.outputs)
        variables = []
        for i, array in zip(
            self._output_indexes_to_retain, self._retained_outputs or (), strict=True
        ):
            node = outputs[i]()
            if node is None:
                variable = Variable(array, requires_grad=True)
                variable._node = VariableNode(variable, None, self, self.rank + 1)
                outputs[i] = ref(variable._node)
            else:
                variable = node.variable_of(array)
            variables.append(variable)
        self.outputs = tuple(outputs)
        return tuple(variables)

    @property
    def output_data(self) -> tuple[Array | None, ...]:
        """The retained output arrays, None for those that were not retained."""
        if self._retained_outputs is None:
            raise RuntimeError('retained output data is gone')
        data: list[Array | None] = [None] * len(self.outputs or ())
        for i, array in zip(
            self._output_indexes_to_retain, self._retained_outputs, strict=True
        ):
            data[i] = array
        return tuple(data)

    # -- graph and hooks ---------------------------------------------------------

    def unchain(self) -> None:
        """Takes this node out of the graph and frees what it kept."""
        for reference in self.outputs or ():
            node = reference()
            if node is not None:
                node.unchain()
        self.inputs = None
        self.outputs = None
        self._retained_inputs = ()
        self._retained_outputs = None

    @property
    def local_function_hooks(self) -> dict[str, FunctionHook]:
        """The hooks of this node alone, by name."""
        if self._local_function_hooks is None:
            self._local_function_hooks = {}
        return self._local_function_hooks

    @property
    def _n_local_function_hooks(self) -> int:
        return len(self._local_function_hooks or ())

    def _hooks(self) -> list[FunctionHook]:
        return list(
            {**get_function_hooks(), **(self._local_function_hooks or {})}.values()
        )

    def add_hook(self, hook: FunctionHook, name: str | None = None) -> None:
        """Registers a hook on this node alone.

        Raises:
            TypeError: ``hook`` is no FunctionHook.
            KeyError: There is one of that name.
        """
        if not isinstance(hook, FunctionHook):
            raise TypeError(
                f'add_hook: expected a FunctionHook, got {type(hook).__name__}'
            )
        name = hook.name if name is None else name
        if name in self.local_function_hooks:
            raise KeyError(f'hook {name} already exists')
        self.local_function_hooks[name] = hook
        hook.added(self)

    def delete_hook(self, name: str) -> None:
        """Removes a hook of this node.

        Raises:
            KeyError: There is none of that name.
        """
        if name not in self.local_function_hooks:
            raise KeyError(f'hook {name} does not exist')
        self.local_function_hooks.pop(name).deleted(self)

    def describe_call(self) -> str:
        """Returns the inputs' shapes and dtypes, one per line, for messages."""
        nodes = self.inputs or ()
        names = self._names(nodes)
        return '\n'.join(
            f'  {name}  {node.dtype} {node.shape}'
            for name, node in zip(names, nodes, strict=False)
        )


def _make_writeable(array: numpy.ndarray[Any, Any]) -> None:
    array.flags.writeable = True

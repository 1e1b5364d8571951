"""Functions: what computes a Variable from Variables and knows its derivative."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from sys import modules
from typing import Any, ClassVar
from weakref import ref

import numpy
from numpy import ndarray

from minigrad import backend, provided
from minigrad._checks import (
    as_arrays,
    check_inputs,
    check_nan,
)
from minigrad._kept_arrays import note_kept, watch
from minigrad.configuration import changed_defaults, config
from minigrad.errors import InvalidType
from minigrad.function_hook import LocalHooks
from minigrad.types import Array
from minigrad.types import InputTypes as InputTypes
from minigrad.variable import Variable, VariableNode, output_of


class FunctionNode(LocalHooks):
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
        fresh_gradients: If True, each gradient that `backward` returns is a new array
            that nothing else holds; the engine then need not copy it for a parameter,
            and may add to it in place.
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
    fresh_gradients: ClassVar[bool] = False
    reaches_further: ClassVar[bool] = False
    public_name: str = 'function'
    old_function: Any = None
    lazy_grad_sum = False  # accepted from Chainer's programs; it changes nothing

    inputs: tuple[VariableNode, ...] | None = None
    outputs: tuple[ref[VariableNode], ...] | None = None
    rank = 0
    stack: traceback.StackSummary | None = None
    _contents_: tuple[
        tuple[str, Array, int, Callable[[Array], int]], ...
    ] = ()  # of what is kept, where changes of it are looked for
    _checks_types_ = True  # an instance of the base class may bring its own check
    _input_indexes_to_retain: tuple[int, ...] = ()
    _output_indexes_to_retain: tuple[int, ...] = ()
    _retained_inputs_: tuple[Array, ...] = ()
    _retained_outputs_: tuple[Array, ...] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._checks_types_ = (
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
            RuntimeError: The node was applied before, and an output of it still exists.
        """
        if self.outputs is not None and any(y() is not None for y in self.outputs):
            raise RuntimeError(
                f'{self.public_name}: one node is one application; make a new '
                f'{type(self).__name__} for each call'
            )
        inputs = tuple(inputs)
        if 'ml_dtypes' in modules and (ys := provided.apply_bfloat16(self, inputs)):
            return ys
        # A LeNet step is forty applications, each of a few microseconds: one loop over
        # the inputs, one over the outputs, and one question whether this thread asked
        # for anything special (hooks, debug mode, no graph, no type checks).
        ordinary = not (config.__dict__ or changed_defaults)
        record = ordinary or config.enable_backprop
        arrays, nodes = [], []
        on_cpu, requires_grad, rank = True, False, 0
        for x in inputs:
            if not isinstance(x, Variable):
                x = self._input_(x)
            array = x._array
            arrays.append(array)
            if array.__class__ is not ndarray:
                on_cpu = False
            if x._requires_grad:
                requires_grad = True
            if record:
                node = x._node or x.node
                nodes.append(node)
                if node._rank > rank:
                    rank = node._rank
        in_data = InputTypes(arrays)
        try:
            if on_cpu and ordinary and not self._local_function_hooks:
                if self._checks_types_:
                    self.check_type_forward(in_data)
                ys = self.forward(in_data)
            else:
                ys = self._forward_specially_(in_data, on_cpu)
        except InvalidType as error:
            error.list_inputs(self._names_(in_data), in_data)
            raise
        ys = (ys,) if ys.__class__ is ndarray else as_arrays(self, ys)
        if not record:
            return tuple([Variable(y, requires_grad=requires_grad) for y in ys])
        self.rank, self.inputs = rank, tuple(nodes)
        variables: list[Variable] = []
        outputs: list[Any] = []
        for y in ys:
            variable = output_of(self, y, rank + 1, requires_grad)
            variables.append(variable)
            outputs.append(ref(variable._node))
        self.outputs = tuple(outputs)
        if self._input_indexes_to_retain:
            self._retained_inputs_ = tuple(
                [arrays[i] for i in self._input_indexes_to_retain]
            )
        if self._output_indexes_to_retain:
            self._retained_outputs_ = tuple(
                [ys[i] for i in self._output_indexes_to_retain]
            )
        if watch.left or rank == 0 or not ordinary:
            note_kept(self)
        return tuple(variables)

    def _input_(self, array: Any) -> Variable:
        try:
            return Variable(array, requires_grad=False)
        except TypeError as error:
            raise TypeError(f'{self.public_name}: {error}') from None

    def _forward_specially_(self, in_data: InputTypes, on_cpu: bool) -> Any:
        """Runs `forward` between the hooks, on its device, with the checks asked for."""
        if config.debug:
            self.stack = traceback.extract_stack()
        if not on_cpu:
            check_inputs(self, in_data)
        if self._checks_types_ and config.type_check:
            self.check_type_forward(in_data)
        forward: Callable[..., Any] = self.forward
        hooks = self._hooks_()
        for hook in hooks:
            hook.forward_preprocess(self, in_data)
        for hook in hooks:
            forward = partial(hook.run_forward, self, forward)
        if on_cpu:
            ys = forward(in_data)
        else:
            with backend.get_device_from_array(*in_data).create_context():
                ys = forward(in_data)
        for hook in hooks:
            hook.forward_postprocess(self, in_data)
        if config.debug:
            ys = as_arrays(self, ys)
            check_nan(self, ys)
        return ys

    def _names_(self, values: Sequence[Any]) -> tuple[str, ...]:
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

    def input_array(self, index: int) -> Array | None:
        """Returns the array of an input if it was retained or is still alive."""
        if index in self._input_indexes_to_retain:
            return self._retained_inputs_[self._input_indexes_to_retain.index(index)]
        return (self.inputs or ())[index].data

    def get_retained_inputs(self) -> tuple[Any, ...]:
        """Returns the retained inputs as Variables of the graph; None for those left out.

        Arrays, if the function works `on_arrays` and no graph is recorded.
        """
        if self.inputs is None:
            return ()
        if self.on_arrays and not config.enable_backprop:
            return self._retained_inputs_
        return tuple(
            [
                None if array is None else self.inputs[i].variable_of(array)
                for i, array in zip(
                    self._input_indexes_to_retain, self._retained_inputs_, strict=True
                )
            ]
        )

    def get_retained_outputs(self) -> tuple[Any, ...]:
        """Returns the retained outputs as Variables of the graph; None for those left out.

        Arrays, if the function works `on_arrays` and no graph is recorded. An output
        whose Variable and node are gone gets a new node, so that gradients of higher
        order still reach this function.
        """
        if not self._output_indexes_to_retain or self.outputs is None:
            return ()
        if self.on_arrays and not config.enable_backprop:
            return self._retained_outputs_ or ()
        outputs = list(self.outputs)
        variables: list[Any] = []
        for i, array in zip(
            self._output_indexes_to_retain, self._retained_outputs_ or (), strict=True
        ):
            node = outputs[i]()
            if array is None:
                variable = None
            elif node is None:
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
        if self.outputs is None or (
            self._retained_outputs_ is None and self._output_indexes_to_retain
        ):
            raise RuntimeError('retained output data is gone')
        data: list[Array | None] = [None] * len(self.outputs or ())
        for i, array in zip(
            self._output_indexes_to_retain, self._retained_outputs_ or (), strict=True
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
        self._retained_inputs_ = ()
        self._retained_outputs_ = None
        self._contents_ = ()

    def describe_call(self) -> str:
        """Returns the inputs' shapes and dtypes, one per line, for messages."""
        nodes = self.inputs or ()
        names = self._names_(nodes)
        return '\n'.join(
            f'  {name}  {node.dtype} {node.shape}'
            for name, node in zip(names, nodes, strict=False)
        )

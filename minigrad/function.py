"""Old-style functions: ``backward`` on arrays, differentiable once.

`Function` is a thin adapter over `FunctionNode`: one node class, one engine.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import numpy

from minigrad.configuration import force_backprop_mode as force_backprop_mode
from minigrad.configuration import no_backprop_mode as no_backprop_mode
from minigrad.function_hook import FunctionHook
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.types import Array
from minigrad.variable import Variable, VariableNode


class FunctionAdapter(FunctionNode):
    """The node that stands in the graph for an old-style Function."""

    def __init__(self, function: Function) -> None:
        self.old_function = function

    @property
    def function(self) -> Function:
        """The old-style function."""
        function: Function = self.old_function
        return function

    @property
    def label(self) -> str:
        return self.old_function.label  # type: ignore[no-any-return]

    @property
    def _impl_name(self) -> str:
        return type(self.old_function).__name__

    @property
    def public_name(self) -> str:  # type: ignore[override]
        return self.label

    def check_type_forward(self, in_types: InputTypes) -> None:
        self.old_function.check_type_forward(in_types)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs(range(len(inputs)))
        return self.old_function.forward(inputs)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        inputs: list[Variable | None] = [None] * len(self.inputs or ())
        for i, x in zip(
            self._input_indexes_to_retain, self.get_retained_inputs(), strict=True
        ):
            inputs[i] = x
        gradient = _OnceDifferentiable(
            self.function,
            tuple(indexes),
            [x is not None for x in (*inputs, *grad_outputs)],
            len(inputs),
        )
        given = [x for x in (*inputs, *grad_outputs) if x is not None]
        gxs = iter(gradient.apply(given))
        return tuple([next(gxs) if has else None for has in gradient.has_gradient])


class _OnceDifferentiable(FunctionNode):
    """The gradient of an old-style Function, which nothing can differentiate."""

    def __init__(
        self,
        function: Function,
        indexes: tuple[int, ...],
        is_given: list[bool],
        n_inputs: int,
    ) -> None:
        self.old_function = function
        self.public_name = function.label
        self._indexes = indexes
        self._is_given = is_given
        self._n_inputs = n_inputs
        self.has_gradient: list[bool] = []

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        values = iter(inputs)
        arrays = tuple([next(values) if given else None for given in self._is_given])
        gxs = self.old_function.backward(
            arrays[: self._n_inputs], arrays[self._n_inputs :]
        )
        wanted = [gxs[i] for i in self._indexes]
        self.has_gradient = [gx is not None for gx in wanted]
        return tuple([gx for gx in wanted if gx is not None])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        raise RuntimeError(
            'cannot twice-differentiate an old style Function '
            f'"{self.old_function.label}"\n'
            '  hint: write it as a FunctionNode, whose backward works on Variables'
        )


class Function:
    """Base of old-style functions.

    Authors write ``forward(inputs)`` (or ``forward_cpu`` and ``forward_gpu``) and
    ``backward(inputs, grad_outputs)``, both on tuples of arrays. New code is better off
    with `minigrad.FunctionNode`, whose gradients can be differentiated again.

    Source: compatible with chainer.Function.

    Example:
        >>> class Square(minigrad.Function):
        ...     def forward(self, inputs):
        ...         return inputs[0] ** 2,
        ...     def backward(self, inputs, grad_outputs):
        ...         return 2 * inputs[0] * grad_outputs[0],
        >>> x = minigrad.Variable(np.array(3.))
        >>> Square()(x).backward()
        >>> x.grad
        array(6.)
    """

    _node: weakref.ref[FunctionAdapter] | None = None
    _owned_node: FunctionAdapter | None = None

    def __call__(self, *inputs: Any) -> Any:
        """Applies the function; returns a Variable, or a tuple of several."""
        node = self.node
        if node.outputs is not None:  # an old-style function may be called again
            node = FunctionAdapter(self)
        # From here on the graph keeps the node, and the node keeps this function.
        self._node, self._owned_node = weakref.ref(node), None
        ys = node.apply(inputs)
        return ys[0] if len(ys) == 1 else ys

    @property
    def node(self) -> FunctionAdapter:
        """The node of the last call, or of the next one."""
        node = self._owned_node if self._node is None else self._node()
        if node is None:
            node = self._owned_node = FunctionAdapter(self)
            self._node = None
        return node

    @property
    def inputs(self) -> tuple[VariableNode, ...] | None:
        """Nodes of the inputs."""
        return self.node.inputs

    @property
    def outputs(self) -> Any:
        """Weak references to the nodes of the outputs."""
        return self.node.outputs

    @property
    def rank(self) -> int:
        """Length of the longest path from a leaf to this function."""
        return self.node.rank

    @property
    def label(self) -> str:
        """Name in graphs and hooks."""
        return type(self).__name__

    @property
    def stack(self) -> Any:
        """Where the function was applied, in debug mode."""
        return self.node.stack

    @property
    def output_data(self) -> Any:
        """The retained output arrays."""
        return self.node.output_data

    @property
    def local_function_hooks(self) -> dict[str, FunctionHook]:
        """The hooks of this function alone, by name."""
        return self.node.local_function_hooks

    def add_hook(self, hook: FunctionHook, name: str | None = None) -> None:
        """Registers a hook on this function alone."""
        self.node.add_hook(hook, name)

    def delete_hook(self, name: str) -> None:
        """Removes a hook of this function."""
        self.node.delete_hook(name)

    def check_type_forward(self, in_types: InputTypes) -> None:
        """Refuses inputs of a wrong rank, shape or dtype; by default accepts all."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        """Computes the outputs from the input arrays."""
        if inputs and not isinstance(inputs[0], numpy.ndarray):
            return self.forward_gpu(inputs)
        return self.forward_cpu(inputs)

    def forward_cpu(self, inputs: tuple[Array, ...]) -> Any:
        """Computes the outputs from NumPy arrays."""
        raise NotImplementedError(f'{type(self).__name__} defines no forward')

    def forward_gpu(self, inputs: tuple[Array, ...]) -> Any:
        """Computes the outputs from CuPy arrays."""
        raise NotImplementedError(f'{type(self).__name__} defines no forward')

    def backward(
        self, inputs: tuple[Array, ...], grad_outputs: tuple[Array, ...]
    ) -> Any:
        """Computes the gradients of the inputs; calls the cpu or gpu variant."""
        if any(isinstance(a, numpy.ndarray) for a in (*inputs, *grad_outputs)):
            return self.backward_cpu(inputs, grad_outputs)
        return self.backward_gpu(inputs, grad_outputs)

    def backward_cpu(
        self, inputs: tuple[Array, ...], grad_outputs: tuple[Array, ...]
    ) -> Any:
        """Computes the gradients from NumPy arrays; none by default."""
        return (None,) * len(inputs)

    def backward_gpu(
        self, inputs: tuple[Array, ...], grad_outputs: tuple[Array, ...]
    ) -> Any:
        """Computes the gradients from CuPy arrays; none by default."""
        return (None,) * len(inputs)

    def unchain(self) -> None:
        """Takes the function out of the graph."""
        self.node.unchain()

    def retain_inputs(self, indexes: Iterable[int]) -> None:
        """Keeps only these inputs for `backward`; all are kept otherwise."""
        self.node.retain_inputs(indexes)

    def retain_outputs(
        self, indexes: Iterable[int], retain_after_backward: bool = False
    ) -> None:
        """Keeps outputs for `backward`, in `output_data`."""
        self.node.retain_outputs(indexes)

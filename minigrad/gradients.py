"""Where a backward begins: gradients into ``grad``, or returned."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from minigrad import provided
from minigrad.backend import get_array_module, on_device_of
from minigrad.backprop import (
    Gradients,
    accumulate_leaf,
    accumulate_leaves,
    propagate,
)
from minigrad.configuration import using_config
from minigrad.dtypes import is_float
from minigrad.function_node import FunctionNode
from minigrad.gradient_hook import counting_down
from minigrad.loss_scale import note_scale, scaled
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, VariableNode


def backward_from(
    output: Variable,
    retain_grad: bool,
    enable_double_backprop: bool,
    loss_scale: float | None,
) -> None:
    """Does the work of `Variable.backward`."""
    if output._array is None:
        raise RuntimeError('backward: the variable holds no array')
    gradient = output.grad_var
    creator = output.creator_node
    if gradient is None and is_float(output._array.dtype):
        if output._array.size == 1 or creator is None or len(creator.outputs or ()) < 2:
            gradient = _default_seed(output, loss_scale)
        elif not any(_holds_gradient(y) for y in creator.outputs or ()):
            return  # the backward of one of the outputs took the gradients of all
    output._set_grad_var(None)
    seeds = [(output.node, gradient)]
    if not retain_grad:
        del gradient
    _backward_to_leaves(seeds, enable_double_backprop, retain_grad, loss_scale)
    if retain_grad:
        output._set_grad_var(gradient)


def _backward_to_leaves(
    seeds: Sequence[tuple[VariableNode, Variable | None]],
    enable_double_backprop: bool,
    retain_grad: bool = False,
    loss_scale: float | None = None,
) -> None:
    """Runs backward from the seeds and adds to ``grad`` of the leaves."""

    def accumulate(gradients: Gradients, node: VariableNode) -> Variable | None:
        variable = accumulate_leaf(gradients, node)
        note_scale(variable, loss_scale)
        return variable

    nodes = [node for node, _ in seeds]
    with (
        using_config('enable_backprop', enable_double_backprop),
        counting_down(nodes, accumulate) as passed,
    ):
        gradients = propagate(
            seeds, retain_grad=retain_grad, use_stored=True, passed=passed
        )
        accumulate_leaves(gradients, accumulate)


def _holds_gradient(reference: Callable[[], VariableNode | None]) -> bool:
    node = reference()
    return node is not None and node.grad_var is not None


def _default_seed(output: Variable, loss_scale: float | None) -> Variable:
    array = output._array
    if array.size != 1:
        raise RuntimeError(
            f'backward: expected a scalar or a variable whose grad is set, got shape '
            f'{array.shape} without grad\n'
            '  hint: reduce it first, F.sum(y).backward(), or set y.grad'
        )
    if array.ndim != 0:
        warnings.warn(
            'Treating a variable with only one element as a scalar in Variable.backward '
            'is deprecated. A scalar variable must be a 0-dimensional array; apply '
            'minigrad.functions.squeeze to obtain one, or set grad.',
            DeprecationWarning,
            stacklevel=4,
        )
    return _ones_like(output, loss_scale)


def _ones_like(output: Variable, loss_scale: float | None) -> Variable:
    array = output._array
    with on_device_of(array):
        ones = scaled(get_array_module(array).ones_like(array), loss_scale)
    return Variable(ones, requires_grad=False)


def _as_variable(gradient: Any) -> Variable:
    return gradient if isinstance(gradient, Variable) else Variable(gradient)


def _check_sequence(name: str, value: Any, length: int | None = None) -> None:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f'{name} must be a tuple or a list, not {type(value)}.')
    if length is not None and len(value) != length:
        raise ValueError(
            f'{name} must have {length} elements, one for each variable, got '
            f'{len(value)}'
        )


@checks_arguments
def backward(
    outputs: Sequence[Variable],
    grad_outputs: Sequence[Variable | None] | None = None,
    *,
    enable_double_backprop: bool = False,
) -> None:
    """Runs backpropagation from several variables at once.

    Args:
        outputs: Variables to start from.
        grad_outputs: Their gradients; by default their ``grad_var``. An output without
            a gradient is passed over, with a warning.
        enable_double_backprop: Record the computation of the gradients.

    Raises:
        TypeError: ``outputs`` is no sequence of Variables.
        ValueError: ``grad_outputs`` has another length.

    Source: compatible with chainer.backward.

    Example:
        >>> x = minigrad.Variable(np.array(3., 'f'))
        >>> y, z = x * 2, x * x
        >>> one = minigrad.Variable(np.array(1., 'f'))
        >>> minigrad.backward([y, z], [one, one])
        >>> x.grad
        array(8., dtype=float32)
    """
    _check_sequence('outputs', outputs)
    for y in outputs:
        if not isinstance(y, Variable):
            raise TypeError(f'each output must be a Variable, not {type(y)}')
    if grad_outputs is None:
        grad_outputs = []
        for y in outputs:
            if y.grad_var is None:
                warnings.warn(
                    'backward: an output has no grad (or stands twice in the list); '
                    'set y.grad first, no default is assumed',
                    RuntimeWarning,
                    stacklevel=2,
                )
            grad_outputs.append(y.grad_var)
            y.grad_var = None
    else:
        _check_sequence('grad_outputs', grad_outputs, len(outputs))
    seeds = [
        (y.node, gy)
        for y, gy in zip(outputs, grad_outputs, strict=True)
        if gy is not None
    ]
    _backward_to_leaves(seeds, enable_double_backprop)


@checks_arguments
def grad(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    grad_outputs: Sequence[Variable | None] | None = None,
    grad_inputs: Sequence[Variable | None] | None = None,
    set_grad: bool = False,
    retain_grad: bool = False,
    enable_double_backprop: bool = False,
    loss_scale: float | None = None,
) -> list[Variable | None]:
    """Returns the gradients of outputs with respect to inputs.

    Only functions between the inputs and the outputs run; ``grad`` attributes stay
    as they are unless asked for.

    Args:
        outputs: Variables to differentiate.
        inputs: Variables to differentiate by; they may be intermediate ones.
        grad_outputs: Gradients of the outputs; ones where None.
        grad_inputs: Gradients added to the result.
        set_grad: Store the results in ``x.grad_var`` too.
        retain_grad: Store the gradients of variables on the way.
        enable_double_backprop: Record the computation, to differentiate it again.
        loss_scale: Factor on the default gradients of the outputs.

    Returns:
        One Variable per input, None where no path leads to it.

    Raises:
        TypeError: An argument is no sequence.
        ValueError: The lengths differ.

    Source: compatible with chainer.grad.

    Example:
        >>> x = minigrad.Variable(np.array(2., 'f'))
        >>> (g,) = minigrad.grad([x ** 3], [x], enable_double_backprop=True)
        >>> (gg,) = minigrad.grad([g], [x])
        >>> g.array, gg.array
        (array(12., dtype=float32), array(12., dtype=float32))
    """
    _check_sequence('outputs', outputs)
    _check_sequence('inputs', inputs)
    if grad_outputs is None:
        grad_outputs = [None] * len(outputs)
    _check_sequence('grad_outputs', grad_outputs, len(outputs))
    if grad_inputs is None:
        grad_inputs = [None] * len(inputs)
    _check_sequence('grad_inputs', grad_inputs, len(inputs))
    nodes = [x.node for x in inputs]
    seeds: list[tuple[VariableNode, Variable | None]] = [
        (y.node, _ones_like(y, loss_scale) if gy is None else gy)
        for y, gy in zip(outputs, grad_outputs, strict=True)
    ]
    seeds.extend(zip(nodes, grad_inputs, strict=True))
    with using_config('enable_backprop', enable_double_backprop):
        gradients = propagate(
            seeds,
            within=_nodes_between(nodes, outputs),
            wanted=set(nodes),
            retain_grad=retain_grad,
        )
        del seeds
        if set_grad:
            found = {node: gradients.take(node) for node in list(gradients)}
        else:
            found = {node: _as_variable(g) for node, g in gradients.items()}
    results = [found.get(node) for node in nodes]
    if set_grad:
        for x, gx in zip(inputs, results, strict=True):
            x.grad_var = gx
    return results


def _nodes_between(
    inputs: Sequence[VariableNode], outputs: Sequence[Variable]
) -> set[VariableNode]:
    """Returns the nodes that depend on an input and that an output depends on."""
    consumers: dict[VariableNode, list[FunctionNode]] = {}
    functions = [y.creator_node for y in outputs if y.creator_node is not None]
    seen = set(functions)
    while functions:
        function = functions.pop()
        for x in function.inputs or ():
            if not x._requires_grad:
                continue
            consumers.setdefault(x, []).append(function)
            creator = x._creator_node
            if creator is not None and creator not in seen:
                seen.add(creator)
                functions.append(creator)
    between = set(inputs)
    nodes = list(between)
    passed: set[FunctionNode] = set()
    while nodes:
        for function in consumers.get(nodes.pop(), ()):
            if function in passed:
                continue
            passed.add(function)
            for ref in function.outputs or ():
                y = ref()
                if y is not None and y in consumers and y not in between:
                    between.add(y)
                    nodes.append(y)
    return between


provided.backward = backward_from

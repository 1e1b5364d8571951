"""The engine: one loop that walks a graph backwards.

Functions are taken from a heap, those farthest from the leaves first, so each runs once,
after everything that used its outputs. The engine does the chores that derivatives need
not know of: it sums gradients over broadcast axes, adds up the contributions to one
variable, checks shapes and dtypes, and makes sure that the gradient of a leaf is shared
with nothing else.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import numpy
from numpy import ndarray

from minigrad import backend
from minigrad.bfloat16 import is_float
from minigrad.configuration import config, using_config
from minigrad.function_hook import _KEY, FunctionHook
from minigrad.function_node import FunctionNode
from minigrad.gradient_hook import countdown_of_thread, counting_down
from minigrad.types import Array
from minigrad.variable import (
    Parameter,
    Variable,
    VariableNode,
    as_array,
    check_gradient,
)

# While nobody will differentiate the gradients, they travel as bare arrays; with double
# backprop they are Variables of the graph that computes them.
Gradient = Any
Gradients = dict[VariableNode, Gradient]

_ON_CPU = nullcontext()


class Arithmetic:
    """What the engine computes with; filled by the functions when they are imported.

    The engine stands below the functions, so it cannot import them itself.
    """

    add: Callable[[Variable, Variable], Variable]
    sum_to: Callable[[Variable, tuple[int, ...]], Variable]
    sum_array_to: Callable[[Array, tuple[int, ...]], Array]
    copy: Callable[[Variable], Variable]


arithmetic = Arithmetic()


def propagate(
    seeds: Iterable[tuple[VariableNode, Variable | None]],
    *,
    within: Collection[VariableNode] | None = None,
    wanted: Collection[VariableNode] = (),
    retain_grad: bool = False,
    use_stored: bool = False,
    loss_scale: float | None = None,
    passed: Callable[[FunctionNode, Gradients], None] | None = None,
) -> Gradients:
    """Runs every function between the seeds and the leaves once, backwards.

    Args:
        seeds: Nodes to start from, with their gradients.
        within: If given, gradients flow only into these nodes.
        wanted: Intermediate nodes whose gradients are to be returned too.
        retain_grad: Store the gradient of every variable passed on the way.
        use_stored: Where no gradient reached an output of a function, use up the one
            that its variable holds, as Chainer does for several outputs with ``grad``.
        loss_scale: Noted on the variables whose gradient is stored.
        passed: Called after each function; it may take out gradients that are final.

    Returns:
        Gradients of the leaves that were reached, and of ``wanted``: Variables if
        ``config.enable_backprop``, else arrays.
    """
    double = config.enable_backprop
    debug = config.debug
    gradients: Gradients = {}
    kept: Gradients = {}
    owned: set[VariableNode] = set()  # their gradient array was made by this loop
    heap: list[tuple[int, int, FunctionNode]] = []
    seen: set[FunctionNode] = set()

    def accumulate(node: VariableNode, gradient: Gradient) -> None:
        former = gradients.get(node)
        if former is None:
            gradients[node] = gradient
        elif double:
            gradients[node] = arithmetic.add(former, gradient)
        elif node in owned:
            with _device_of(former):
                former += gradient
        else:
            with _device_of(former):
                gradients[node] = _as_array(former + gradient, former)
            owned.add(node)

    for node, seed in seeds:
        if seed is not None:
            accumulate(node, seed if double else seed._array)
        creator = node._creator_node
        if creator is not None and creator not in seen:
            seen.add(creator)
            heappush(heap, (-creator.rank, len(seen), creator))

    observed = retain_grad or bool(wanted)
    plain = not (double or _KEY in config.__dict__)
    while heap:
        function = heappop(heap)[2]
        inputs = function.inputs
        if inputs is None:  # unchained
            continue
        grad_outputs: list[Gradient] = []
        for ref in function.outputs:  # type: ignore[union-attr]
            y = ref()
            if y is None or y._creator_node is not function:
                grad_outputs.append(None)
                continue
            gradient = gradients.pop(y, None)
            if gradient is None and use_stored:
                gradient = _take_stored(y, double)
            grad_outputs.append(gradient)
            if observed:
                if y in wanted and gradient is not None:
                    kept[y] = gradient
                if retain_grad:
                    _store(y, gradient, loss_scale)
        targets = []
        for i, x in enumerate(inputs):
            if x._requires_grad if within is None else x in within:
                targets.append(i)
        if not targets:
            if passed is not None:
                passed(function, gradients)
            continue
        try:
            if (
                plain
                and function.on_arrays
                and gradient.__class__ is ndarray
                and not function._local_function_hooks
            ):
                results = function.backward(tuple(targets), tuple(grad_outputs))
            else:
                results = _call_backward(function, targets, grad_outputs, double)
        except Exception as error:
            error.add_note(_where(function))
            raise
        if results.__class__ is not tuple:
            results = tuple(results) if results.__class__ is list else (results,)
        if len(results) != len(inputs):
            results = _one_per_input(function, results, targets)
        bare = plain and function.on_arrays
        for i in targets:
            gradient = results[i]
            if gradient is None:
                continue
            if not (bare and gradient.__class__ is ndarray):
                gradient = _checked(function, gradient, double)
            x = inputs[i]
            dtype = gradient.dtype
            if gradient.shape != x.shape or (
                dtype is not x.dtype and dtype != x.dtype  # nearly always the same one
            ):
                gradient = _fitted(function, x, gradient, double)
            if debug and backend.contains_nan(as_array(gradient)):
                raise _nan_error(function)
            former = gradients.get(x)
            if former is None:
                gradients[x] = gradient
            elif x in owned and former.__class__ is ndarray:
                former += gradient
            else:
                accumulate(x, gradient)
            creator = x._creator_node
            if creator is not None and creator not in seen:
                seen.add(creator)
                heappush(heap, (-creator.rank, len(seen), creator))
        # Nothing here may hold a gradient longer than the table does.
        del grad_outputs, results
        gradient = former = None
        if passed is not None:
            passed(function, gradients)

    gradients.update(kept)
    return gradients


def _take_stored(node: VariableNode, double: bool) -> Gradient | None:
    variable = node._variable()
    if variable is None or variable._grad_var is None:
        return None
    stored = variable._grad_var
    variable._set_grad_var(None)
    return stored if double else stored._array


def _one_per_input(
    function: FunctionNode, results: tuple[Any, ...], targets: list[int]
) -> list[Any]:
    """Spreads gradients that were given for the wanted inputs alone."""
    n_inputs = len(function.inputs or ())
    if len(results) != len(targets):
        raise ValueError(
            f'{function.public_name}: number of gradients returned from backward is '
            f'incorrect: expected one gradient per input ({n_inputs}) or per wanted '
            f'input ({len(targets)}), got '
            f'{len(results)}\n{function.describe_call()}'
        )
    spread: list[Any] = [None] * n_inputs
    for i, gradient in zip(targets, results, strict=True):
        spread[i] = gradient
    return spread


def _checked(function: FunctionNode, gradient: Any, double: bool) -> Gradient:
    """Turns what a backward returned into what travels: a Variable or an array."""
    if isinstance(gradient, Variable):
        return gradient if double else gradient._array
    if function.on_arrays and not double:
        return numpy.asarray(gradient) if numpy.isscalar(gradient) else gradient
    raise ValueError(
        f'{function.public_name}: type of gradients returned from backward is '
        'incorrect: expected Variables or None, got '
        f'{type(gradient).__name__}'
    )


def _fitted(
    function: FunctionNode, x: VariableNode, gradient: Gradient, double: bool
) -> Gradient:
    """Sums a gradient over broadcast axes; raises if it does not fit its variable."""
    if gradient.shape != x.shape and function.broadcasting:
        sum_up = arithmetic.sum_to if double else arithmetic.sum_array_to
        gradient = sum_up(gradient, x.shape or ())
    try:
        check_gradient(x, as_array(gradient), function)
    except (TypeError, ValueError) as error:
        error.add_note(_where(function))
        raise
    return gradient


def _nan_error(function: FunctionNode) -> RuntimeError:
    error = RuntimeError(f'NaN is detected on backward computation of {function.label}')
    error.add_note(_where(function))
    return error


def _device_of(array: Array) -> AbstractContextManager[Any]:
    """Returns a context in which the array's device is the current one."""
    if array.__class__ is ndarray:
        return _ON_CPU
    return backend.get_device_from_array(array).create_context()


def _as_array(value: Any, like: Array) -> Array:
    """Turns the NumPy scalars that 0-d arithmetic gives back into arrays."""
    return value if value.__class__ is like.__class__ else numpy.asarray(value)


def _call_backward(
    function: FunctionNode,
    targets: list[int],
    grad_outputs: list[Gradient],
    double: bool,
) -> Any:
    """Runs a function's backward between its hooks, in the context of its device."""
    if double or function.on_arrays:
        given = tuple(grad_outputs)
    else:
        given = tuple([None if g is None else Variable(g) for g in grad_outputs])
    hooks: Sequence[FunctionHook] = ()
    if _KEY in config.__dict__ or function._local_function_hooks:
        hooks = function._hooks()
        in_data = tuple([_array_of(function, i) for i in range(len(function.inputs))])  # type: ignore
        out_grad = tuple([None if g is None else as_array(g) for g in grad_outputs])
        for hook in hooks:
            hook.backward_preprocess(function, in_data, out_grad)
    if as_array(grad_outputs[0]).__class__ is ndarray:
        results = function.backward(tuple(targets), given)
    else:
        arrays = [as_array(g) for g in grad_outputs if g is not None]
        with backend.get_device_from_array(*arrays).create_context():
            results = function.backward(tuple(targets), given)
    for hook in hooks:
        hook.backward_postprocess(function, in_data, out_grad)
    return results


def _array_of(function: FunctionNode, index: int) -> Array | None:
    """Returns an input's array if the function retained it or it is still alive."""
    if index in function._input_indexes_to_retain:
        return function._retained_inputs[function._input_indexes_to_retain.index(index)]
    return (function.inputs or ())[index].data


def _where(function: FunctionNode) -> str:
    lines = [f'in the backward of {function.public_name}, applied to']
    lines.append(function.describe_call())
    if function.stack is not None:
        lines.append('which was applied here:')
        here = str(Path(__file__).parent)
        callers = [
            line for line in function.stack if not line.filename.startswith(here)
        ]
        lines.append(''.join(traceback.format_list(callers[-2:])).rstrip())
    else:
        lines.append('  hint: minigrad.set_debug(True) tells where it was applied')
    return '\n'.join(lines)


def _store(node: VariableNode, gradient: Gradient, loss_scale: float | None) -> None:
    variable = node._variable()
    if variable is not None:
        variable._set_grad_var(None if gradient is None else _as_variable(gradient))
        if isinstance(variable, Parameter):
            variable._loss_scale = loss_scale


def _as_variable(gradient: Gradient) -> Variable:
    return gradient if isinstance(gradient, Variable) else Variable(gradient)


# -- the gradients of leaves -----------------------------------------------------------


def _take(gradients: Gradients, node: VariableNode) -> tuple[Array, int, int]:
    """Takes an array out of the table; counts who else holds it and its base."""
    array = gradients.pop(node)
    base = array.base
    return (
        array,
        sys.getrefcount(array),
        0 if base is None else sys.getrefcount(base),
    )


def _calibrate() -> tuple[int, int]:
    """Measures what `_take` counts for an array and for a base that is held by none.

    Interpreters differ in how they count their own temporary references.
    """
    node = Variable(numpy.zeros(())).node
    _, array_count, _ = _take({node: numpy.zeros((1, 2))}, node)
    _, _, base_count = _take({node: numpy.zeros((1, 2)).reshape(2, 1)}, node)
    return array_count, base_count


_ALONE, _BASE_ALONE = _calibrate()


def _take_exclusive(gradients: Gradients, node: VariableNode) -> Variable:
    """Takes a gradient out of the table, copied if it shares memory with anything.

    A gradient that was computed for this node alone, the usual case, is not copied:
    for AlexNet's dense layers that would be 200 MB a step.
    """
    if config.enable_backprop:
        return arithmetic.copy(
            gradients.pop(node)
        )  # the copy must belong to the graph as well
    array, count, base_count = _take(gradients, node)
    flags = array.flags
    whole = flags.c_contiguous or flags.f_contiguous
    writeable = getattr(flags, 'writeable', True)  # CuPy arrays always are
    if count > _ALONE or base_count > _BASE_ALONE or not (whole and writeable):
        with _device_of(array):
            array = array.copy()
    return Variable(array)


def accumulate_leaves(gradients: Gradients, loss_scale: float | None = None) -> None:
    """Adds the gradients to those that the leaves already hold."""
    countdown = countdown_of_thread()
    for node in list(gradients):
        variable = _accumulate_leaf(gradients, node, loss_scale)
        if variable is not None and countdown is not None:
            countdown.stored(variable)


def _accumulate_leaf(
    gradients: Gradients, node: VariableNode, loss_scale: float | None
) -> Variable | None:
    """Takes a gradient out of the table and adds it to what the leaf holds."""
    variable = node._variable()
    if variable is None:
        return None
    former = variable._grad_var
    if former is None:
        total = _take_exclusive(gradients, node)
    elif config.enable_backprop:
        total = arithmetic.add(former, gradients.pop(node))
    else:
        array = former._array
        with _device_of(array):
            total = Variable(_as_array(array + gradients.pop(node), array))
    variable._set_grad_var(total)
    if isinstance(variable, Parameter):
        variable._loss_scale = loss_scale
    return variable


def _backward_to_leaves(
    seeds: Sequence[tuple[VariableNode, Variable | None]],
    enable_double_backprop: bool,
    retain_grad: bool = False,
    loss_scale: float | None = None,
) -> None:
    """Runs backward from the seeds and adds to ``grad`` of the leaves."""

    def accumulate(gradients: Gradients, node: VariableNode) -> Variable | None:
        return _accumulate_leaf(gradients, node, loss_scale)

    nodes = [node for node, _ in seeds]
    with (
        using_config('enable_backprop', enable_double_backprop),
        counting_down(nodes, accumulate) as passed,
    ):
        gradients = propagate(
            seeds,
            retain_grad=retain_grad,
            use_stored=True,
            loss_scale=loss_scale,
            passed=passed,
        )
        accumulate_leaves(gradients, loss_scale)


# -- entry points ----------------------------------------------------------------------


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
    with output.device.create_context():
        ones = output.xp.ones_like(output._array)
        if loss_scale is not None:
            ones *= loss_scale
    return Variable(ones, requires_grad=False)


def _check_sequence(name: str, value: Any, length: int | None = None) -> None:
    if not isinstance(value, (tuple, list)):
        raise TypeError(f'{name} must be a tuple or a list, not {type(value)}.')
    if length is not None and len(value) != length:
        raise ValueError(
            f'{name} must have {length} elements, one for each variable, got '
            f'{len(value)}'
        )


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
            loss_scale=loss_scale,
        )
        del seeds
        if set_grad:
            gradients = {
                node: _take_exclusive(gradients, node) for node in list(gradients)
            }
    results = [
        None if node not in gradients else _as_variable(gradients[node])
        for node in nodes
    ]
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

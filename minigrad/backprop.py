"""The engine: one loop that walks a graph backwards.

Functions are taken from a heap, those farthest from the leaves first, so each runs once,
after everything that used its outputs. The engine does the chores that derivatives need
not know of: it sums gradients over broadcast axes, adds up the contributions to one
variable, checks shapes and dtypes, and makes sure that the gradient of a leaf is shared
with nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any

import numpy
from numpy import ndarray

from minigrad import backend, provided
from minigrad._checks import check_gradient
from minigrad._explain import explained, nan_error, wrong_number
from minigrad._kept_arrays import check_kept, watch
from minigrad.backend import on_device_of
from minigrad.configuration import config
from minigrad.function_hook import asks_for_hooks
from minigrad.function_node import FunctionNode
from minigrad.gradient_hook import countdown_of_thread
from minigrad.variable import Variable, VariableNode, as_array

# While nobody will differentiate the gradients, they travel as bare arrays; with double
# backprop they are Variables of the graph that computes them.
Gradient = Any


class Gradients(dict[VariableNode, Gradient]):
    """What has arrived so far at each node.

    Args:
        double: Whether gradients are Variables, which may be differentiated again.
    """

    def __init__(self, double: bool) -> None:
        self.double = double
        self.own: set[VariableNode] = set()  # their arrays are held by nothing else

    def total(self, former: Gradient, gradient: Gradient) -> Gradient:
        """Returns the sum of two gradients."""
        if self.double:
            return provided.add(former, gradient)
        with on_device_of(former):
            total = former + gradient
        # Arithmetic on 0-d arrays gives NumPy scalars.
        return total if total.__class__ is former.__class__ else numpy.asarray(total)

    def take(self, node: VariableNode) -> Variable:
        """Takes out a gradient, copied unless nothing else holds its array.

        What is computed for one leaf alone, such as the gradient of a dense layer's
        weights, is not copied: in AlexNet that would be 200 MB a step.
        """
        gradient = self.pop(node)
        if self.double:
            return provided.copy(gradient)  # the copy must belong to the graph as well
        flags = gradient.flags
        whole = flags.c_contiguous or flags.f_contiguous
        if not (whole and node in self.own):
            with on_device_of(gradient):
                gradient = gradient.copy()
        return Variable(gradient)


def propagate(
    seeds: Iterable[tuple[VariableNode, Variable | None]],
    *,
    within: Collection[VariableNode] | None = None,
    wanted: Collection[VariableNode] = (),
    retain_grad: bool = False,
    use_stored: bool = False,
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
        passed: Called after each function; it may take out gradients that are final.

    Returns:
        Gradients of the leaves that were reached, and of ``wanted``: Variables if
        ``config.enable_backprop``, else arrays.
    """
    double, debug = config.enable_backprop, config.debug
    plain = not (double or asks_for_hooks())
    gradients = Gradients(double)
    own, get, pop = gradients.own, gradients.get, gradients.pop
    kept: dict[VariableNode, Gradient] = {}
    heap: list[tuple[int, int, FunctionNode]] = []
    seen: set[FunctionNode] = set()

    for node, seed in seeds:
        if seed is not None:
            gradient = seed if double else seed._array
            former = get(node)
            if former is not None:  # the node stands twice among the seeds
                gradient = gradients.total(former, gradient)
            gradients[node] = gradient
        creator = node._creator_node
        if creator is not None and creator not in seen:
            seen.add(creator)
            heappush(heap, (-creator.rank, len(seen), creator))
    observed = retain_grad or bool(wanted)
    while heap:
        function = heappop(heap)[2]
        inputs = function.inputs
        if inputs is None:  # unchained
            continue
        grad_outputs: list[Gradient] = []
        for reference in function.outputs or ():
            y = reference()
            if y is None or y._creator_node is not function:
                grad_outputs.append(None)
                continue
            gradient = pop(y, None)
            if gradient is None and use_stored:
                gradient = _take_stored(y, double)
            grad_outputs.append(gradient)
            if observed:
                if y in wanted and gradient is not None:
                    kept[y] = gradient
                if retain_grad:
                    _store(y, gradient)
        targets = []
        for i, x in enumerate(inputs):
            if x._requires_grad if within is None else x in within:
                targets.append(i)
        if targets:
            on_arrays = function.on_arrays
            try:
                if function._contents_:
                    check_kept(function, debug)
                if (
                    plain
                    and on_arrays
                    and gradient.__class__ is ndarray
                    and not function._local_function_hooks
                ):
                    results = function.backward(tuple(targets), tuple(grad_outputs))
                else:
                    results = _run_backward(function, targets, grad_outputs, double)
            except Exception as error:
                explained(error, function)
                raise
            if results.__class__ is ndarray:
                results = (results,)
            if results.__class__ is not tuple or len(results) != len(inputs):
                results = _one_per_input(function, results, targets)
            for i in targets:
                gradient = results[i]
                if gradient is None:
                    continue
                x, fresh = inputs[i], function.fresh_gradients
                if not (
                    on_arrays
                    and gradient.__class__ is ndarray
                    and gradient.shape == x.shape
                    and gradient.dtype is x.dtype  # nearly always the same object
                ):
                    gradient, fresh = _fitted(function, x, gradient, double)
                if debug and backend.contains_nan(as_array(gradient)):
                    raise nan_error(function)
                former = get(x)
                if former is None:
                    gradients[x] = gradient
                elif former.__class__ is ndarray and x in own:
                    former += gradient
                else:
                    gradients[x] = gradients.total(former, gradient)
                    fresh = True
                if fresh:
                    own.add(x)
                creator = x._creator_node
                if creator is not None and creator not in seen:
                    seen.add(creator)
                    heappush(heap, (-creator.rank, len(seen), creator))
        # Nothing here may hold a gradient longer than the table does.
        grad_outputs, results, gradient, former = [], (), None, None
        if passed is not None:
            passed(function, gradients)

    if watch.left:
        watch.pause()
    gradients.update(kept)
    return gradients


def _run_backward(
    function: FunctionNode,
    targets: list[int],
    grad_outputs: list[Gradient],
    double: bool,
) -> Any:
    """Runs a function's backward between its hooks, on its device."""
    wanted, given = tuple(targets), tuple(grad_outputs)
    if not (double or function.on_arrays):
        given = tuple([None if g is None else Variable(g) for g in given])
    if not (asks_for_hooks() or function._local_function_hooks):
        with on_device_of(*map(as_array, grad_outputs)):
            return function.backward(wanted, given)
    out_grad = tuple(map(as_array, grad_outputs))
    in_data = tuple(
        [function.input_array(i) for i in range(len(function.inputs or ()))]
    )
    backward: Callable[..., Any] = function.backward
    hooks = function._hooks_()
    for hook in hooks:
        hook.backward_preprocess(function, in_data, out_grad)
        backward = partial(hook.run_backward, function, backward)
    with on_device_of(*out_grad):
        results = backward(wanted, given)
    for hook in hooks:
        hook.backward_postprocess(function, in_data, out_grad)
    return results


def _one_per_input(
    function: FunctionNode, results: Any, targets: list[int]
) -> Sequence[Gradient | None]:
    """Reads what a backward returned: one gradient per input, or per wanted input."""
    several = isinstance(results, (tuple, list))
    given: list[Gradient | None] = list(results) if several else [results]
    n_inputs = len(function.inputs or ())
    if len(given) == n_inputs:
        return given
    if len(given) != len(targets):
        raise wrong_number(function, len(given), len(targets))
    spread: list[Gradient | None] = [None] * n_inputs
    for i, gradient in zip(targets, given, strict=True):
        spread[i] = gradient
    return spread


def _fitted(
    function: FunctionNode, x: VariableNode, gradient: Any, double: bool
) -> tuple[Gradient, bool]:
    """Returns what travels to ``x``, summed over broadcast axes, and if it is fresh."""
    fresh = function.fresh_gradients
    if isinstance(gradient, Variable):
        gradient = gradient if double else gradient._array
    elif double or not function.on_arrays:
        raise ValueError(
            f'{function.public_name}: type of gradients returned from backward is '
            'incorrect: expected Variables or None, got '
            f'{type(gradient).__name__}'
        )
    elif gradient.__class__ is not ndarray and numpy.isscalar(gradient):
        gradient = numpy.asarray(gradient)
    if gradient.shape != x.shape and function.broadcasting:
        sum_up = provided.sum_to if double else provided.sum_array_to
        gradient = sum_up(gradient, x.shape or ())
        fresh = True
    if gradient.shape != x.shape or gradient.dtype != x.dtype:
        try:
            check_gradient(x, as_array(gradient), function)
        except (TypeError, ValueError) as error:
            explained(error, function)
            raise
    return gradient, fresh


def _take_stored(node: VariableNode, double: bool) -> Gradient | None:
    variable = node._variable()
    if variable is None or variable._grad_var is None:
        return None
    stored = variable._grad_var
    variable._set_grad_var(None)
    return stored if double else stored._array


def _store(node: VariableNode, gradient: Gradient) -> None:
    variable = node._variable()
    if variable is not None:
        if gradient is not None and not isinstance(gradient, Variable):
            gradient = Variable(gradient)
        variable._set_grad_var(gradient)


def accumulate_leaf(gradients: Gradients, node: VariableNode) -> Variable | None:
    """Takes a gradient out of the table and adds it to what the leaf holds.

    Returns:
        The Variable of the leaf, None if it is gone.
    """
    variable = node._variable()
    if variable is None:
        return None
    former = variable._grad_var
    if former is None:
        former = gradients.take(node)
    else:
        if not gradients.double:
            former = former._array
        former = gradients.total(former, gradients.pop(node))
    variable._set_grad_var(former if isinstance(former, Variable) else Variable(former))
    return variable


def accumulate_leaves(
    gradients: Gradients,
    accumulate: Callable[[Gradients, VariableNode], Variable | None] = accumulate_leaf,
) -> None:
    """Adds what is in the table to the gradients that the leaves hold."""
    countdown = countdown_of_thread()
    for node in list(gradients):
        variable = accumulate(gradients, node)
        if variable is not None and countdown is not None:
            countdown.stored(variable)

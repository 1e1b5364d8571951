"""Recomputation: memory for time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy

from minigrad import backprop
from minigrad.configuration import (
    config,
    force_backprop_mode,
    no_backprop_mode,
    using_config,
)
from minigrad.function_node import FunctionNode
from minigrad.types import Array
from minigrad.variable import Variable, as_variable


class Forget(FunctionNode):
    """A function whose graph is thrown away in forward and made again in backward."""

    reaches_further = True

    def __init__(self, func: Callable[..., Any]) -> None:
        if not callable(func):
            raise TypeError(f'forget: expected a callable, got {type(func).__name__}')
        self.func = func

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs(range(len(inputs)))
        if config.enable_backprop:
            self._random_state = numpy.random.get_state()
        with no_backprop_mode():
            outputs = _call(self.func, [Variable(x) for x in inputs])
        return tuple([y.array for y in outputs])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        inputs = self.get_retained_inputs()
        random_state = numpy.random.get_state()
        numpy.random.set_state(self._random_state)
        try:
            with force_backprop_mode(), using_config('in_recomputing', True):
                xs = Recompute().apply(inputs)
                link = xs[0].creator_node
                for x in xs:
                    x.unchain()  # gradients stop here while we collect them
                outputs = _call(self.func, xs)
        finally:
            numpy.random.set_state(random_state)
        gradients = backprop.propagate(
            [
                (y.node, gy)
                for y, gy in zip(outputs, grad_outputs, strict=True)
                if gy is not None
            ]
        )
        for x in xs:
            x.node.set_creator_node(link)  # for gradients of gradients
        gxs = [gradients.pop(x.node, None) for x in xs]
        # What is left belongs to the parameters that the function uses.
        backprop.accumulate_leaves(gradients)
        return tuple([None if gx is None else as_variable(gx) for gx in gxs])


class Recompute(FunctionNode):
    """The identity that ties recomputed inputs to the original ones."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return tuple(inputs)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return grad_outputs


def _call(func: Callable[..., Any], xs: Any) -> tuple[Variable, ...]:
    outputs = func(*xs)
    if isinstance(outputs, Variable):
        return (outputs,)
    if not isinstance(outputs, tuple):
        raise RuntimeError(
            'forget: the function must return a Variable or a tuple of Variables, got '
            f'{type(outputs).__name__}'
        )
    for n, output in enumerate(outputs, 1):
        if not isinstance(output, Variable):
            suffix = {1: 'st', 2: 'nd', 3: 'rd'}.get(
                n % 10 if n % 100 // 10 != 1 else 0
            )
            raise RuntimeError(
                f'forget: the {n}{suffix or "th"} element of the returned tuple must be '
                f'a Variable, got {type(output).__name__}'
            )
    return outputs


def forget(func: Callable[..., Any], *xs: Any) -> Any:
    """Calls a function without keeping its intermediate results.

    They are computed again in backward, which saves memory and costs time. Random
    numbers from ``numpy.random`` are the same both times, so dropout may be inside; on a
    GPU it may not. While it computes again, ``config.in_recomputing`` is True, so that a
    link can see that its statistics are up to date.

    Args:
        func: Called with Variables, returns a Variable or a tuple of Variables.
        xs: Its arguments, Variables or arrays.

    Returns:
        What ``func`` returns.

    Raises:
        TypeError: ``func`` cannot be called.
        RuntimeError: It returned something else.

    Gradient: that of ``func``; parameters that it uses get theirs too.
    Double backprop: yes, and then nothing is forgotten.
    Kernels: reference.
    Source: Chen et al. 2016 (sublinear memory); compatible with
        chainer.functions.forget, which cannot be differentiated twice.

    Example:
        >>> x = minigrad.Variable(np.array([2., 3.]))
        >>> F.sum(F.forget(lambda x: (x + 1) * x, x)).backward()
        >>> x.grad
        array([5., 7.])
    """
    given = [x if isinstance(x, Variable) else Variable(x) for x in xs]
    # Without a graph nothing is kept that could be forgotten.
    run = Forget(func).apply if config.enable_backprop else partial(_call, func)
    ys = run(given)
    return ys[0] if len(ys) == 1 else ys

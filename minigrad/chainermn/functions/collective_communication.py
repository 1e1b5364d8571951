"""Collective communication as functions of a graph.

The derivative of one is another: what an all-gather spreads, an all-to-all brings back.
So each `backward` calls the functions of this file, and derivatives of any order cross
the processes, as long as all of them run backward.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.configuration import get_dtype
from minigrad.function_node import FunctionNode
from minigrad.functions.math.basic_math import add
from minigrad.types import Array
from minigrad.variable import Variable


class _Collective(FunctionNode):
    """A function that the processes of a communicator compute together."""

    def __init__(self, comm: Any, root: int = 0) -> None:
        self.comm = comm
        self.root = root

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    @property
    def is_root(self) -> bool:
        return bool(self.comm.rank == self.root)


class AllGather(_Collective):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.comm.allgather(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return _sum(alltoall(self.comm, _filled(self, grad_outputs)))


class AllToAll(_Collective):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.comm.alltoall(inputs)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return alltoall(self.comm, _filled(self, grad_outputs))


class AllReduce(_Collective):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.comm.allreduce(inputs[0])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return allreduce(self.comm, grad_outputs[0])


class Bcast(_Collective):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.comm.bcast(inputs[0] if self.is_root else None, root=self.root)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gys = gather(self.comm, grad_outputs[0], self.root)
        return _sum(gys) if self.is_root else None


class Gather(_Collective):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        ys = self.comm.gather(x, root=self.root)
        if ys is None:  # a variable from which backward can start
            return get_array_module(x).zeros((0,), x.dtype)
        return ys

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gys = _filled(self, grad_outputs) if self.is_root else None
        return scatter(self.comm, gys, self.root)


class Scatter(_Collective):
    def forward(self, inputs: tuple[Array, ...]) -> Any:
        return self.comm.scatter(inputs if self.is_root else None, root=self.root)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gxs = gather(self.comm, grad_outputs[0], self.root)
        return gxs if self.is_root else None


def _placeholder() -> Variable:
    """An input for processes that give none: their backward has to run too."""
    return Variable(numpy.zeros((0,), get_dtype(map_mixed16=numpy.float16)))


def _filled(function: FunctionNode, gradients: Any) -> tuple[Any, ...]:
    """Puts zeros where nothing came back: the other processes wait for a message."""
    some = next(g for g in gradients if g is not None)
    filled = []
    for output, gradient in zip(function.outputs or (), gradients, strict=True):
        node = output()
        if gradient is None:
            like = some if node is None else node  # None: the variable is gone
            zeros = some.xp.zeros(like.shape, like.dtype)
            gradient = Variable(zeros, requires_grad=False)
        filled.append(gradient)
    return tuple(filled)


def _sum(xs: Any) -> Variable:
    return xs[0] if len(xs) == 1 else add(*xs)


def allgather(comm: Any, x: Any) -> tuple[Variable, ...]:
    """Gives every process the variables of all.

    Args:
        comm: Communicator.
        x: Variable or array, any dtype that can be sent; shapes may differ.

    Returns:
        Tuple of Variables, one for each process.

    Gradient: each process gets the sum of what comes back to its variable.
    Double backprop: yes, to any order.
    Source: compatible with chainermn.functions.allgather.
    """
    return AllGather(comm).apply((x,))


def allreduce(comm: Any, x: Any) -> Variable:
    """Adds up the variables of all processes.

    Args:
        comm: Communicator.
        x: Variable or array, float, of one shape everywhere.

    Returns:
        Variable, shape and dtype of ``x``.

    Gradient: the sum over the processes too.
    Double backprop: yes, to any order.
    Source: not in ChainerMN.
    """
    return AllReduce(comm).apply((x,))[0]


def alltoall(comm: Any, xs: Any) -> tuple[Variable, ...]:
    """Sends the i-th variable to process i.

    Args:
        comm: Communicator.
        xs: One Variable or array for each process, of one dtype.

    Returns:
        Tuple of Variables: what each process sent here.

    Raises:
        ValueError: The number of variables is not that of the processes.

    Gradient: sent back.
    Double backprop: yes, to any order.
    Source: compatible with chainermn.functions.alltoall.
    """
    if len(xs) != comm.size:
        raise ValueError(
            'The length of xs must be same as communicator size: expected '
            f'{comm.size}, got {len(xs)}'
        )
    return AllToAll(comm).apply(xs)


def bcast(comm: Any, x: Any, root: int = 0) -> Variable:
    """Gives every process the variable of the root.

    Args:
        comm: Communicator.
        x: Variable or array; ignored but at the root.
        root: Rank of the process that has it.

    Returns:
        Variable.

    Gradient: the root gets the sum over the processes.
    Double backprop: yes, to any order.
    Source: compatible with chainermn.functions.bcast.
    """
    return Bcast(comm, root).apply((x if comm.rank == root else _placeholder(),))[0]


def gather(comm: Any, x: Any, root: int = 0) -> Any:
    """Gives the root the variables of all processes.

    Args:
        comm: Communicator.
        x: Variable or array; shapes may differ.
        root: Rank of the process that gets them.

    Returns:
        A tuple of Variables at the root. An empty Variable elsewhere, from which
        ``backward`` is to be called there (see `pseudo_connect`).

    Gradient: sent back.
    Double backprop: yes, to any order.
    Source: compatible with chainermn.functions.gather.
    """
    ys = Gather(comm, root).apply((x,))
    if comm.rank == root:
        return ys
    (delegate,) = ys
    delegate.grad = delegate.xp.zeros_like(delegate.array)  # backward starts here
    return delegate


def scatter(comm: Any, xs: Any, root: int = 0) -> Variable:
    """Gives each process one of the variables of the root.

    Args:
        comm: Communicator.
        xs: At the root one Variable or array for each process; ignored elsewhere.
        root: Rank of the process that has them.

    Returns:
        Variable.

    Gradient: sent back to the root.
    Double backprop: yes, to any order.
    Source: compatible with chainermn.functions.scatter.
    """
    return Scatter(comm, root).apply(xs if comm.rank == root else (_placeholder(),))[0]

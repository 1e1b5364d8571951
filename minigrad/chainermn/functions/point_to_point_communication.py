"""Sending variables from process to process; their gradients come back."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import get_array_module
from minigrad.chainermn.functions.collective_communication import _filled
from minigrad.function_node import FunctionNode
from minigrad.types import Array
from minigrad.variable import Variable


class _Message(FunctionNode):
    def __init__(self, comm: Any, peer_rank: int, peer_tag: int) -> None:
        self.comm = comm
        self.peer_rank = peer_rank
        self.peer_tag = peer_tag

    def takes_bfloat16(self, inputs: tuple[Any, ...]) -> bool:
        return True

    @property
    def label(self) -> str:
        return f'{type(self).__name__} (peer_rank: {self.peer_rank})'


class Send(_Message):
    """Takes what to send, and last an empty variable that wants a gradient."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        xs = tuple(inputs[:-1])
        self.comm.send(xs[0] if len(xs) == 1 else xs, self.peer_rank, self.peer_tag)
        return get_array_module(*xs).zeros((0,), numpy.float32)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        n = len(self.inputs or ()) - 1
        # What stands behind the gradient of this is behind the gradient of the message.
        gxs = recv(
            self.comm,
            self.peer_rank,
            delegate_variable=grad_outputs[0],
            tag=self.peer_tag,
            force_tuple=True,
        )
        return (*gxs[:n], None)


class Recv(_Message):
    """Takes an empty variable, or one that was returned by `send`."""

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        ys = self.comm.recv(self.peer_rank, self.peer_tag)
        return ys if isinstance(ys, tuple) else (ys,)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        gys = _filled(self, grad_outputs)
        sent = send(gys, self.comm, self.peer_rank, self.peer_tag)
        (node,) = self.inputs or ()
        if node.shape == sent.shape and node.dtype == sent.dtype:
            return sent  # empty; holds the graph together
        return Variable(sent.xp.zeros(node.shape, node.dtype), requires_grad=False)


def _empty() -> Variable:
    return Variable(numpy.zeros((0,), numpy.float32))


def _check_peer(rank: int, communicator: Any) -> None:
    if rank == communicator.rank:
        raise ValueError(
            'rank must be different from communicator rank, otherwise deadlock occurs: '
            f'both are {rank}'
        )


def send(x: Any, communicator: Any, rank: int, tag: int = 0) -> Variable:
    """Sends a variable, or several, to another process, which has to call `recv`.

    Args:
        x: Variable or array, or a tuple or list of them of one dtype.
        communicator: Communicator.
        rank: Rank of the receiver.
        tag: Number by which the receiver knows the message.

    Returns:
        An empty Variable, the *delegate*: ``backward`` from it waits for the gradients
        of the receiver and goes on here (see `pseudo_connect`).

    Raises:
        ValueError: ``rank`` is that of this process.

    Gradient: comes from the receiver.
    Double backprop: yes.
    Source: compatible with chainermn.functions.send.
    """
    _check_peer(rank, communicator)
    xs = x if isinstance(x, (list, tuple)) else (x,)
    # The last input wants a gradient even where no x does: the receiver will send one.
    (delegate,) = Send(communicator, rank, tag).apply((*xs, _empty()))
    delegate.name = 'delegate_variable'
    delegate.grad = delegate.xp.zeros_like(delegate.array)  # backward starts here
    return delegate


def recv(
    communicator: Any,
    rank: int,
    delegate_variable: Variable | None = None,
    tag: int = 0,
    force_tuple: bool = False,
) -> Any:
    """Receives what another process sends by `send`.

    Args:
        communicator: Communicator.
        rank: Rank of the sender.
        delegate_variable: What a former `send` returned whose graph is to be run
            backwards after this (see `pseudo_connect`).
        tag: Number of the message.
        force_tuple: Whether to return a tuple even for one variable.

    Returns:
        Variable, or a tuple of them if several were sent.

    Raises:
        ValueError: ``rank`` is that of this process.

    Gradient: sent to the sender.
    Double backprop: yes.
    Source: compatible with chainermn.functions.recv.
    """
    _check_peer(rank, communicator)
    if delegate_variable is None:
        delegate_variable = _empty()
        delegate_variable.name = 'dummy_var'
    else:
        delegate_variable.name = 'delegate_variable'
    ys = Recv(communicator, rank, tag).apply((delegate_variable,))
    return ys if force_tuple or len(ys) > 1 else ys[0]

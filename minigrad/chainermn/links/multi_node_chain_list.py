"""A model that is cut over processes."""

from __future__ import annotations

from typing import Any

from minigrad.chain_list import ChainList
from minigrad.chainermn.functions import pseudo_connect, recv, send

Ranks = int | list[int] | None


class MultiNodeChainList(ChainList):
    """Links that get their inputs from some processes and give their outputs to others.

    Each process has a list of its own; together they are the model. A process runs its
    links in the order in which they were added.

    Args:
        comm: Communicator.

    Source: compatible with chainermn.MultiNodeChainList.

    Example:
        >>> from minigrad import chainermn
        >>> class Encoder(chainermn.MultiNodeChainList):
        ...     def __init__(self, comm):
        ...         super().__init__(comm=comm)
        ...         self.add_link(L.Linear(784, 100), rank_in=None, rank_out=1)
        >>> class Decoder(chainermn.MultiNodeChainList):
        ...     def __init__(self, comm):
        ...         super().__init__(comm=comm)
        ...         self.add_link(L.Linear(100, 10), rank_in=0, rank_out=None)
        >>> # model = Encoder(comm) if comm.rank == 0 else Decoder(comm)
    """

    def __init__(self, comm: Any) -> None:
        super().__init__()
        self._comm = comm
        self._rank_inouts: list[tuple[list[int] | None, list[int] | None]] = []

    def add_link(
        self, link: Any, rank_in: Ranks = None, rank_out: Ranks = None
    ) -> None:
        """Adds a link and says where its inputs come from and its outputs go to.

        Args:
            link: The link.
            rank_in: Rank or ranks that send its arguments, in this order; None for the
                arguments of the list.
            rank_out: Rank or ranks that its result is sent to; None for one link, whose
                result is that of the list.

        Raises:
            ValueError: A second link has ``rank_out=None``.
        """
        if rank_out is None and any(out is None for _, out in self._rank_inouts):
            raise ValueError(
                'MultiNodeChainList cannot have more than two computational graph '
                'component whose rank_out is None: one already returns the result'
            )
        super().add_link(link)
        self._rank_inouts.append((_as_list(rank_in), _as_list(rank_out)))

    def __call__(self, *inputs: Any) -> Any:
        """Runs the links.

        Returns:
            The result of the link with ``rank_out=None``; if there is none here, an empty
            Variable from which ``backward`` is to be called.

        Raises:
            ValueError: A link sends to this process, and none receives that.
        """
        to_itself: list[Any] = []
        result = delegate = None
        for i, (link, (rank_in, rank_out)) in enumerate(
            zip(self.children(), self._rank_inouts, strict=True)
        ):
            if rank_in is None:
                xs = inputs
                if i > 0:
                    xs = pseudo_connect(delegate, *inputs)
                y = link(*xs)
            else:
                y = link(*self._receive(rank_in, delegate, to_itself))
                delegate = None  # behind what was received
            if rank_out is None:
                result = delegate = y
            else:
                delegate = self._send_(y, rank_out, delegate, to_itself)
        if to_itself:
            raise ValueError(
                'Communication queue is not empty at the end of forward. Make sure if '
                'all rank_in and rank_out correspond each other: '
                f'{len(to_itself)} outputs for rank {self._comm.rank} itself are left'
            )
        if result is delegate:
            return result
        if result is not None:
            (result,) = pseudo_connect(delegate, result)
            return result
        return delegate

    # Backward runs the messages in the opposite order. Each is therefore tied to the one
    # before it: otherwise two processes could wait for each other.

    def _receive(
        self, ranks: list[int], delegate: Any, to_itself: list[Any]
    ) -> list[Any]:
        xs = []
        for rank in ranks:
            if rank != self._comm.rank:
                x = recv(self._comm, rank=rank, delegate_variable=delegate)
            else:
                x = to_itself.pop(0)
                if delegate is not None:
                    (x,) = pseudo_connect(delegate, x)
            xs.append(x)
            delegate = x
        return xs

    def _send_(
        self, x: Any, ranks: list[int], delegate: Any, to_itself: list[Any]
    ) -> Any:
        for i, rank in enumerate(ranks):
            if delegate is not None and (i > 0 or rank == self._comm.rank):
                (x,) = pseudo_connect(delegate, x)
            if rank == self._comm.rank:
                to_itself.append(x)
                delegate = x
            else:
                delegate = send(x, self._comm, rank=rank)
        return delegate


def _as_list(ranks: Ranks) -> list[int] | None:
    return [ranks] if isinstance(ranks, int) else ranks

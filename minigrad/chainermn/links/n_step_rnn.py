"""A stacked recurrent network whose states come from one process and go to another."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.chainermn.functions import pseudo_connect, recv, send
from minigrad.links.rnn.n_step_rnn import NStepRNNBase


class _MultiNodeNStepRNN(Chain):
    actual_rnn: Any

    def __init__(
        self, link: Any, communicator: Any, rank_in: int | None, rank_out: int | None
    ) -> None:
        if not isinstance(link, NStepRNNBase):
            raise ValueError(
                'link must be NStepRNN and its inherited link, got '
                f'{type(link).__name__}'
            )
        super().__init__(actual_rnn=link)
        self.communicator = communicator
        self.rank_in = rank_in
        self.rank_out = rank_out
        self.n_cells = link.n_cells

    def __call__(self, *inputs: Any) -> tuple[Any, ...]:
        comm = self.communicator
        cells: list[Any] = [None] * self.n_cells
        if self.rank_in is not None:
            cells = [recv(comm, rank=self.rank_in) for _ in cells]
        outputs = self.actual_rnn(*cells, *inputs)
        delegate = None
        if self.rank_out is not None:
            for cell in outputs[: self.n_cells]:
                # Each message leads back to the one before, so that the receiver's
                # gradients are awaited in the order in which it sends them.
                sent = cell
                if delegate is not None:
                    (sent,) = pseudo_connect(delegate, cell)
                delegate = send(sent, comm, rank=self.rank_out)
        return (*outputs, delegate)


def create_multi_node_n_step_rnn(
    actual_link: Any,
    communicator: Any,
    rank_in: int | None = None,
    rank_out: int | None = None,
) -> _MultiNodeNStepRNN:
    """Makes a stacked recurrent link take its first states from another process.

    Args:
        actual_link: ``NStepLSTM``, ``NStepGRU``, ``NStepRNNTanh``, ``NStepRNNReLU`` or
            the two-way variant of one.
        communicator: Communicator.
        rank_in: Rank of the process that sends the first states; None for zeros.
        rank_out: Rank of the process that the last states are sent to; None for none.

    Returns:
        A link that takes what ``actual_link`` takes behind its states, and returns what
        it returns and the delegate of the message (see `pseudo_connect`), from which
        ``backward`` is to be called where there is no loss.

    Raises:
        ValueError: The link is none of these.

    Source: compatible with chainermn.links.create_multi_node_n_step_rnn.
    """
    return _MultiNodeNStepRNN(actual_link, communicator, rank_in, rank_out)

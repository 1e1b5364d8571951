"""The long short-term memory whose gates see the cells."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.rnn._gates import interleaved_gates
from minigrad.links.connection.linear import Linear
from minigrad.links.rnn._state import StatefulCells, zero_state
from minigrad.variable import Variable


class StatefulPeepholeLSTM(StatefulCells):
    """A fully connected long short-term memory with peepholes, which keeps its states.

    The gates ``i`` and ``f`` also see the former cells, ``o`` the new ones.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.

    Attributes:
        upward: Linear layer of ``x``; the gates ``a, i, f, o`` take turns in its output.
        lateral: Linear layer of ``h``, without bias.
        peep_i: Linear layer from the cells to ``i``, without bias.
        peep_f: Likewise to ``f``.
        peep_o: Likewise to ``o``.
        c: Cells, None before the first call.
        h: Last output, None before the first call.

    Source: Gers and Schmidhuber 2000; compatible with
        chainer.links.StatefulPeepholeLSTM.

    Example:
        >>> layer = L.StatefulPeepholeLSTM(3, 2)
        >>> layer(np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def __init__(self, in_size: int | None, out_size: int) -> None:
        super().__init__()
        self.state_size = out_size
        with self.init_scope():
            self.upward = Linear(in_size, 4 * out_size)
            self.lateral = Linear(out_size, 4 * out_size, nobias=True)
            self.peep_i = Linear(out_size, out_size, nobias=True)
            self.peep_f = Linear(out_size, out_size, nobias=True)
            self.peep_o = Linear(out_size, out_size, nobias=True)

    def forward(self, x: Any) -> Variable:
        """Makes one step.

        Args:
            x: Input, shape ``(N, in_size)``.

        Returns:
            Output, shape ``(N, out_size)``.
        """
        gates = self.upward(x)
        if self.h is not None:
            gates = gates + self.lateral(self.h)
        if self.c is None:
            self.c = zero_state(self, (len(x), self.state_size), x.dtype)
        a, i, f, o = interleaved_gates(gates)
        i = sigmoid(i + self.peep_i(self.c))
        f = sigmoid(f + self.peep_f(self.c))
        c: Variable = tanh(a) * i + f * self.c
        h: Variable = sigmoid(o + self.peep_o(c)) * tanh(c)
        self.c, self.h = c, h
        return h

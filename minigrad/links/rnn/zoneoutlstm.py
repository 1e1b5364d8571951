"""The long short-term memory that keeps some of its states by chance."""

from __future__ import annotations

from typing import Any

from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.noise.zoneout import zoneout
from minigrad.functions.rnn._gates import interleaved_gates
from minigrad.links.connection.linear import Linear
from minigrad.links.rnn._state import StatefulCells, zero_state
from minigrad.utils import argument
from minigrad.variable import Variable


class StatefulZoneoutLSTM(StatefulCells):
    """A fully connected long short-term memory with zoneout, which keeps its states.

    In training, cells and outputs stay what they were, each by chance.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        c_ratio: Probability that a cell stays what it was.
        h_ratio: Probability that an output stays what it was.
        kwargs: None; ``train`` is refused with a hint.

    Attributes:
        upward: Linear layer of ``x``; the gates ``a, i, f, o`` take turns in its output.
        lateral: Linear layer of ``h``, without bias.
        c: Cells, None before the first call.
        h: Last output, None before the first call.

    Source: Krueger et al. 2016; compatible with chainer.links.StatefulZoneoutLSTM.

    Example:
        >>> layer = L.StatefulZoneoutLSTM(3, 2, c_ratio=0.1, h_ratio=0.1)
        >>> layer(np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        c_ratio: float = 0.5,
        h_ratio: float = 0.5,
        **kwargs: Any,
    ) -> None:
        argument.parse_kwargs(kwargs, train=argument.NO_TRAIN)
        super().__init__()
        self.state_size = out_size
        self.c_ratio = c_ratio
        self.h_ratio = h_ratio
        with self.init_scope():
            self.upward = Linear(in_size, 4 * out_size)
            self.lateral = Linear(out_size, 4 * out_size, nobias=True)

    def forward(self, x: Any) -> Variable:
        """Makes one step.

        Args:
            x: Input, shape ``(N, in_size)``.

        Returns:
            Output, shape ``(N, out_size)``.
        """
        gates = self.upward(x)
        shape = len(x), self.state_size
        if self.h is None:
            self.h = zero_state(self, shape, x.dtype)
        else:
            gates = gates + self.lateral(self.h)
        if self.c is None:
            self.c = zero_state(self, shape, x.dtype)
        a, i, f, o = interleaved_gates(gates)
        c = tanh(a) * sigmoid(i) + sigmoid(f) * self.c
        self.c = zoneout(self.c, c, self.c_ratio)
        self.h = zoneout(self.h, sigmoid(o) * tanh(c), self.h_ratio)
        return self.h

"""The fully connected long short-term memory."""

from __future__ import annotations

import math
from typing import Any

from minigrad.backend import using_device
from minigrad.chain import Chain
from minigrad.functions.array.concat import concat, split_axis
from minigrad.functions.rnn.lstm import lstm
from minigrad.initializers import _get_initializer
from minigrad.links.connection.linear import Linear
from minigrad.links.rnn._state import StatefulCells, zero_state
from minigrad.variable import Variable


class LSTMBase(Chain):
    """The two linear layers of a long short-term memory, and how they begin."""

    def __init__(
        self,
        in_size: int | None,
        out_size: int | None = None,
        lateral_init: Any = None,
        upward_init: Any = None,
        bias_init: Any = None,
        forget_bias_init: Any = None,
    ) -> None:
        super().__init__()
        if out_size is None:
            in_size, out_size = None, in_size
        n_units: Any = out_size
        self.state_size = n_units
        self.lateral_init = lateral_init
        self.upward_init = upward_init
        self.bias_init = 0 if bias_init is None else bias_init
        self.forget_bias_init = 1 if forget_bias_init is None else forget_bias_init
        with self.init_scope():
            self.upward = Linear(in_size, 4 * n_units, initialW=0)
            self.lateral = Linear(n_units, 4 * n_units, nobias=True, initialW=0)
        if in_size is not None:
            self._initialize_params()

    def _initialize_params(self) -> None:
        # Each block of rows by itself: an initializer that looks at the shape shall see
        # one square matrix, and Chainer draws the random numbers in this order.
        lateral_init = _get_initializer(self.lateral_init)
        upward_init = _get_initializer(self.upward_init)
        n = self.state_size
        for first in range(0, 4 * n, n):
            lateral_init(self.lateral.W.array[first : first + n])
            upward_init(self.upward.W.array[first : first + n])
        bias_init = _get_initializer(self.bias_init)
        forget_bias_init = _get_initializer(self.forget_bias_init)
        # The gates take turns in the bias; both axes around them are for initializers
        # that look at the shape.
        b: Any = self.upward.b
        gates = b.array.reshape(1, n, 4, 1)
        for k, init in enumerate([bias_init, bias_init, forget_bias_init, bias_init]):
            init(gates[:, :, k])

    def _initialize_from_(self, x: Any) -> None:
        if self.upward.W.array is None:
            with using_device(self.device):
                self.upward._initialize_params(math.prod(x.shape[1:]))
                self._initialize_params()


class StatelessLSTM(LSTMBase):
    """A fully connected long short-term memory whose states the caller keeps.

    ``StatelessLSTM(n)`` is ``StatelessLSTM(None, n)``.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        lateral_init: Initializer of the weights of ``h``.
        upward_init: Initializer of the weights of ``x``.
        bias_init: Initializer or number for the biases of ``a``, ``i`` and ``o``; None
            is 0.
        forget_bias_init: The same for ``f``; None is 1.

    Attributes:
        upward: Linear layer of ``x``; the gates ``a, i, f, o`` take turns in its output.
        lateral: Linear layer of ``h``, without bias.

    Source: compatible with chainer.links.StatelessLSTM.

    Example:
        >>> layer = L.StatelessLSTM(None, 2)
        >>> c, h = layer(None, None, np.zeros((4, 3), 'f'))
        >>> c, h = layer(c, h, np.zeros((4, 3), 'f'))
        >>> c.shape, h.shape
        ((4, 2), (4, 2))
    """

    def forward(self, c: Any, h: Any, x: Any) -> tuple[Variable, Variable]:
        """Makes one step.

        Args:
            c: Former cells, shape ``(N, out_size)``; None is zeros.
            h: Former output, shape ``(N, out_size)``; None is zeros.
            x: Input, shape ``(N, in_size)``.

        Returns:
            New cells and output.
        """
        self._initialize_from_(x)
        gates = self.upward(x)
        if h is not None:
            gates = gates + self.lateral(h)
        if c is None:
            c = zero_state(self, (x.shape[0], self.state_size), x.dtype)
        return lstm(c, gates)


class LSTM(StatefulCells, LSTMBase):
    """A fully connected long short-term memory that keeps its states.

    ``LSTM(n)`` is ``LSTM(None, n)``. A batch may get smaller from one call to the next,
    when the sequences at its end have ended; their states stay as they are.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        lateral_init: Initializer of the weights of ``h``.
        upward_init: Initializer of the weights of ``x``.
        bias_init: Initializer or number for the biases of ``a``, ``i`` and ``o``; None
            is 0.
        forget_bias_init: The same for ``f``; None is 1.

    Attributes:
        upward: Linear layer of ``x``; the gates ``a, i, f, o`` take turns in its output.
        lateral: Linear layer of ``h``, without bias.
        c: Cells, None before the first call.
        h: Last output, None before the first call.

    Source: compatible with chainer.links.LSTM.

    Example:
        >>> layer = L.LSTM(3, 2)
        >>> for x in np.zeros((5, 4, 3), 'f'):
        ...     h = layer(x)
        >>> h.shape, layer.c.shape
        ((4, 2), (4, 2))
        >>> layer.upward.b.array
        array([0., 0., 1., 0., 0., 0., 1., 0.], dtype=float32)
        >>> layer.reset_state()
    """

    def forward(self, x: Any) -> Variable:
        """Makes one step.

        Args:
            x: Input, shape ``(n, in_size)``, ``n`` at most that of the call before.

        Returns:
            Output, shape ``(n, out_size)``.

        Raises:
            TypeError: The batch has grown.
        """
        self._initialize_from_(x)
        n = x.shape[0]
        gates = self.upward(x)
        h_rest = None
        if self.h is not None:
            N = self.h.shape[0]
            if n > N:
                raise TypeError(
                    f'LSTM: the batch has grown from {N} samples to {n}\n'
                    '  hint: sort sequences from long to short, or call reset_state() '
                    'before new ones'
                )
            h = self.h
            if n < N:
                h, h_rest = split_axis(h, [n], axis=0)
            gates = gates + self.lateral(h)
        if self.c is None:
            self.c = zero_state(self, (n, self.state_size), x.dtype)
        self.c, y = lstm(self.c, gates)
        self.h = y if h_rest is None else concat([y, h_rest], axis=0)
        return y

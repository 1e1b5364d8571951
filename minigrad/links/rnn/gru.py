"""The gated recurrent unit."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.math.linear_interpolate import linear_interpolate
from minigrad.links.connection.linear import Linear
from minigrad.links.rnn._state import StatefulOutput
from minigrad.variable import Variable


class GRUBase(Chain):
    """The six linear layers of a gated recurrent unit."""

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        init: Any = None,
        inner_init: Any = None,
        bias_init: Any = None,
    ) -> None:
        super().__init__()

        def upward() -> Linear:
            return Linear(in_size, out_size, initialW=init, initial_bias=bias_init)

        def lateral() -> Linear:
            return Linear(
                out_size, out_size, initialW=inner_init, initial_bias=bias_init
            )

        with self.init_scope():
            self.W_r = upward()
            self.U_r = lateral()
            self.W_z = upward()
            self.U_z = lateral()
            self.W = upward()
            self.U = lateral()


class StatelessGRU(GRUBase):
    """A gated recurrent unit whose state the caller keeps.

    ``r = sigmoid(W_r x + U_r h)``, ``z = sigmoid(W_z x + U_z h)``,
    ``n = tanh(W x + U (r h))`` and ``h = (1 - z) h + z n``; every ``W`` and ``U`` is a
    linear layer with a bias.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        init: Initializer of the weights of ``x``.
        inner_init: Initializer of the weights of ``h``.
        bias_init: Initializer of all biases; None is 0.

    Source: Cho et al. 2014; compatible with chainer.links.StatelessGRU.

    Example:
        >>> layer = L.StatelessGRU(None, 2)
        >>> layer(np.zeros((4, 2), 'f'), np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def forward(self, h: Any, x: Any) -> Variable:
        """Makes one step.

        Args:
            h: Former output, shape ``(N, out_size)``.
            x: Input, shape ``(N, in_size)``.

        Returns:
            Output, shape ``(N, out_size)``.
        """
        r = sigmoid(self.W_r(x) + self.U_r(h))
        z = sigmoid(self.W_z(x) + self.U_z(h))
        new = tanh(self.W(x) + self.U(r * h))
        return linear_interpolate(z, new, h)


class StatefulGRU(StatefulOutput, GRUBase):
    """A gated recurrent unit that keeps its state; see `StatelessGRU`.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        init: Initializer of the weights of ``x``.
        inner_init: Initializer of the weights of ``h``.
        bias_init: Initializer of all biases.

    Attributes:
        h: Last output, None before the first call.

    Source: Cho et al. 2014; compatible with chainer.links.StatefulGRU.

    Example:
        >>> layer = L.StatefulGRU(3, 2)
        >>> for x in np.zeros((5, 4, 3), 'f'):
        ...     h = layer(x)
        >>> h is layer.h, h.shape
        (True, (4, 2))
        >>> layer.reset_state()
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        init: Any = None,
        inner_init: Any = None,
        bias_init: Any = 0,
    ) -> None:
        super().__init__(in_size, out_size, init, inner_init, bias_init)
        self.state_size = out_size

    def forward(self, x: Any) -> Variable:
        """Makes one step.

        Args:
            x: Input, shape ``(N, in_size)``.

        Returns:
            Output, shape ``(N, out_size)``.
        """
        # Without a state the layers U are left out, their biases included.
        z = self.W_z(x)
        new = self.W(x)
        if self.h is None:
            self.h = sigmoid(z) * tanh(new)
        else:
            r = sigmoid(self.W_r(x) + self.U_r(self.h))
            z = sigmoid(z + self.U_z(self.h))
            new = tanh(new + self.U(r * self.h))
            self.h = linear_interpolate(z, new, self.h)
        return self.h


class GRU(StatefulGRU):
    """A gated recurrent unit that keeps its state: another name of `StatefulGRU`.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        init: Initializer of the weights of ``x``.
        inner_init: Initializer of the weights of ``h``.
        bias_init: Initializer of all biases.

    Source: compatible with chainer.links.GRU.

    Example:
        >>> L.GRU(3, 2)(np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def forward(self, *args: Any) -> Variable:
        """Makes one step; ``GRU(x)``.

        Raises:
            ValueError: There is not exactly one argument.
        """
        if len(args) != 1:
            hint = '\n  hint: for a state as an argument use StatelessGRU'
            raise ValueError(
                f'GRU: expected one argument, x, got {len(args)}'
                + (hint if len(args) == 2 else '')
            )
        return super().forward(args[0])

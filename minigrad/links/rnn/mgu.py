"""The minimal gated unit."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.configuration import get_dtype
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.array.concat import concat
from minigrad.functions.math.linear_interpolate import linear_interpolate
from minigrad.links.connection.linear import Linear
from minigrad.links.rnn._state import StatefulOutput, zero_state
from minigrad.variable import Variable


class MGUBase(Chain):
    """The two linear layers of a minimal gated unit, and one step."""

    def __init__(self, n_inputs: int, n_units: int) -> None:
        super().__init__()
        with self.init_scope():
            self.W_f = Linear(n_inputs + n_units, n_units)
            self.W_h = Linear(n_inputs + n_units, n_units)

    def _call_mgu(self, h: Any, x: Any) -> Variable:
        f = sigmoid(self.W_f(concat([h, x])))
        new = tanh(self.W_h(concat([f * h, x])))
        return linear_interpolate(f, new, h)


class StatelessMGU(MGUBase):
    """A minimal gated unit, with one gate alone, whose state the caller keeps.

    ``f = sigmoid(W_f [h, x])``, ``n = tanh(W_h [f h, x])``, ``h = f n + (1 - f) h``.

    Args:
        n_inputs: Numbers in one sample.
        n_units: Number of units.

    Source: Zhou et al. 2016; compatible with chainer.links.StatelessMGU.

    Example:
        >>> layer = L.StatelessMGU(3, 2)
        >>> layer(np.zeros((4, 2), 'f'), np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def forward(self, h: Any, x: Any) -> Variable:
        """Makes one step.

        Args:
            h: Former output, shape ``(N, n_units)``.
            x: Input, shape ``(N, n_inputs)``.

        Returns:
            Output, shape ``(N, n_units)``.
        """
        return self._call_mgu(h, x)


class StatefulMGU(StatefulOutput, MGUBase):
    """A minimal gated unit that keeps its state; see `StatelessMGU`.

    Args:
        in_size: Numbers in one sample.
        out_size: Number of units.

    Attributes:
        h: Last output, None before the first call.

    Source: Zhou et al. 2016; compatible with chainer.links.StatefulMGU.

    Example:
        >>> layer = L.StatefulMGU(3, 2)
        >>> layer(np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def __init__(self, in_size: int, out_size: int) -> None:
        super().__init__(in_size, out_size)
        self._state_size = out_size

    def forward(self, x: Any) -> Variable:
        """Makes one step.

        Args:
            x: Input, shape ``(N, in_size)``.

        Returns:
            Output, shape ``(N, out_size)``.
        """
        h = self.h
        if h is None:
            h = zero_state(self, (x.shape[0], self._state_size), get_dtype())
        self.h = self._call_mgu(h, x)
        return self.h

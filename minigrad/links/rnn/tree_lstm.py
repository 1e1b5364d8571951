"""Long short-term memories over trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.functions.activation.tanh import tanh
from minigrad.functions.array.concat import concat, split_axis
from minigrad.functions.rnn.tree_lstm import tree_lstm
from minigrad.links.connection.linear import Linear
from minigrad.links.rnn._state import zero_state
from minigrad.variable import Variable


def _take_apart(
    link: Any, n_children: int, arguments: Sequence[Any]
) -> tuple[list[Any], list[Any], Any]:
    """Returns the cells and outputs of the children, and the input, zeros for None."""
    cs = list(arguments[:n_children])
    hs = list(arguments[n_children:-1])
    x = arguments[-1]
    if x is None:
        known = next((state for state in [*cs, *hs] if state is not None), None)
        if known is None:
            raise ValueError(
                f'{type(link).__name__}: cells, outputs and input are all None'
            )
        W = link.W_x.W
        if W.array is None:
            raise ValueError(
                f'{type(link).__name__}: the input is None, and its size is not known '
                'yet\n  hint: give in_size'
            )
        x = zero_state(link, (known.shape[0], W.shape[1]), known.dtype)
    return cs, hs, x


def _zeros_for_none(link: Any, states: list[Any], x: Any) -> list[Any]:
    shape = x.shape[0], link.state_size
    return [zero_state(link, shape, x.dtype) if s is None else s for s in states]


class ChildSumTreeLSTM(Chain):
    """A long short-term memory over any number of children, in no order.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.

    Attributes:
        W_x: Linear layer of ``x``, to ``a``, ``i``, ``o`` and ``f``.
        W_h_aio: Linear layer of the sum of the children's outputs, without bias.
        W_h_f: Linear layer of each child's output, without bias.

    Source: Tai et al. 2015; compatible with chainer.links.ChildSumTreeLSTM.

    Example:
        >>> layer, x = L.ChildSumTreeLSTM(3, 2), np.zeros((4, 3), 'f')
        >>> c1, h1 = layer(x)  # a leaf
        >>> c, h = layer(c1, c1, h1, h1, x)  # a node with two children
        >>> c.shape, h.shape
        ((4, 2), (4, 2))
    """

    def __init__(self, in_size: int | None, out_size: int) -> None:
        super().__init__()
        with self.init_scope():
            self.W_x = Linear(in_size, 4 * out_size)
            self.W_h_aio = Linear(out_size, 3 * out_size, nobias=True)
            self.W_h_f = Linear(out_size, out_size, nobias=True)
        self.in_size = in_size
        self.state_size = out_size

    def forward(self, *cshsx: Any) -> tuple[Variable, Variable]:
        """Joins the children.

        Args:
            cshsx: The cells of all children, the outputs of all children, each
                ``(N, out_size)``, and the input ``(N, in_size)``; zeros for None.

        Returns:
            New cells and output.

        Raises:
            ValueError: The numbers of cells and outputs differ, or all are None.
        """
        if len(cshsx) % 2 == 0:
            raise ValueError(
                'ChildSumTreeLSTM: expected as many cells as outputs, then the input, '
                f'got {len(cshsx)} arguments'
            )
        cs, hs, x = _take_apart(self, len(cshsx) // 2, cshsx)
        aio, f = split_axis(self.W_x(x), [3 * self.state_size], axis=1)
        if not cs:
            a, i, o = split_axis(aio, 3, axis=1)
            c: Variable = sigmoid(i) * tanh(a)
            h: Variable = sigmoid(o) * tanh(c)
            return c, h
        cs, hs = _zeros_for_none(self, cs, x), _zeros_for_none(self, hs, x)
        total = hs[0]
        for h in hs[1:]:
            total = total + h
        # One product for all children.
        fs = split_axis(self.W_h_f(concat(hs, axis=0)), len(hs), axis=0)
        gates = [self.W_h_aio(total) + aio, *[f_h + f for f_h in fs]]
        return tree_lstm(*cs, concat(gates, axis=1))


class NaryTreeLSTM(Chain):
    """A long short-term memory over a fixed number of children, in an order.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Number of units.
        n_ary: Number of children.

    Attributes:
        W_x: Linear layer of ``x``, to ``a``, ``i``, ``o`` and the ``f`` of each child.
        W_h1: Linear layer of the first child's output to the same, without bias;
            ``W_h2`` that of the second child, and so on.

    Raises:
        ValueError: ``n_ary`` is not positive.

    Source: Tai et al. 2015 with the gates of Bowman et al. 2016; compatible with
        chainer.links.NaryTreeLSTM.

    Example:
        >>> layer, x = L.NaryTreeLSTM(3, 2), np.zeros((4, 3), 'f')
        >>> c1, h1 = layer(None, None, None, None, x)  # a leaf
        >>> c, h = layer(c1, c1, h1, h1, None)  # a node without input of its own
        >>> c.shape, h.shape
        ((4, 2), (4, 2))
    """

    def __init__(self, in_size: int | None, out_size: int, n_ary: int = 2) -> None:
        if n_ary < 1:
            raise ValueError(f'NaryTreeLSTM: n_ary must be positive, got {n_ary}')
        super().__init__()
        n_gates = (3 + n_ary) * out_size
        with self.init_scope():
            self.W_x = Linear(in_size, n_gates)
            for i in range(1, n_ary + 1):
                setattr(self, f'W_h{i}', Linear(out_size, n_gates, nobias=True))
        self.in_size = in_size
        self.state_size = out_size
        self.n_ary = n_ary

    def forward(self, *cshsx: Any) -> tuple[Variable, Variable]:
        """Joins the children.

        Args:
            cshsx: The cells of all children, the outputs of all children, each
                ``(N, out_size)``, and the input ``(N, in_size)``; zeros for None.

        Returns:
            New cells and output.

        Raises:
            ValueError: There are not ``2 * n_ary + 1`` arguments, or all are None.
        """
        if len(cshsx) != 2 * self.n_ary + 1:
            raise ValueError(
                f'NaryTreeLSTM: expected {self.n_ary} cells, {self.n_ary} outputs and '
                f'the input, got {len(cshsx)} arguments'
            )
        cs, hs, x = _take_apart(self, self.n_ary, cshsx)
        gates = self.W_x(x)
        for i, h in enumerate(hs, 1):
            if h is not None:
                gates = gates + self[f'W_h{i}'](h)
        return tree_lstm(*_zeros_for_none(self, cs, x), gates)

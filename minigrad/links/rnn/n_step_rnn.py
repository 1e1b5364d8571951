"""Stacked plain recurrent networks over sequences of any length."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy

from minigrad.chain_list import ChainList
from minigrad.functions.array.permutate import permutate
from minigrad.functions.array.transpose_sequence import transpose_sequence
from minigrad.functions.rnn._n_step import REFUSED
from minigrad.functions.rnn.n_step_rnn import n_step_birnn, n_step_rnn
from minigrad.initializers import _get_initializer
from minigrad.link import Link
from minigrad.links._arguments import bias_parameter
from minigrad.links.rnn._state import zero_state
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.utils import argument
from minigrad.variable import Variable


def argsort_list_descent(lst: Sequence[Any]) -> Array:
    """Returns the order that sorts sequences from long to short.

    Of equal length they keep their order: NumPy's default sort breaks ties by the
    machine it runs on, and with them the masks of dropout.
    """
    return numpy.argsort([-len(x) for x in lst], kind='stable').astype(numpy.int32)


def permutate_list(lst: Sequence[Any], indices: Array, inv: bool) -> list[Any]:
    """Reorders a list: item ``indices[i]`` comes to ``i``, or back with ``inv``."""
    order = numpy.argsort(indices) if inv else indices
    return [lst[i] for i in order]


class NStepRNNBase(ChainList):
    """What all links share that stack recurrent layers over sequences.

    A subclass sets ``function``, ``n_weights``, ``use_bi_direction`` and ``n_cells``.

    Args:
        n_layers: Number of layers.
        in_size: Numbers in one element of a sequence; None takes it from the first one.
        out_size: Number of units.
        dropout: Ratio of the dropout before each layer but the first, in training.
        initialW: Initializer or array of all weights; None is LeCunNormal.
        initial_bias: Initializer or array of all biases; None is 0.
        kwargs: None; arguments that Chainer once had are refused with a hint.

    Attributes:
        ws: Weights of each layer and direction.
        bs: Biases of each layer and direction.

    Source: compatible with the base class of chainer.links.NStepRNNTanh.
    """

    function: ClassVar[Any]
    n_weights: ClassVar[int]
    use_bi_direction: ClassVar[bool] = False
    n_cells: ClassVar[int] = 1  # states that are passed in

    def __init__(
        self,
        n_layers: int,
        in_size: int | None,
        out_size: int,
        dropout: float,
        *,
        initialW: Any = None,
        initial_bias: Any = None,
        **kwargs: Any,
    ) -> None:
        argument.parse_kwargs(
            kwargs,
            use_cudnn=REFUSED['use_cudnn'],
            use_bi_direction='use_bi_direction is not supported anymore',
            activation='activation is not supported anymore',
        )
        super().__init__()
        self.n_layers = n_layers
        self.dropout = dropout
        self.out_size = out_size
        self.direction = 2 if self.use_bi_direction else 1
        W_init = _get_initializer(initialW)
        for k in range(n_layers * self.direction):
            n_x = in_size if k < self.direction else out_size * self.direction
            layer = Link()
            with layer.init_scope():
                for j in range(self.n_weights):
                    n = n_x if j < self.n_weights // 2 else out_size
                    shape = None if n is None else (out_size, n)
                    setattr(layer, f'w{j}', Parameter(W_init, shape))
                    setattr(layer, f'b{j}', bias_parameter(initial_bias, out_size))
            self.append(layer)

    def _weights_(self, kind: str) -> list[list[Any]]:
        return [
            [getattr(layer, f'{kind}{j}') for j in range(self.n_weights)]
            for layer in self
        ]

    @property
    def ws(self) -> list[list[Any]]:
        return self._weights_('w')

    @property
    def bs(self) -> list[list[Any]]:
        return self._weights_('b')

    def init_hx(self, xs: Sequence[Any]) -> Variable:
        """Makes first states of zeros for a batch of sequences."""
        shape = self.n_layers * self.direction, len(xs), self.out_size
        dtype = xs[0].dtype if xs else self.bs[0][0].dtype
        return zero_state(self, shape, dtype)

    def _initialize_params_(self, in_size: int) -> None:
        for layer in self[: self.direction]:
            for j in range(self.n_weights // 2):
                W = getattr(layer, f'w{j}')
                if W.array is None:
                    W.initialize((self.out_size, in_size))

    def rnn(self, *args: Any) -> tuple[Any, ...]:
        """Runs the function of this kind of cell."""
        return self.function(*args)  # type: ignore[no-any-return]

    def forward(self, hx: Any, xs: Sequence[Any], **kwargs: Any) -> tuple[Any, Any]:
        """Runs the layers over sequences.

        Args:
            hx: First states, shape ``(layers * directions, B, out_size)``; None is zeros.
            xs: List of ``B`` sequences, shapes ``(L_i, in_size)``, in any order.
            kwargs: None; ``train`` is refused with a hint.

        Returns:
            Last states, shaped like the first; and the list of outputs of the last
            layer, ``(L_i, directions * out_size)``.
        """
        (hy,), ys = self._call([hx], xs, **kwargs)
        return hy, ys

    def _call(
        self, hs: Sequence[Any], xs: Sequence[Any], **kwargs: Any
    ) -> tuple[list[Variable], list[Variable]]:
        argument.parse_kwargs(kwargs, train=argument.NO_TRAIN)
        if not isinstance(xs, (list, tuple)):
            raise TypeError(
                f'{type(self).__name__}: expected a list of sequences for xs, got '
                f'{type(xs).__name__}'
            )
        first: Any = self[0]
        if xs and first.w0.array is None:
            self._initialize_params_(xs[0].shape[1])
        order = argsort_list_descent(xs)
        xs = permutate_list(xs, order, inv=False)
        # Kept on the device of the states, where permutate needs it.
        indices = self.xp.asarray(order)
        states = [
            self.init_hx(xs) if h is None else permutate(h, indices, axis=1) for h in hs
        ]
        last, ys = states, []
        if xs and len(xs[0]) > 0:
            *last, outputs = self.rnn(
                self.n_layers,
                self.dropout,
                *states,
                self.ws,
                self.bs,
                transpose_sequence(xs),
            )
            ys = list(transpose_sequence(outputs))
        for _ in range(len(xs) - len(ys)):  # sequences without elements, at the end
            ys.append(zero_state(self, (0, self._out_width_), states[0].dtype))
        last = [permutate(h, indices, axis=1, inv=True) for h in last]
        return last, permutate_list(ys, order, inv=True)

    @property
    def _out_width_(self) -> int:
        return self.direction * self.out_size


class NStepRNNTanh(NStepRNNBase):
    """Stacked plain recurrent layers with tanh over sequences of any length.

    Unlike `n_step_rnn` it sorts and transposes the sequences itself.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepRNNTanh.

    Example:
        >>> layers = L.NStepRNNTanh(2, 3, 4, 0.5)
        >>> hy, ys = layers(None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 4), [(1, 4), (5, 4)])
    """

    n_weights = 2
    function = staticmethod(partial(n_step_rnn, activation='tanh'))


class NStepRNNReLU(NStepRNNBase):
    """Stacked plain recurrent layers with ReLU over sequences of any length.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepRNNReLU.

    Example:
        >>> layers = L.NStepRNNReLU(2, 3, 4, 0.5)
        >>> hy, ys = layers(None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 4), [(1, 4), (5, 4)])
    """

    n_weights = 2
    function = staticmethod(partial(n_step_rnn, activation='relu'))


class NStepBiRNNTanh(NStepRNNBase):
    """Stacked plain recurrent layers with tanh in both directions of time.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepBiRNNTanh.

    Example:
        >>> layers = L.NStepBiRNNTanh(2, 3, 4, 0.5)
        >>> hy, ys = layers(None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, [y.shape for y in ys]
        ((4, 2, 4), [(1, 8), (5, 8)])
    """

    n_weights = 2
    use_bi_direction = True
    function = staticmethod(partial(n_step_birnn, activation='tanh'))


class NStepBiRNNReLU(NStepRNNBase):
    """Stacked plain recurrent layers with ReLU in both directions of time.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepBiRNNReLU.

    Example:
        >>> layers = L.NStepBiRNNReLU(2, 3, 4, 0.5)
        >>> hy, ys = layers(None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, [y.shape for y in ys]
        ((4, 2, 4), [(1, 8), (5, 8)])
    """

    n_weights = 2
    use_bi_direction = True
    function = staticmethod(partial(n_step_birnn, activation='relu'))

"""Stacked gated recurrent units over sequences of any length."""

from __future__ import annotations

from minigrad.functions.rnn.n_step_gru import n_step_bigru, n_step_gru
from minigrad.links.rnn.n_step_rnn import NStepRNNBase


class NStepGRUBase(NStepRNNBase):
    """What both directions share; see `NStepRNNBase`."""

    n_weights = 6


class NStepGRU(NStepGRUBase):
    """Stacked gated recurrent units over sequences of any length.

    Unlike `n_step_gru` it sorts and transposes the sequences itself.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepGRU.

    Example:
        >>> layers = L.NStepGRU(2, 3, 4, 0.5)
        >>> hy, ys = layers(None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, [y.shape for y in ys]
        ((2, 2, 4), [(1, 4), (5, 4)])
    """

    function = staticmethod(n_step_gru)


class NStepBiGRU(NStepGRUBase):
    """Stacked gated recurrent units in both directions of time.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepBiGRU.

    Example:
        >>> layers = L.NStepBiGRU(2, 3, 4, 0.5)
        >>> hy, ys = layers(None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, [y.shape for y in ys]
        ((4, 2, 4), [(1, 8), (5, 8)])
    """

    use_bi_direction = True
    function = staticmethod(n_step_bigru)

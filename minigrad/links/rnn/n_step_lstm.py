"""Stacked long short-term memories over sequences of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.functions.rnn.n_step_lstm import n_step_bilstm, n_step_lstm
from minigrad.links.rnn.n_step_rnn import NStepRNNBase


class NStepLSTMBase(NStepRNNBase):
    """What both directions share; see `NStepRNNBase`."""

    n_weights = 8
    n_cells = 2

    def forward(  # type: ignore[override]
        self, hx: Any, cx: Any, xs: Sequence[Any], **kwargs: Any
    ) -> tuple[Any, Any, Any]:
        """Runs the layers over sequences.

        Args:
            hx: First states, shape ``(layers * directions, B, out_size)``; None is zeros.
            cx: First cells, likewise.
            xs: List of ``B`` sequences, shapes ``(L_i, in_size)``, in any order.
            kwargs: None; ``train`` is refused with a hint.

        Returns:
            Last states and cells, shaped like the first; and the list of outputs of the
            last layer, ``(L_i, directions * out_size)``.
        """
        (hy, cy), ys = self._call([hx, cx], xs, **kwargs)
        return hy, cy, ys


class NStepLSTM(NStepLSTMBase):
    """Stacked long short-term memories over sequences of any length.

    Unlike `n_step_lstm` it sorts and transposes the sequences itself.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepLSTM.

    Example:
        >>> layers = L.NStepLSTM(2, 3, 4, 0.5)
        >>> hy, cy, ys = layers(None, None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, cy.shape, [y.shape for y in ys]
        ((2, 2, 4), (2, 2, 4), [(1, 4), (5, 4)])
    """

    function = staticmethod(n_step_lstm)


class NStepBiLSTM(NStepLSTMBase):
    """Stacked long short-term memories in both directions of time.

    Args: as of `NStepRNNBase`.

    Source: compatible with chainer.links.NStepBiLSTM.

    Example:
        >>> layers = L.NStepBiLSTM(2, 3, 4, 0.5)
        >>> hy, cy, ys = layers(None, None, [np.zeros((n, 3), 'f') for n in (1, 5)])
        >>> hy.shape, cy.shape, [y.shape for y in ys]
        ((4, 2, 4), (4, 2, 4), [(1, 8), (5, 8)])
    """

    use_bi_direction = True
    function = staticmethod(n_step_bilstm)

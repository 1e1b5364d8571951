"""The BlackOut layer."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.device_resident import DeviceResidentsVisitor
from minigrad.functions.loss.black_out import black_out
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.utils.walker_alias import WalkerAlias
from minigrad.variable import Variable


class BlackOut(Link):
    """The BlackOut loss, with its weights and its sampler.

    Args:
        in_size: Length of a hidden state.
        counts: How often each word occurs; words are drawn in proportion.
        sample_size: Number of words drawn for each sample.

    Attributes:
        W: Weights, shape ``(len(counts), in_size)``.
        sampler: The `WalkerAlias` that draws words.
        sample_data: Words ``(N, sample_size)`` to take instead of drawn ones, for tests.

    Source: Ji et al. 2015; compatible with chainer.links.BlackOut.

    Example:
        >>> layer = L.BlackOut(2, [10, 5, 2], sample_size=3)
        >>> layer(np.ones((4, 2), 'f'), np.array([0, 1, 2, 0], 'i')).shape
        ()
    """

    sample_data: Any = None

    def __init__(self, in_size: int, counts: Any, sample_size: int) -> None:
        super().__init__()
        self.sampler = WalkerAlias(numpy.array(counts, numpy.float32))
        self.sample_size = sample_size
        with self.init_scope():
            self.W = Parameter(shape=(len(counts), in_size))

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to the layer and its sampler."""
        super().device_resident_accept(visitor)
        self.sampler.device_resident_accept(visitor)

    def forward(self, x: Any, t: Any) -> Variable:
        """Returns the mean loss.

        Args:
            x: Hidden states, float, shape ``(N, in_size)``.
            t: Words, signed integers, shape ``(N,)``.

        Returns:
            Variable, shape ``()``.
        """
        samples = self.sample_data
        if samples is None:
            samples = self.sampler.sample((x.shape[0], self.sample_size))
        return black_out(x, t, self.W, samples)

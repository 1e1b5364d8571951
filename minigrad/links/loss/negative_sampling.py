"""The negative sampling layer."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.configuration import get_dtype
from minigrad.device_resident import DeviceResidentsVisitor
from minigrad.functions.loss.negative_sampling import negative_sampling
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.utils.walker_alias import WalkerAlias


class NegativeSampling(Link):
    """The loss of words against randomly drawn ones, with its weights and its sampler.

    Args:
        in_size: Length of a hidden state.
        counts: How often each word occurs.
        sample_size: Number of words drawn for each sample.
        power: Words are drawn in proportion to their counts to this power.
        dtype: Dtype of those powers; None is ``config.dtype``.

    Attributes:
        W: Weights, shape ``(len(counts), in_size)``, zero at first.
        sampler: The `WalkerAlias` that draws words.

    Source: Mikolov et al. 2013; compatible with chainer.links.NegativeSampling.

    Example:
        >>> layer = L.NegativeSampling(2, [10, 5, 2], sample_size=3)
        >>> layer(np.ones((4, 2), 'f'), np.array([0, 1, 2, -1], 'i')).array.round(4)
        np.float32(8.3178)
    """

    def __init__(
        self,
        in_size: int,
        counts: Any,
        sample_size: int,
        power: float = 0.75,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        dtype = get_dtype(dtype)
        self.sample_size = sample_size
        self.sampler = WalkerAlias(numpy.array(counts, dtype) ** dtype.type(power))
        with self.init_scope():
            self.W = Parameter(0, (len(counts), in_size))

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to the layer and its sampler."""
        super().device_resident_accept(visitor)
        self.sampler.device_resident_accept(visitor)

    def forward(
        self, x: Any, t: Any, reduce: str = 'sum', *, return_samples: bool = False
    ) -> Any:
        """Returns the loss.

        Args:
            x: Hidden states, float, shape ``(N, in_size)``.
            t: Words, int32, shape ``(N,)``; -1 is ignored.
            reduce: ``'sum'`` or ``'no'``.
            return_samples: If True, the drawn words are returned too.

        Returns:
            Variable, shape ``()`` or ``(N,)``; with ``return_samples`` a pair of it and
            an array ``(N, sample_size + 1)``, whose first column is ``t``.
        """
        return negative_sampling(
            x,
            t,
            self.W,
            self.sampler.sample,
            self.sample_size,
            reduce=reduce,
            return_samples=return_samples,
        )

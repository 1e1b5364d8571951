"""The decorrelated batch normalization layer."""

from __future__ import annotations

import warnings
from typing import Any

import numpy

from minigrad.backend import copyto
from minigrad.configuration import config
from minigrad.functions.normalization.decorrelated_batch_normalization import (
    decorrelated_batch_normalization,
    fixed_decorrelated_batch_normalization,
)
from minigrad.link import Link
from minigrad.serializer import Deserializer
from minigrad.types import Array
from minigrad.variable import Variable


class DecorrelatedBatchNormalization(Link):
    """Makes the channels of each group uncorrelated over the batch.

    While ``config.train`` is True the mean and covariance of the batch are used, and
    running averages are kept; otherwise those are used.

    Args:
        size: Number of channels.
        groups: Number of groups, a divisor of ``size``.
        decay: Weight of the past in the running averages.
        eps: Added to the variances.
        dtype: Dtype of the averages: that of the inputs to come, or float32 for float16
            ones.

    Attributes:
        avg_mean: Running average of the mean, ``(groups, size / groups)``; saved with
            the link.
        avg_projection: Running average of the whitening matrix, ``(groups,
            size / groups, size / groups)``; saved with the link.
        N: Number of batches seen in fine-tuning; saved with the link.

    Source: Huang et al. 2018; compatible with
        chainer.links.DecorrelatedBatchNormalization.

    Example:
        >>> layer = L.DecorrelatedBatchNormalization(4, groups=2)
        >>> layer(np.random.rand(8, 4).astype('f')).shape, layer.avg_projection.shape
        ((8, 4), (2, 2, 2))
    """

    def __init__(
        self,
        size: int,
        groups: int = 16,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = numpy.float32,
    ) -> None:
        super().__init__()
        group_size = size // groups
        self.avg_mean: Array = numpy.zeros((groups, group_size), dtype)
        self.avg_projection: Array = numpy.tile(
            numpy.eye(group_size, dtype=dtype), (groups, 1, 1)
        )
        self.N = 0
        for name in ('avg_mean', 'avg_projection', 'N'):
            self.register_persistent(name)
        self.decay = decay
        self.eps = eps
        self.groups = groups

    def serialize(self, serializer: Any) -> None:
        """Saves or loads the averages, also those of Chainer before 7.1."""
        if isinstance(serializer, Deserializer):
            serializer = _OfOneGroup(serializer)
        elif hasattr(serializer, 'note_old_shape'):  # a file is about to be read
            for name in ('avg_mean', 'avg_projection'):
                serializer.note_old_shape(name, getattr(self, name).shape[1:])
        super().serialize(serializer)

    def forward(self, x: Any, *, finetune: bool = False) -> Variable:
        """Applies the layer.

        Args:
            x: Feature maps, float, shape ``(N, C, ...)``.
            finetune: If True (and in training) the running averages become plain averages
                over the batches since `start_finetuning`.

        Returns:
            Variable, dtype and shape of ``x``.
        """
        mean: Any = self.avg_mean
        projection: Any = self.avg_projection
        if not config.train:
            return fixed_decorrelated_batch_normalization(
                x, mean, projection, self.groups
            )
        decay = self.decay
        if config.in_recomputing:  # the averages have this batch already
            mean = projection = None
        elif finetune and x.size:
            self.N += 1
            decay = 1.0 - 1.0 / self.N
        return decorrelated_batch_normalization(
            x,
            groups=self.groups,
            eps=self.eps,
            running_mean=mean,
            running_projection=projection,
            decay=decay,
        )

    def start_finetuning(self) -> None:
        """Forgets the batches counted so far; the next with ``finetune=True`` is one."""
        self.N = 0


class _OfOneGroup(Deserializer):
    """Reads averages without an axis for the groups, as old files have them."""

    def __init__(self, base: Deserializer) -> None:
        self.base = base

    def __call__(self, key: str, value: Any) -> Any:
        if key not in ('avg_mean', 'avg_projection'):
            return self.base(key, value)
        saved = self.base(key, None)
        if saved is None or saved.ndim != value.ndim - 1:
            return self.base(key, value)
        if len(value) != 1:
            warnings.warn(
                f'DecorrelatedBatchNormalization: {key} comes from an old version, which '
                f'kept one group; it is taken for each of {len(value)}',
                stacklevel=2,
            )
        copyto(value, numpy.broadcast_to(saved, value.shape))
        return value

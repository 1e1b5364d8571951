"""Sampling from a discrete distribution, in constant time for each sample."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.backend import GpuDevice, using_device
from minigrad.device_resident import DeviceResident, DeviceResidentsVisitor
from minigrad.types import Array


class WalkerAlias(DeviceResident):
    """Draws numbers with given probabilities.

    The unit interval times ``n`` is cut into ``n`` slots of length 1. Each slot belongs
    to one number up to its threshold, and to another one, which has too much, from there
    on; so a uniform random number and two look-ups give a sample.

    Args:
        probs: Weights of the numbers 0, 1, ..., n - 1; they need not sum to 1.

    Attributes:
        threshold: Where each slot changes its owner, float32, shape ``(n,)``.
        values: The two owners of each slot, int32, shape ``(2 * n,)``.

    Source: Walker 1974; compatible with chainer.utils.WalkerAlias.

    Example:
        >>> sampler = minigrad.utils.WalkerAlias([0., 3., 0., 1.])
        >>> np.bincount(sampler.sample((1000,)), minlength=4)[[0, 2]]
        array([0, 0])
    """

    def __init__(self, probs: Any) -> None:
        super().__init__()
        weights = numpy.array(probs, numpy.float32)
        weights /= weights.sum()
        n = len(weights)
        self.threshold: Array = numpy.empty(n, numpy.float32)
        owners = numpy.zeros((n, 2), numpy.int32)
        filled = 0  # slots before this one are full
        # From rare to frequent: what a number has too much fills the slots of rarer ones.
        for slot, number in enumerate(numpy.argsort(weights, kind='stable')):
            length = float(weights[number]) * n
            while length > 1 and filled < slot:
                owners[filled, 1] = number
                length -= 1 - float(self.threshold[filled])
                filled += 1
            self.threshold[slot] = length
            owners[slot, 0] = number
        self.values: Array = owners.ravel()

    @property
    def use_gpu(self) -> bool:
        """Whether it lives on a GPU."""
        return isinstance(self.device, GpuDevice)

    def device_resident_accept(self, visitor: DeviceResidentsVisitor) -> None:
        """Applies ``visitor`` to the tables."""
        super().device_resident_accept(visitor)
        self.threshold = visitor.visit_array(self.threshold)
        self.values = visitor.visit_array(self.values)

    def sample(self, shape: tuple[int, ...]) -> Array:
        """Draws from ``numpy.random``, or ``cupy.random`` on a GPU.

        Args:
            shape: Shape of the result.

        Returns:
            Array of that shape, int32, where this object lives.
        """
        n = len(self.threshold)
        with using_device(self.device):
            point = self.xp.random.uniform(0, n, shape)
            # A generator of float32 may give the end of its interval.
            slot = self.xp.minimum(point.astype('i'), n - 1)
            offset = point.astype('f') - slot.astype('f')
            second = (self.threshold[slot] < offset).astype('i')
            return self.values[slot * 2 + second]

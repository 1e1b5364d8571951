"""Distributions of the real line that are moved and stretched."""

from __future__ import annotations

from typing import Any, ClassVar

from minigrad.distribution import Distribution
from minigrad.distributions.utils import as_point, broadcast_parameters, draw
from minigrad.variable import Variable


class LocationScale(Distribution):
    """The distribution of ``loc + scale * z``, where z has a standard distribution.

    Args:
        loc: Variable or array, float.
        scale: Variable or array, shape and dtype of ``loc``, positive.
    """

    support = 'real'
    event_shape = ()
    _standard_: ClassVar[str]
    """What draws z: a method of NumPy's generators."""

    def __init__(self, loc: Any, scale: Any) -> None:
        self.loc, self.scale = broadcast_parameters(loc, scale)

    @property
    def params(self) -> dict[str, Any]:
        return {'loc': self.loc, 'scale': self.scale}

    @property
    def batch_shape(self) -> tuple[int, ...]:
        return self.loc.shape

    def _z_(self, x: Any) -> Variable:
        return (as_point(x, self.loc) - self.loc) / self.scale

    def sample_n(self, n: int) -> Variable:
        eps = draw(self._standard_, self.loc, (n, *self.loc.shape))
        return self.scale * eps + self.loc

"""The embedding layer."""

from __future__ import annotations

from typing import Any

from minigrad.functions.connection.embed_id import embed_id
from minigrad.initializers import Normal
from minigrad.link import Link
from minigrad.parameter import Parameter
from minigrad.variable import Variable, as_array


class EmbedID(Link):
    """A table of vectors, one per identifier.

    Args:
        in_size: Number of identifiers.
        out_size: Length of a vector.
        initialW: Initializer, array or number for ``W``; None is Normal(1).
        ignore_label: The identifier whose vector is zero and learns nothing; None is
            none.

    Attributes:
        W: The vectors, shape ``(in_size, out_size)``.

    Source: compatible with chainer.links.EmbedID.

    Example:
        >>> L.EmbedID(10, 3)(np.array([[1, 2], [3, 3]])).shape
        (2, 2, 3)
    """

    ignore_label: int | None = None

    def __init__(
        self,
        in_size: int,
        out_size: int,
        initialW: Any = None,
        ignore_label: int | None = None,
    ) -> None:
        super().__init__()
        self.ignore_label = ignore_label
        with self.init_scope():
            self.W = Parameter(
                Normal(1.0) if initialW is None else initialW, (in_size, out_size)
            )

    @classmethod
    def from_params(cls, W: Any, ignore_label: int | None = None) -> EmbedID:
        """Makes the layer around a given array or Variable.

        Args:
            W: The vectors, shape ``(in_size, out_size)``.
            ignore_label: See the constructor.
        """
        in_size, out_size = W.shape
        return cls(in_size, out_size, as_array(W), ignore_label)

    def forward(self, x: Any) -> Variable:
        """Looks up identifiers.

        Args:
            x: Identifiers, integers, any shape.

        Returns:
            Variable, shape ``x.shape + (out_size,)``.
        """
        return embed_id(x, self.W, ignore_label=self.ignore_label)

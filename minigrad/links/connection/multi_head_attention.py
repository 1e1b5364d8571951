"""The multi-head attention layer."""

from __future__ import annotations

from typing import Any

from minigrad.chain import Chain
from minigrad.functions._check import Checker
from minigrad.functions.array.reshape import reshape
from minigrad.functions.array.transpose import transpose
from minigrad.functions.connection.scaled_dot_product_attention import (
    scaled_dot_product_attention,
)
from minigrad.links.connection.linear import Linear
from minigrad.variable import Variable


class MultiHeadAttention(Chain):
    """Attention with several heads, each on its own projection of the inputs.

    Args:
        size: Length of the vectors that come in and go out; a multiple of ``n_heads``.
        n_heads: Number of heads.
        dropout_ratio: Share of the attention weights that is set to zero in training.
        nobias: If True the projections have no bias.
        initialW: Initializer or number for the weights; None is LeCunNormal.
        initial_bias: The same for the biases; None is 0.

    Attributes:
        query, key, value: Projections of the inputs, `Linear` from ``size`` to ``size``.
        out: Projection of the joined heads.

    Raises:
        ValueError: ``size`` is no multiple of ``n_heads``.
        InvalidType: When called: the inputs or the mask have another shape.

    Source: Vaswani et al. 2017; as torch.nn.MultiheadAttention with batch_first=True.

    Example:
        >>> attention = L.MultiHeadAttention(8, 2)
        >>> attention(np.ones((3, 5, 8), 'f'), causal=True).shape
        (3, 5, 8)
    """

    def __init__(
        self,
        size: int,
        n_heads: int,
        dropout_ratio: float = 0.0,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        if n_heads < 1 or size % n_heads:
            raise ValueError(
                f'MultiHeadAttention: expected size % n_heads == 0, got {size} and '
                f'{n_heads}'
            )
        self.n_heads = n_heads
        self.dropout_ratio = dropout_ratio
        with self.init_scope():
            self.query, self.key, self.value, self.out = [
                Linear(size, size, nobias, initialW, initial_bias) for _ in range(4)
            ]

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        mask: Any = None,
        causal: bool = False,
    ) -> Variable:
        """Applies the layer.

        Args:
            query: Sequences that ask, shape ``(N, L, size)``.
            key: Sequences that are asked, shape ``(N, S, size)``; ``query`` if None.
            value: What they answer, shape of ``key``; ``key`` if None.
            mask: What may be looked at: bool or float, of a shape that broadcasts to
                ``(N, n_heads, L, S)``.
            causal: If True, query ``i`` looks at the keys up to ``i`` only.

        Returns:
            Variable, shape of ``query``.
        """
        key = query if key is None else key
        value = key if value is None else value
        for name, x in (('query', query), ('key', key), ('value', value)):
            if x.ndim != 3:
                checker = Checker(
                    'MultiHeadAttention', query=query, key=key, value=value
                )
                hint = (
                    f'a batch of one sequence is {name}[None]' if x.ndim == 2 else None
                )
                raise checker.refuse(
                    f'{name}.ndim == 3 (N, length, size)', x.ndim, hint
                )
        y = scaled_dot_product_attention(
            self._heads(self.query(query, n_batch_axes=2)),
            self._heads(self.key(key, n_batch_axes=2)),
            self._heads(self.value(value, n_batch_axes=2)),
            mask,
            self.dropout_ratio,
            causal,
        )
        joined = reshape(transpose(y, (0, 2, 1, 3)), query.shape)
        return self.out(joined, n_batch_axes=2)  # type: ignore[no-any-return]

    def _heads(self, x: Variable) -> Variable:
        n, length, size = x.shape
        x = reshape(x, (n, length, self.n_heads, size // self.n_heads))
        return transpose(x, (0, 2, 1, 3))

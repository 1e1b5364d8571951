"""One layer of a transformer's encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.relu import relu
from minigrad.functions.array.reshape import reshape
from minigrad.functions.noise.dropout import dropout
from minigrad.links.connection.linear import Linear
from minigrad.links.connection.multi_head_attention import MultiHeadAttention
from minigrad.links.normalization.layer_normalization import LayerNormalization
from minigrad.variable import Variable, as_variable


class TransformerEncoderLayer(Chain):
    """Attention of a sequence to itself, then two dense layers, each beside a shortcut.

    Args:
        size: Length of the vectors that come in and go out.
        n_heads: Number of heads of the attention.
        hidden_size: Length of the vectors between the two dense layers.
        dropout_ratio: Share of elements that is set to zero in training.
        activation: Function between the dense layers.
        norm_first: If True the inputs of both parts are normalized, else the outputs.
        eps: Added to the variance of the normalizations.

    Attributes:
        attention: The `MultiHeadAttention`.
        hidden, out: The two `Linear` layers.
        norm1, norm2: `LayerNormalization` of the two parts.

    Source: Vaswani et al. 2017; as torch.nn.TransformerEncoderLayer with
        batch_first=True.

    Example:
        >>> layer = L.TransformerEncoderLayer(8, 2, 32)
        >>> layer(np.ones((3, 5, 8), 'f')).shape
        (3, 5, 8)
    """

    def __init__(
        self,
        size: int,
        n_heads: int,
        hidden_size: int = 2048,
        dropout_ratio: float = 0.1,
        activation: Callable[[Any], Variable] = relu,
        norm_first: bool = False,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.dropout_ratio = dropout_ratio
        self.activation = activation
        self.norm_first = norm_first
        with self.init_scope():
            self.attention = MultiHeadAttention(size, n_heads, dropout_ratio)
            self.hidden = Linear(size, hidden_size)
            self.out = Linear(hidden_size, size)
            self.norm1 = LayerNormalization(size, eps)
            self.norm2 = LayerNormalization(size, eps)

    def forward(self, x: Any, mask: Any = None, causal: bool = False) -> Variable:
        """Applies the layer.

        Args:
            x: Sequences, shape ``(N, L, size)``.
            mask: What may be looked at: bool or float, of a shape that broadcasts to
                ``(N, n_heads, L, L)``.
            causal: If True, each place looks at itself and those before it only.

        Returns:
            Variable, shape of ``x``.
        """
        x = as_variable(x)
        if self.norm_first:
            x = x + self._attend(self._norm(self.norm1, x), mask, causal)
            return x + self._dense(self._norm(self.norm2, x))  # type: ignore[no-any-return]
        x = self._norm(self.norm1, x + self._attend(x, mask, causal))
        return self._norm(self.norm2, x + self._dense(x))

    def _attend(self, x: Variable, mask: Any, causal: bool) -> Variable:
        y = self.attention(x, mask=mask, causal=causal)
        return dropout(y, self.dropout_ratio)  # type: ignore[no-any-return]

    def _dense(self, x: Variable) -> Variable:
        h = self.activation(self.hidden(x, n_batch_axes=2))
        y = self.out(dropout(h, self.dropout_ratio), n_batch_axes=2)
        return dropout(y, self.dropout_ratio)  # type: ignore[no-any-return]

    def _norm(self, norm: LayerNormalization, x: Variable) -> Variable:
        return reshape(norm(reshape(x, (-1, x.shape[-1]))), x.shape)

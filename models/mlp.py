"""A multilayer perceptron."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import minigrad as mg
import minigrad.functions as F
import minigrad.links as L


class MLP(mg.ChainList):
    """Dense layers with an activation between them.

    Args:
        n_units: Width of each hidden layer.
        n_out: Number of outputs.
        activation: Function between the layers.
        initialW: Initializer of the weights; LeCun's by default.
        dropout: Part of each hidden layer that is dropped in training.
        normalize: Whether batch normalization comes before each activation.

    Example:
        >>> from models.mlp import MLP
        >>> MLP((100, 100))(np.zeros((2, 784), 'f')).shape
        (2, 10)
    """

    def __init__(
        self,
        n_units: Sequence[int] = (1000, 1000),
        n_out: int = 10,
        activation: Callable[[Any], mg.Variable] = F.relu,
        initialW: Any = None,
        dropout: float = 0.0,
        normalize: bool = False,
    ) -> None:
        dense = [L.Linear(None, n, initialW=initialW) for n in (*n_units, n_out)]
        norms = [L.BatchNormalization(n) for n in n_units] if normalize else []
        super().__init__(*dense, *norms)
        self.n_hidden = len(n_units)
        self.activation = activation
        self.dropout = dropout

    def forward(self, x: Any) -> Any:
        """Returns the scores of the classes.

        Args:
            x: Inputs, float, shape ``(N, ...)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        layers = list(self.children())
        hidden, last = layers[: self.n_hidden], layers[self.n_hidden]
        norms = layers[self.n_hidden + 1 :]
        for i, dense in enumerate(hidden):
            x = dense(x)
            if norms:
                x = norms[i](x)
            x = self.activation(x)
            if self.dropout > 0.0:
                x = F.dropout(x, self.dropout)
        return last(x)

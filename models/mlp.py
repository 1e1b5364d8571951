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
    ) -> None:
        widths = [*n_units, n_out]
        super().__init__(*[L.Linear(None, n, initialW=initialW) for n in widths])
        self.activation = activation

    def forward(self, x: Any) -> mg.Variable:
        """Returns the scores of the classes.

        Args:
            x: Inputs, float, shape ``(N, ...)``.

        Returns:
            Variable, shape ``(N, n_out)``.
        """
        *hidden, last = self.children()
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)

"""The highway layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.chain import Chain
from minigrad.functions.activation.relu import relu
from minigrad.functions.activation.sigmoid import sigmoid
from minigrad.links.connection.linear import Linear
from minigrad.variable import Variable


class Highway(Chain):
    """A layer that mixes its input and a transform of it, as a gate decides.

    Args:
        in_out_size: Numbers in one sample, and in one output.
        nobias: If True the two linear layers have no bias.
        activate: Function after the plain layer.
        init_Wh: Initializer of its weights.
        init_Wt: Initializer of the weights of the gate.
        init_bh: Initializer of the bias of the plain layer.
        init_bt: Initializer of the bias of the gate; negative lets the input pass.

    Source: Srivastava et al. 2015; compatible with chainer.links.Highway.

    Example:
        >>> L.Highway(5)(np.zeros((2, 5), 'f')).shape
        (2, 5)
    """

    def __init__(
        self,
        in_out_size: int,
        nobias: bool = False,
        activate: Callable[[Any], Variable] = relu,
        init_Wh: Any = None,
        init_Wt: Any = None,
        init_bh: Any = None,
        init_bt: Any = -1,
    ) -> None:
        super().__init__()
        self.activate = activate
        with self.init_scope():
            self.plain = Linear(in_out_size, in_out_size, nobias, init_Wh, init_bh)
            self.transform = Linear(in_out_size, in_out_size, nobias, init_Wt, init_bt)

    def forward(self, x: Any) -> Variable:
        """Applies the layer to samples of shape ``(N, in_out_size)``."""
        gate = sigmoid(self.transform(x))
        y: Variable = self.activate(self.plain(x)) * gate + x * (1 - gate)
        return y

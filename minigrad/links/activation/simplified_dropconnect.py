"""The fully connected layer that loses weights at random."""

from __future__ import annotations

import math
from typing import Any

from minigrad.functions.noise.simplified_dropconnect import simplified_dropconnect
from minigrad.initializers import HeNormal, _get_initializer
from minigrad.link import Link
from minigrad.links._arguments import bias_parameter
from minigrad.parameter import Parameter
from minigrad.variable import Variable, as_variable


class SimplifiedDropconnect(Link):
    """A fully connected layer whose weights are zero at random in training.

    Args:
        in_size: Numbers in one sample; None takes them from the first input.
        out_size: Numbers in one output.
        ratio: Probability that a weight is zero.
        nobias: If True there is no ``b``.
        initialW: Initializer, array or number for ``W``; None is
            ``HeNormal(1 / sqrt(2))``.
        initial_bias: The same for ``b``; None is 0.

    Attributes:
        W: Weights, shape ``(out_size, in_size)``.
        b: Bias, shape ``(out_size,)``, or None.

    Source: Wan et al. 2013; compatible with chainer.links.SimplifiedDropconnect.

    Example:
        >>> L.SimplifiedDropconnect(None, 2)(np.zeros((4, 3), 'f')).shape
        (4, 2)
    """

    def __init__(
        self,
        in_size: int | None,
        out_size: int,
        ratio: float = 0.5,
        nobias: bool = False,
        initialW: Any = None,
        initial_bias: Any = None,
    ) -> None:
        super().__init__()
        self.out_size = out_size
        self.ratio = ratio
        if initialW is None:
            initialW = HeNormal(1 / math.sqrt(2))
        with self.init_scope():
            self.W: Any = Parameter(_get_initializer(initialW))
            if in_size is not None:
                self._initialize_params(in_size)
            self.b = None if nobias else bias_parameter(initial_bias, out_size)

    def _initialize_params(self, in_size: int) -> None:
        self.W.initialize((self.out_size, in_size))

    def forward(
        self,
        x: Any,
        train: bool = True,
        mask: Any = None,
        use_batchwise_mask: bool = True,
    ) -> Variable:
        """Applies the layer.

        Args:
            x: Input, float; all axes after the first are one sample.
            train: If False no weight is lost, whatever ``config.train`` says.
            mask: Which weights stay; None draws them. The first one is saved with the
                link.
            use_batchwise_mask: If True every sample loses weights of its own.

        Returns:
            Variable, shape ``(N, out_size)``.
        """
        if self.W.array is None:
            self._initialize_params(math.prod(as_variable(x).shape[1:]))
        if mask is not None and 'mask' not in self.__dict__:
            self.add_persistent('mask', mask)
        return simplified_dropconnect(
            x, self.W, self.b, self.ratio, train, mask, use_batchwise_mask
        )

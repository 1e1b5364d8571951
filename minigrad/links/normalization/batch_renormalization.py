"""The batch renormalization layer."""

from __future__ import annotations

from typing import Any

from minigrad.configuration import config
from minigrad.functions.normalization.batch_normalization import (
    fixed_batch_normalization,
)
from minigrad.functions.normalization.batch_renormalization import (
    batch_renormalization,
)
from minigrad.links.normalization.batch_normalization import BatchNormalization
from minigrad.variable import Variable


class BatchRenormalization(BatchNormalization):
    """Batch normalization that is corrected towards the running averages.

    The outputs in training and in evaluation differ less than those of
    `BatchNormalization`, for small batches above all.

    Args:
        size: Number of channels, or the shape of ``gamma``.
        rmax: Largest correction of the deviation, at least 1; grows during training.
        dmax: Largest correction of the mean, at least 0; grows during training.
        decay: Weight of the past in the running averages.
        eps: Added to the variance.
        dtype: Dtype of parameters and averages; None is ``config.dtype`` (float32 for
            mixed16).
        use_gamma: If False the scale is 1.
        use_beta: If False the shift is 0.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.
        initial_beta: The same for ``beta``; None is 0.
        initial_avg_mean: The same for ``avg_mean``; None is 0. (Chainer 7.8.1 takes it
            for an axis.)
        initial_avg_var: The same for ``avg_var``; None is 1.

    Attributes:
        gamma: Scale, or None.
        beta: Shift, or None.
        avg_mean: Running average of the mean; saved with the link.
        avg_var: Running average of the variance; saved with the link.
        N: Number of batches seen in fine-tuning; saved with the link.
        rmax: See above.
        dmax: See above.

    Source: Ioffe 2017; compatible with chainer.links.BatchRenormalization.

    Example:
        >>> layer = L.BatchRenormalization(3, rmax=3, dmax=5)
        >>> x = np.arange(12, dtype='f').reshape(4, 3) / 4  # as in evaluation, since
        >>> layer(x).array[0].round(2)  # the corrections are within bounds
        array([0.  , 0.25, 0.5 ], dtype=float32)
    """

    def __init__(
        self,
        size: Any,
        rmax: float = 1,
        dmax: float = 0,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = None,
        use_gamma: bool = True,
        use_beta: bool = True,
        initial_gamma: Any = None,
        initial_beta: Any = None,
        initial_avg_mean: Any = None,
        initial_avg_var: Any = None,
    ) -> None:
        super().__init__(
            size,
            decay,
            eps,
            dtype,
            use_gamma,
            use_beta,
            initial_gamma,
            initial_beta,
            initial_avg_mean=initial_avg_mean,
            initial_avg_var=initial_avg_var,
        )
        self.rmax = rmax
        self.dmax = dmax
        self._former_: Any = None

    def forward(  # type: ignore[override]
        self, x: Any, finetune: bool = False
    ) -> Variable:
        """Applies the layer.

        Args:
            x: Feature maps, float, shape ``(N, C, ...)``.
            finetune: If True (and in training) the running averages become plain averages
                over the batches since `start_finetuning`.

        Returns:
            Variable, dtype and shape of ``x``.
        """
        gamma = self._or_full_(self.gamma, 1)
        beta = self._or_full_(self.beta, 0)
        mean, var = self.avg_mean, self.avg_var
        if not config.train:
            return fixed_batch_normalization(x, gamma, beta, mean, var, self.eps)
        decay, first = self.decay, not config.in_recomputing
        if not first:  # the same corrections as in the first run, which has updated
            mean, var = self._former_
        else:
            self._former_ = mean.copy(), var.copy()
            if finetune and x.size:
                self.N += 1
                decay = 1.0 - 1.0 / self.N
        return batch_renormalization(
            x, gamma, beta, self.rmax, self.dmax, self.eps, mean, var, decay, first
        )

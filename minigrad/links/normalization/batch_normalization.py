"""The batch normalization layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from minigrad.backend import using_device
from minigrad.configuration import config, get_dtype
from minigrad.functions.normalization.batch_normalization import (
    batch_normalization,
    fixed_batch_normalization,
)
from minigrad.initializers import _get_initializer, generate_array
from minigrad.link import Link
from minigrad.links._arguments import parameter_of_dtype
from minigrad.parameter import Parameter
from minigrad.types import Array
from minigrad.utils import argument
from minigrad.variable import Variable, as_variable


class BatchNormalization(Link):
    """Normalizes each channel over the batch, and scales and shifts it.

    While ``config.train`` is True the mean and variance of the batch are used, and
    running averages of them are kept; otherwise the running averages are used. To find
    statistics after training, call `start_finetuning` and then the layer with
    ``finetune=True`` on some batches.

    Args:
        size: Number of channels, or the shape of ``gamma``; None takes it from the first
            input (then ``axis`` is needed).
        decay: Weight of the past in the running averages.
        eps: Added to the variance.
        dtype: Dtype of parameters and averages; None is ``config.dtype`` (float32 for
            mixed16).
        use_gamma: If False the scale is 1.
        use_beta: If False the shift is 0.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.
        initial_beta: The same for ``beta``; None is 0.
        axis: Axes to take the statistics over; None is all but the second.
        initial_avg_mean: The same as the other initial values, for ``avg_mean``; None is
            0.
        initial_avg_var: The same for ``avg_var``; None is 1.

    Attributes:
        gamma: Scale, or None.
        beta: Shift, or None.
        avg_mean: Running average of the mean; saved with the link.
        avg_var: Running average of the variance; saved with the link.
        N: Number of batches seen in fine-tuning; saved with the link.

    Raises:
        RuntimeError: neither ``size`` nor ``axis`` is given.

    Source: Ioffe and Szegedy 2015; compatible with chainer.links.BatchNormalization.

    Example:
        >>> bn = L.BatchNormalization(3)
        >>> y = bn(np.arange(12, dtype='f').reshape(4, 3))
        >>> bool(abs(y.array.mean()) < 1e-6), bn.avg_mean.round(2)
        (True, array([0.45, 0.55, 0.65], dtype=float32))
        >>> with minigrad.using_config('train', False):
        ...     y = bn(np.zeros((1, 3), 'f'))
    """

    gamma: Parameter | None = None
    beta: Parameter | None = None
    avg_mean: Array
    avg_var: Array

    def __init__(
        self,
        size: Any = None,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = None,
        use_gamma: bool = True,
        use_beta: bool = True,
        initial_gamma: Any = None,
        initial_beta: Any = None,
        axis: int | tuple[int, ...] | None = None,
        initial_avg_mean: Any = None,
        initial_avg_var: Any = None,
    ) -> None:
        super().__init__()
        if size is None and axis is None:
            raise RuntimeError(
                'size or axis is required: BatchNormalization(n) for inputs with n '
                'channels, BatchNormalization(axis=(0, 2, 3)) to take n from the first '
                'images'
            )
        self.decay = decay
        self.eps = eps
        self.axis = (axis,) if isinstance(axis, int) else axis
        self.N = 0
        self._initial_avg_mean = 0 if initial_avg_mean is None else initial_avg_mean
        self._initial_avg_var = 1 if initial_avg_var is None else initial_avg_var
        self._highprec_dtype = get_dtype(dtype, map_mixed16=numpy.float32)
        with self.init_scope():
            if use_gamma:
                self.gamma = parameter_of_dtype(self._highprec_dtype, initial_gamma, 1)
            if use_beta:
                self.beta = parameter_of_dtype(self._highprec_dtype, initial_beta, 0)
        self.avg_mean = None
        self.avg_var = None
        if size is not None:
            self._initialize_params(size)
        for name in ('N', 'avg_mean', 'avg_var'):
            self.register_persistent(name)

    def _initialize_params(self, shape: Any) -> None:
        self.avg_mean = self._average_(self._initial_avg_mean, shape)
        self.avg_var = self._average_(self._initial_avg_var, shape)
        for param in (self.gamma, self.beta):
            if param is not None:
                param.initialize(shape)

    def _average_(self, initializer: Any, shape: Any) -> Array:
        return generate_array(
            _get_initializer(initializer),
            shape,
            self.xp,
            dtype=self._highprec_dtype,
            device=self.device,
        )

    @property
    def printable_specs(self) -> Iterator[tuple[str, Any]]:
        """Names and values of the arguments that describe this link."""
        yield 'size', None if self.avg_mean is None else self.avg_mean.shape[0]
        yield 'decay', self.decay
        yield 'eps', self.eps
        yield 'dtype', self._highprec_dtype
        yield 'use_gamma', self.gamma is not None
        yield 'use_beta', self.beta is not None

    def forward(self, x: Any, *, finetune: bool = False, **kwargs: Any) -> Variable:
        """Applies the layer.

        Args:
            x: Feature maps, float, shape ``(N, C, ...)`` where ``axis`` is None.
            finetune: If True (and in training) the running averages become plain averages
                over the batches since `start_finetuning`.
            **kwargs: None; ``test``, which old programs pass, raises with the remedy.

        Returns:
            Variable, dtype and shape of ``x``.
        """
        argument.parse_kwargs(
            kwargs,
            test="test argument is not supported anymore. Use using_config('train', "
            'False)',
        )
        if self.avg_mean is None:
            axes: Any = self.axis
            x = as_variable(x)
            self._initialize_params(
                tuple([n for i, n in enumerate(x.shape) if i not in axes])
            )
        gamma = self._or_full_(self.gamma, 1)
        beta = self._or_full_(self.beta, 0)
        if not config.train:
            return fixed_batch_normalization(
                x, gamma, beta, self.avg_mean, self.avg_var, self.eps, axis=self.axis
            )
        mean, var, decay = self.avg_mean, self.avg_var, self.decay
        if (
            config.in_recomputing
        ):  # the second run of one step: averages have it already
            mean = var = None
        elif finetune and x.size:
            self.N += 1
            decay = 1.0 - 1.0 / self.N
        return self._normalize_(
            x,
            gamma,
            beta,
            eps=self.eps,
            running_mean=mean,
            running_var=var,
            decay=decay,
            axis=self.axis,
        )

    def _normalize_(self, *arrays: Any, **options: Any) -> Variable:
        """Applies the function of a training; what spans processes has its own."""
        return batch_normalization(*arrays, **options)

    def _or_full_(self, param: Parameter | None, value: float) -> Any:
        if param is not None:
            return param
        with using_device(self.device):
            return self.xp.full(self.avg_mean.shape, value, self._highprec_dtype)

    def start_finetuning(self) -> None:
        """Forgets the batches counted so far; the next with ``finetune=True`` is one."""
        self.N = 0

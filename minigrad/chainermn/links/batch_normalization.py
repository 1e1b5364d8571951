"""The batch normalization layer that spans processes."""

from __future__ import annotations

import copy
from typing import Any

from minigrad.chainermn.functions.batch_normalization import (
    multi_node_batch_normalization,
)
from minigrad.links import BatchNormalization
from minigrad.variable import Variable

BACKENDS = ('mpi', 'nccl', 'auto')


class MultiNodeBatchNormalization(BatchNormalization):
    """Batch normalization whose mean and variance are those of all processes.

    With small batches per process the statistics of each alone are poor. In training all
    processes of the communicator have to run this layer, forward and backward.

    Args:
        size: Number of channels, or the shape of ``gamma``; None takes it from the first
            input (then ``axis`` is needed).
        comm: Communicator.
        decay: Weight of the past in the running averages.
        eps: Added to the variance.
        dtype: Dtype of parameters and averages; None is ``config.dtype`` (float32 for
            mixed16).
        use_gamma: If False the scale is 1.
        use_beta: If False the shift is 0.
        initial_gamma: Initializer, array or number for ``gamma``; None is 1.
        initial_beta: The same for ``beta``; None is 0.
        communication_backend: ``'mpi'``, ``'nccl'`` (only for the communicator
            ``pure_nccl``) or ``'auto'``; the communicator decides in all cases.
        axis: Axes to take the statistics over; None is all but the second.

    Raises:
        ValueError: The backend does not exist, or not for this communicator.

    Source: compatible with chainermn.links.MultiNodeBatchNormalization. As there, the
        running average of the variance begins at 0, not at 1.
    """

    def __init__(
        self,
        size: Any,
        comm: Any,
        decay: float = 0.9,
        eps: float = 2e-5,
        dtype: Any = None,
        use_gamma: bool = True,
        use_beta: bool = True,
        initial_gamma: Any = None,
        initial_beta: Any = None,
        communication_backend: str = 'auto',
        axis: int | tuple[int, ...] | None = None,
    ) -> None:
        if communication_backend not in BACKENDS:
            raise ValueError(
                'MultiNodeBatchNormalization does not support '
                f'{communication_backend!r}: expected one of {BACKENDS}'
            )
        if communication_backend == 'nccl' and not hasattr(comm, 'nccl_comm'):
            raise ValueError(
                "'nccl' is not supported in MultiNodeBatchNormalization when using "
                f'{type(comm).__name__}: take the communicator pure_nccl, or auto'
            )
        super().__init__(
            size,
            decay,
            eps,
            dtype,
            use_gamma,
            use_beta,
            initial_gamma,
            initial_beta,
            axis,
            initial_avg_var=0,
        )
        self.comm = comm

    def _normalize_(self, *arrays: Any, **options: Any) -> Variable:
        return multi_node_batch_normalization(self.comm, *arrays, **options)

    def __call__(self, x: Any, finetune: bool = False) -> Any:
        """Applies the layer; see `BatchNormalization.forward`."""
        return super().__call__(x, finetune=finetune)

    def __deepcopy__(self, memo: dict[int, Any]) -> MultiNodeBatchNormalization:
        memo[id(self.comm)] = self.comm  # a copy speaks to the same processes
        made = type(self).__new__(type(self))
        for name, value in self.__dict__.items():
            made.__dict__[name] = copy.deepcopy(value, memo)
        return made

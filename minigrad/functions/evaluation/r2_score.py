"""The coefficient of determination."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class R2Score(FunctionNode):
    label = 'R2_score'
    public_name = 'r2_score'
    arg_names = ('pred', 'true')

    def __init__(self, sample_weight: Any, multioutput: str) -> None:
        if sample_weight is not None:
            raise NotImplementedError('r2_score: sample_weight is not supported')
        if multioutput not in ('uniform_average', 'raw_values'):
            raise ValueError(
                "r2_score: expected multioutput='uniform_average' or 'raw_values', got "
                f'{multioutput!r}'
            )
        self.multioutput = multioutput

    def check_type_forward(self, in_types: InputTypes) -> None:
        pred, true = in_types
        if not pred.dtype.kind == true.dtype.kind == 'f':
            raise self.refuse(
                'pred and true of floats', f'{pred.dtype} and {true.dtype}'
            )
        if pred.shape != true.shape:
            raise self.refuse(
                'pred.shape == true.shape', f'{pred.shape} != {true.shape}'
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        pred, true = inputs
        xp = get_array_module(pred)
        residual = ((pred - true) ** 2).sum(axis=0)
        total = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
        constant = total == 0  # such a column explains nothing: its score is 0
        score = 1 - residual / xp.where(constant, 1, total)
        score = xp.where(constant, 0, score).astype(pred.dtype, copy=False)
        return score.mean() if self.multioutput == 'uniform_average' else score


@checks_arguments
def r2_score(
    pred: Any,
    true: Any,
    sample_weight: Any = None,
    multioutput: str = 'uniform_average',
) -> Variable:
    """Coefficient of determination of a regression, 1 for a perfect one.

    Args:
        pred: Predictions, float, shape ``(N, ...)``.
        true: What they should have been, float, the same shape.
        sample_weight: Not supported; must be None.
        multioutput: ``'uniform_average'`` for the mean over all but the first axis, or
            ``'raw_values'``.

    Returns:
        Variable, dtype of ``pred``, shape ``()`` or ``pred.shape[1:]``; where ``true``
        is constant the score is 0.

    Raises:
        InvalidType: An input is not float, or the shapes differ.
        NotImplementedError: ``sample_weight`` is given.
        ValueError: ``multioutput`` is not one of the above.

    Gradient: none.
    Double backprop: no.
    Kernels: reference.
    Source: compatible with chainer.functions.r2_score.

    Example:
        >>> F.r2_score(np.array([1., 2., 3.]), np.array([1., 2., 4.])).array.round(4)
        np.float64(0.7857)
    """
    return R2Score(sample_weight, multioutput).apply((pred, true))[0]

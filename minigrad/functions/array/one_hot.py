"""Class labels as rows of zeros with one 1."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.configuration import get_dtype
from minigrad.function_node import FunctionNode
from minigrad.functions._axis import is_int
from minigrad.functions._check import Checker
from minigrad.functions._no_graph import apply_without_graph
from minigrad.functions.loss._labels import check_labels
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable, as_array, as_variable


class OneHot(FunctionNode):
    arg_names = ('t',)

    def __init__(self, n_classes: int, dtype: Any) -> None:
        self.n_classes = n_classes
        self.dtype = dtype

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (t,) = inputs
        return get_array_module(t).eye(self.n_classes, dtype=self.dtype)[t]


@checks_arguments
def one_hot(t: Any, n_classes: int, dtype: Any = None) -> Variable:
    """Class labels as vectors that are 1 at the label and 0 elsewhere.

    Args:
        t: Variable or array of labels, integers, any shape.
        n_classes: Number of classes, the length of the new last axis.
        dtype: Dtype of the result; ``config.dtype`` if None.

    Returns:
        Variable, shape ``(*t.shape, n_classes)``.

    Raises:
        InvalidType: ``t`` does not hold integers.
        ValueError: A label is not in ``[0, n_classes)``.

    Gradient: none.
    Double backprop: no gradient to differentiate.
    Kernels: reference.
    Source: as torch.nn.functional.one_hot.

    Example:
        >>> F.one_hot(np.array([2, 0]), 3).array
        array([[0., 0., 1.],
               [1., 0., 0.]], dtype=float32)
    """
    x = as_variable(as_array(t))
    if x.dtype.kind not in 'iu':
        raise Checker('one_hot', t=x).refuse("t.dtype.kind == 'i'", x.dtype)
    if not is_int(n_classes) or n_classes < 1:
        raise ValueError(
            f'one_hot: n_classes must be an int of 1 or more, got {n_classes!r}'
        )
    check_labels('one_hot', x.array, n_classes, None)
    return apply_without_graph(OneHot(n_classes, get_dtype(dtype)), x)

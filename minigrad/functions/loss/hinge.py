"""The hinge loss of a one-against-all classifier."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._edges import masked
from minigrad.functions.activation.relu import relu
from minigrad.functions.loss._labels import check_labels, check_reduce
from minigrad.functions.loss._pair import wide
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class Hinge(FunctionNode):
    arg_names = ('x', 't')

    def __init__(self, norm: str = 'L1', reduce: str = 'mean') -> None:
        if norm not in ('L1', 'L2'):
            raise NotImplementedError(
                f"hinge: expected norm='L1' or 'L2', got {norm!r}"
            )
        check_reduce('hinge', reduce, 'mean', 'no')
        self.norm = norm
        self.reduce = reduce

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, t = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if t.dtype.kind != 'i':
            raise self.refuse("t.dtype.kind == 'i'", t.dtype)
        if x.ndim != 2 or t.shape != x.shape[:1]:
            raise self.refuse('x (N, K) and t (N,)', f'{x.shape} and {t.shape}')

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        x, t = inputs
        check_labels('hinge', t, x.shape[1], None)
        xp, number = get_array_module(x), x.dtype.type
        own_class = xp.arange(x.shape[1]) == t[:, None]
        self.sign = xp.where(own_class, number(-1), number(1))
        loss = xp.maximum(x * self.sign + number(1), number(0))
        if self.norm == 'L2':
            loss *= loss
        if self.reduce == 'no':
            return loss
        return (loss.sum(dtype=wide(x.dtype)) / max(len(x), 1)).astype(x.dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        (gy,) = grad_outputs
        if self.reduce == 'mean':
            gy = gy * (1 / max(len(x), 1))
        margin = x * self.sign + 1
        if self.norm == 'L2':
            gy = gy * (relu(margin) * 2.0)
        return masked(gy * self.sign, margin.array > 0), None


@checks_arguments
def hinge(x: Any, t: Any, norm: str = 'L1', reduce: str = 'mean') -> Variable:
    """Hinge loss of a one-against-all classifier.

    ``max(0, 1 - s * x)``, or its square, where ``s`` is 1 for the class of the sample
    and -1 for the others.

    Args:
        x: Scores, float, shape ``(N, K)``.
        t: Labels, signed integers, shape ``(N,)``.
        norm: ``'L1'``, or ``'L2'`` for squares.
        reduce: ``'mean'`` for the sum divided by ``N``, or ``'no'``.

    Returns:
        Variable, dtype of ``x``, shape ``()`` or, with ``reduce='no'``, ``(N, K)``.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.
        ValueError: A label is out of range, or ``reduce`` is not one of the above.
        NotImplementedError: ``norm`` is not one of the above.

    Gradient: ``-s * gy``, or ``-2 * s * (1 - s * x) * gy``, where the loss is positive.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.hinge.

    Example:
        >>> x = np.array([[-2., 3., .5], [5., 2., -.5]])
        >>> F.hinge(x, np.array([1, 0]), reduce='no')
        variable([[0. , 0. , 1.5],
                  [0. , 3. , 0.5]])
    """
    return Hinge(norm, reduce).apply((x, t))[0]

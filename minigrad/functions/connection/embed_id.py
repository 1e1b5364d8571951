"""Look-up of rows by number, and the sum of gradients into those rows."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module, may_look_at
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class EmbedIDFunction(FunctionNode):
    arg_names = ('x', 'W')
    fresh_gradients = True
    public_name = 'embed_id'

    def __init__(self, ignore_label: int | None = None) -> None:
        self.ignore_label = ignore_label

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, W = in_types
        if x.dtype.kind != 'i':
            raise self.refuse("x.dtype.kind == 'i'", x.dtype, "use x.astype('int32')")
        if x.ndim < 1:
            raise self.refuse('x.ndim >= 1', x.ndim)
        if W.dtype.kind != 'f':
            raise self.refuse("W.dtype.kind == 'f'", W.dtype)
        if W.ndim != 2:
            raise self.refuse('W.ndim == 2 (V, D)', W.ndim)

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        x, W = inputs
        xp = get_array_module(x)
        self._W_shape_ = W.shape
        if may_look_at(x):
            self._check_range(xp, x, len(W))
        if self.ignore_label is None:
            return W[x]
        ignored = x == self.ignore_label
        y = W[xp.where(ignored, 0, x)]
        y[ignored] = 0
        return y

    def _check_range(self, xp: Any, x: Array, size: int) -> None:
        valid = (x >= 0) & (x < size)
        if self.ignore_label is not None:
            valid |= x == self.ignore_label
        if not valid.all():
            wrong = x[~valid]
            raise ValueError(
                f'embed_id: expected 0 <= x < {size}, one for each row of W, got '
                f'{int(wrong[0])} ({wrong.size} of {x.size} are out of range)'
            )

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        function = EmbedIDGrad(self._W_shape_, self.ignore_label)
        return None, function.apply((x, grad_outputs[0]))[0]


class EmbedIDGrad(FunctionNode):
    """``gW``: each row of ``gy`` added to the row of ``W`` it came from."""

    arg_names = ('x', 'gy')

    def __init__(
        self, W_shape: tuple[int, int], ignore_label: int | None = None
    ) -> None:
        self._W_shape_ = W_shape
        self.ignore_label = ignore_label

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0,))
        x, gy = inputs
        xp = get_array_module(x)
        if self.ignore_label is not None:
            valid = x != self.ignore_label
            x, gy = x[valid], gy[valid]
        gW = xp.zeros(self._W_shape_, gy.dtype)
        kernels_for(gW).add_rows(gW, x, gy)
        return gW

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        (x,) = self.get_retained_inputs()
        return None, embed_id(x, grad_outputs[0], self.ignore_label)


@checks_arguments
def embed_id(x: Any, W: Any, ignore_label: int | None = None) -> Variable:
    """Looks rows of a matrix up by number: a linear layer for one-hot input.

    Args:
        x: Row numbers, signed integers, any shape of at least one axis.
        W: Table, float, shape ``(V, D)``; row ``i`` is the embedding of number ``i``.
        ignore_label: Number whose embedding is zero and gets no gradient; None for none.

    Returns:
        Variable, dtype of ``W``, shape ``(*x.shape, D)``.

    Raises:
        InvalidType: ``x`` is not of signed integers, or ``W`` not a float matrix.
        ValueError: A number is not a row of ``W``. On a GPU only in debug mode, since
            the check makes the program wait for the device.

    Gradient: to the rows of ``W`` that were looked up; none to ``x``.
    Double backprop: yes.
    Kernels: reference.
    Source: Bengio et al. 2003; compatible with chainer.functions.embed_id.

    Example:
        >>> W = np.array([[0., 0.], [1., 1.], [2., 2.]], 'f')
        >>> F.embed_id(np.array([2, 1], 'i'), W, ignore_label=1).array
        array([[2., 2.],
               [0., 0.]], dtype=float32)
    """
    return EmbedIDFunction(ignore_label).apply((x, W))[0]

"""Softmax and cross entropy in one step."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad import backend
from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.activation.softmax import softmax
from minigrad.functions.loss._labels import check_labels, check_reduce
from minigrad.functions.math.sum import sum as sum_of
from minigrad.functions.math.sum_to import sum_to
from minigrad.kernels import kernels_for
from minigrad.named_arguments import checks_arguments
from minigrad.types import Array
from minigrad.variable import Variable


class SoftmaxCrossEntropy(FunctionNode):
    """The loss; with ``p = softmax(x)`` its gradient is ``gy * (scale * p - target)``.

    ``scale`` has one number per sample and ``target`` is like ``x``. For labels,
    ``scale`` is the sample's weight, and ``target`` is that weight at the label. For
    soft targets both are what the distribution says, the sum and the values.
    """

    fresh_gradients = True
    arg_names = ('x', 't')
    on_arrays = True
    y: Array | None = None  # log_softmax(x), if it is kept for backward

    def __init__(
        self,
        normalize: bool = True,
        cache_score: bool = True,
        class_weight: Array | None = None,
        ignore_label: int = -1,
        reduce: str = 'mean',
        soft_target_loss: str = 'cross-entropy',
    ) -> None:
        _check_class_weight(class_weight)
        check_reduce('softmax_cross_entropy', reduce, 'mean', 'no')
        self.normalize = normalize
        self.cache_score = cache_score
        self.class_weight = class_weight
        self.ignore_label = ignore_label
        self.reduce = reduce
        self.soft_target_loss = soft_target_loss

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, t = in_types
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if t.dtype.kind not in 'if':
            raise self.refuse(
                't of signed integers (labels) or floats (soft targets)',
                t.dtype,
                'convert labels with t.astype(np.int32)',
            )
        rule, shape = 't.shape == x.shape (soft targets)', x.shape
        if t.dtype.kind == 'i':
            rule = 't.shape == (x.shape[0], *x.shape[2:]), one label per sample'
            shape = x.shape[:1] + x.shape[2:]
        if x.ndim < 2 or t.shape != shape:
            raise self.refuse(rule, f'{t.shape} for x {x.shape}')
        weight = self.class_weight
        if weight is not None and weight.shape != (x.shape[1],):
            raise ValueError(
                'softmax_cross_entropy: expected class_weight.shape == (x.shape[1],), '
                f'got {weight.shape} for {x.shape[1]} classes'
            )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        x, t = inputs
        if t.dtype.kind == 'f':
            loss, log_y = self._soft_loss(x, t)
            count = t.size // t.shape[1] if t.size else 0
        else:
            check_labels('softmax_cross_entropy', t, x.shape[1], self.ignore_label)
            k = kernels_for(x)
            loss, log_y = k.softmax_cross_entropy(x, t, self.ignore_label)
            if self.class_weight is not None:
                loss = loss * self._weight_of(t, x.dtype)
            if not self.normalize:
                count = len(x)
            elif self.reduce == 'mean':
                count = get_array_module(t).count_nonzero(t != self.ignore_label)
        if self.cache_score:
            self.y = log_y
        if self.reduce == 'no':
            return loss.astype(x.dtype, copy=False)
        # float16 sums and counts in float32: it ends at 65504.
        wide = numpy.promote_types(x.dtype, numpy.float32)
        self._coeff = 1 / get_array_module(x).maximum(count, 1).astype(wide)
        return (loss.sum(dtype=wide) * self._coeff).astype(x.dtype)

    def _soft_loss(self, x: Array, t: Array) -> tuple[Array, Array]:
        log_y = kernels_for(x).log_softmax(x)
        if self.soft_target_loss == 'kl-divergence':
            log_t = get_array_module(t).log(t + t.dtype.type(1e-7))
            return (t * (log_t - log_y)).sum(axis=1), log_y
        return -(t * log_y).sum(axis=1), log_y

    def _weight_of(self, t: Array, dtype: Any) -> Array:
        """Returns the class weight of each label; any number where it is ignored."""
        weight = backend.get_device_from_array(t).send(self.class_weight)
        label = get_array_module(t).where(t != self.ignore_label, t, 0)
        return weight.astype(dtype, copy=False)[label]

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, t = self.get_retained_inputs()
        (gy,) = grad_outputs
        if isinstance(gy, Variable):
            return SoftmaxCrossEntropyGrad(self, t.array).apply((x, gy))[0], None
        return self.gradient(x, t, gy), None

    def gradient(self, x: Array, t: Array, gy: Array) -> Array:
        """Returns the gradient of ``x``."""
        log_y = kernels_for(x).log_softmax(x) if self.y is None else self.y
        if t.dtype.kind == 'f':
            xp = get_array_module(x)
            scale, target = self.scale_and_target(x, t)
            if self.reduce == 'no':
                gy = xp.expand_dims(gy, 1)
            return gy * (scale * xp.exp(log_y) - target)
        coeff = gy * self._coeff if self.reduce == 'mean' else gy
        if self.class_weight is not None:
            coeff = coeff * self._weight_of(t, coeff.dtype)
        return kernels_for(x).softmax_cross_entropy_grad(
            log_y, t, coeff, self.ignore_label
        )

    def scale_and_target(self, x: Array, t: Array) -> tuple[Array, Array]:
        """Returns the constants (N, 1, ...) and (N, C, ...) of the gradient."""
        xp = get_array_module(x)
        if t.dtype.kind == 'f':
            target = t.astype(x.dtype, copy=False)
            scale = target.sum(axis=1, keepdims=True)
        else:
            scale = (t != self.ignore_label).astype(x.dtype)
            if self.class_weight is not None:
                scale = scale * self._weight_of(t, x.dtype)
            scale = xp.expand_dims(scale, 1)
            classes = xp.arange(x.shape[1]).reshape((-1,) + (1,) * (x.ndim - 2))
            target = (classes == xp.expand_dims(t, 1)) * scale
        if self.reduce == 'mean':
            coeff = self._coeff.astype(x.dtype)
            scale, target = scale * coeff, target * coeff
        return scale, target


class SoftmaxCrossEntropyGrad(FunctionNode):
    """The gradient of ``x``, as a function of ``x`` and ``gy``."""

    arg_names = ('x', 'gy')

    def __init__(self, loss: SoftmaxCrossEntropy, t: Array) -> None:
        self.loss = loss
        self.t = t

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs((0, 1))
        return self.loss.gradient(inputs[0], self.t, inputs[1])

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        x, gy = self.get_retained_inputs()
        (ggx,) = grad_outputs
        scale, target = self.loss.scale_and_target(x.array, self.t)
        p = softmax(x)
        ggy = ggx * (p * scale - target)
        if self.loss.reduce == 'no':
            ggy = sum_of(ggy, axis=1)
            gy = gy.reshape((len(gy), 1, *gy.shape[1:]))
        else:
            ggy = sum_to(ggy, ())
        u = ggx * p * (gy * scale)
        return u - p * sum_of(u, axis=1, keepdims=True), ggy


def _check_class_weight(class_weight: Any) -> None:
    if class_weight is None:
        return
    if isinstance(class_weight, Variable) or not backend.is_array(class_weight):
        raise ValueError(
            'softmax_cross_entropy: expected class_weight to be a numpy.ndarray or '
            f'cupy.ndarray, got {type(class_weight).__name__}'
        )
    if class_weight.ndim != 1:
        raise ValueError(
            'softmax_cross_entropy: expected class_weight.ndim == 1, got '
            f'{class_weight.ndim}'
        )
    if class_weight.dtype.kind != 'f':
        raise ValueError(
            "softmax_cross_entropy: expected class_weight.dtype.kind == 'f', got "
            f'{class_weight.dtype}'
        )


@checks_arguments
def softmax_cross_entropy(
    x: Any,
    t: Any,
    normalize: bool = True,
    cache_score: bool = True,
    class_weight: Array | None = None,
    ignore_label: int = -1,
    reduce: str = 'mean',
    enable_double_backprop: bool = False,
    soft_target_loss: str = 'cross-entropy',
) -> Variable:
    """Cross entropy between labels, or soft targets, and the softmax of scores.

    Args:
        x: Scores before the softmax, float, shape ``(N, C)`` or ``(N, C, d1, ...)``.
        t: Labels, signed integers, shape ``(N,)`` or ``(N, d1, ...)``; or soft
            targets, float, the shape of ``x``, each a distribution over the classes.
        normalize: Divide the sum by the number of labels that are not ignored;
            otherwise by ``N``. Soft targets count one each.
        cache_score: Keep the log-softmax for backward instead of computing it again.
        class_weight: Float array ``(C,)``; the loss of a label is multiplied by the
            weight of its class, the divisor is not.
        ignore_label: Samples with this label count for nothing.
        reduce: ``'mean'`` for a scalar, ``'no'`` for one loss per label.
        enable_double_backprop: Accepted for compatibility; it always works.
        soft_target_loss: ``'cross-entropy'`` or ``'kl-divergence'``.

    Returns:
        Variable, dtype of ``x``, shape ``()`` or, with ``reduce='no'``, ``(N, ...)``.

    Raises:
        InvalidType: A dtype is wrong or the shapes do not fit.
        ValueError: A label is out of range (on a GPU: in debug mode), or an option is
            not one of those above.

    Gradient: ``softmax(x) - onehot(t)`` times weight and divisor; none for ``t``.
    Double backprop: yes.
    Kernels: reference, numba, cupy.
    Source: compatible with chainer.functions.softmax_cross_entropy.

    Example:
        >>> x = np.array([[0., 0.], [100., 0.]], 'f')
        >>> F.softmax_cross_entropy(x, np.array([1, 0], 'i'))
        variable(0.3465736)
        >>> F.softmax_cross_entropy(x, np.array([1, -1], 'i'), reduce='no')
        variable([0.6931472, 0.       ])
    """
    if soft_target_loss not in ('cross-entropy', 'kl-divergence'):
        raise ValueError(
            "softmax_cross_entropy: expected soft_target_loss='cross-entropy' or "
            f"'kl-divergence', got {soft_target_loss!r}"
        )
    loss = SoftmaxCrossEntropy(
        normalize, cache_score, class_weight, ignore_label, reduce, soft_target_loss
    )
    return loss.apply((x, t))[0]

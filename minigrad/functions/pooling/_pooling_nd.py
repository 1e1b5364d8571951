"""What the poolings over any number of axes share, and what those of images add."""

from __future__ import annotations

from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions._chainer_attributes import reads
from minigrad.functions._spatial import check_ndim
from minigrad.kernels import kernels_for
from minigrad.kernels.specs import PoolSpec
from minigrad.kernels.specs_nd import IntOrInts, WindowSpec
from minigrad.types import Array


@reads('spec', 'stride', 'pad', ksize='window')
class Windowed(FunctionNode):
    """A node with the spec of a pooling, which says whose kernels compute it."""

    arg_names = ('gy',)
    on_arrays = True

    def __init__(self, spec: Any, args: Any = None) -> None:
        self.spec = spec
        self.args = args  # where the maxima are

    def kernel(self, x: Array, name: str, end: str = '') -> Any:
        """Returns a kernel such as ``max_pool_2d_scatter`` by its parts."""
        axes = '_2d' if self.spec.__class__ is PoolSpec else '_nd'
        return getattr(kernels_for(x), name + axes + end)


def zero_outside(y: Array, spec: Any) -> Array:
    """Returns ``y`` with 0 where a window lies wholly outside of the input.

    There are such windows where padding is as wide as a window, or ``cover_all`` rounds
    up with strides wider than windows. The maximum of nothing is minus infinity, which
    would make the loss NaN.
    """
    if isinstance(spec, PoolSpec):
        axes = [
            (spec.h, spec.kh, spec.oh, spec.sy, spec.ph),
            (spec.w, spec.kw, spec.ow, spec.sx, spec.pw),
        ]
    else:
        axes = list(
            zip(spec.size, spec.window, spec.out, spec.stride, spec.pad, strict=True)
        )
    if all([p < k and (out - 1) * s - p < n for n, k, out, s, p in axes]):  # noqa: C419
        return y
    inside = [
        slice(max(0, -((k - 1 - p) // s)), -(-(n + p) // s)) for n, k, _, s, p in axes
    ]
    kept = get_array_module(y).zeros_like(y)
    kept[(..., *inside)] = y[(..., *inside)]
    return kept


class PoolingND(Windowed):
    """A function of one array with this number of spatial axes."""

    fresh_gradients = True
    arg_names = ('x',)
    specs: Any = WindowSpec

    def __init__(
        self,
        ndim: int,
        ksize: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        cover_all: bool = True,
        return_indices: bool = False,
        *,
        spec: Any = None,
    ) -> None:
        if ndim <= 0:
            raise ValueError(f'{self.public_name}: x must have at least 1 spatial axis')
        self.spec = spec
        self.ndim = ndim
        self._given = ksize, stride, pad
        self.cover_all = cover_all
        self.return_indices = return_indices

    def check_type_forward(self, in_types: InputTypes) -> None:
        check_ndim(self, in_types, self.ndim)

    def make_spec(self, size: tuple[int, ...], count_pad: bool = True) -> Any:
        """Returns the spec of a pooling of this size."""
        return self.specs.of(
            size,
            *self._given,
            cover_all=self.cover_all,
            count_pad=count_pad,
            function=self.public_name,
        )

    def make_unpooling_spec(self, out: tuple[int, ...], outsize: Any) -> Any:
        """Returns the spec of the pooling that gives ``out``, of ``outsize`` if given."""
        if outsize is None:
            return self.specs.of_unpooling(
                out, *self._given, cover_all=self.cover_all, function=self.public_name
            )
        spec = self.make_spec(outsize)
        given = (spec.oh, spec.ow) if self.specs is PoolSpec else spec.out
        if out != given:
            raise self.refuse(
                f'x.shape[2:] == {given}, the pooling of outsize {outsize}',
                out,
                'leave outsize=None, or change cover_all',
            )
        return spec


@reads('spec', 'kh', 'kw', 'sy', 'sx', 'ph', 'pw')
class Pooling2D(PoolingND):
    """A `PoolingND` of images, with Chainer's arguments and kernels of its own."""

    specs: Any = PoolSpec

    def __init__(
        self,
        ksize: IntOrInts,
        stride: IntOrInts | None = None,
        pad: IntOrInts = 0,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(2, ksize, stride, pad, *args, **kwargs)

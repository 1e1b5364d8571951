"""What the poolings of images, and their inverses, share."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes
from minigrad.kernels.specs import IntPair, PoolSpec
from minigrad.types import Array


def check_pooling_input(node: FunctionNode, in_types: InputTypes) -> None:
    """Refuses an input that is not a float array with four axes."""
    (x,) = in_types
    if x.dtype.kind != 'f':
        raise node.refuse("x.dtype.kind == 'f'", x.dtype)
    if x.ndim != 4:
        raise node.refuse('x.ndim == 4 (N, C, H, W)', x.ndim)


def unpooling_spec(
    node: FunctionNode,
    inputs: tuple[Array, ...],
    ksize: IntPair,
    stride: IntPair | None,
    pad: IntPair,
    outsize: Any,
    cover_all: bool,
) -> PoolSpec:
    """Returns the spec of the pooling that gives the shape of the input."""
    (x,) = inputs
    function = node.public_name
    if outsize is None:
        return PoolSpec.of_unpooling(
            x.shape, ksize, stride, pad, cover_all=cover_all, function=function
        )
    spec = PoolSpec.of(outsize, ksize, stride, pad, cover_all, function=function)
    if x.shape[2:] != (spec.oh, spec.ow):
        raise node.refuse(
            f'x.shape[2:] == {(spec.oh, spec.ow)}, the pooling of outsize {outsize}',
            x.shape[2:],
            'leave outsize=None, or change cover_all',
        )
    return spec

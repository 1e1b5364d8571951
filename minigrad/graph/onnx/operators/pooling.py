"""Poolings, and what puts them back."""

from __future__ import annotations

from typing import Any

from minigrad.graph.onnx.builder import Builder, UnsupportedFunction, operator
from minigrad.graph.onnx.operators.connection import overhang, window


@operator('MaxPooling2D', 'MaxPoolingND')
def _max_pooling(b: Builder, f: Any, x: str) -> Any:
    w = f.spec.windows()
    return b.op('MaxPool', x, pads=[*w.pad, *overhang(w)], **window(w))


@operator('AveragePooling2D', 'AveragePoolingND')
def _average_pooling(b: Builder, f: Any, x: str) -> Any:
    w = f.spec.windows()
    counted = int(f.spec.count_pad)
    pads = [*w.pad, *w.pad]
    return b.op('AveragePool', x, pads=pads, count_include_pad=counted, **window(w))


@operator('Unpooling2D', 'UnpoolingND')
def _unpooling(b: Builder, f: Any, x: str) -> Any:
    w = f.spec.windows()
    if w.window != w.stride or any(w.pad):
        raise UnsupportedFunction('to_onnx: unpooling of windows that overlap')
    n = len(w.window)
    C, sizes = b.shapes[0][1], b.shapes[0][2:]
    y = b.op('Reshape', x, [0, C, *[m for size in sizes for m in (size, 1)]])
    reps = [1, 1, *[m for k in w.window for m in (1, k)]]
    whole = [size * k for size, k in zip(sizes, w.window, strict=True)]
    y = b.op('Reshape', b.op('Tile', y, reps), [0, C, *whole])
    axes = list(range(2, 2 + n))
    return b.op('Slice', y, [0] * n, list(w.size), axes)


@operator('ROIAverageAlign2D')
def _roi_average_align(b: Builder, f: Any, x: str, rois: str, indices: str) -> Any:
    ratio = f.sampling_ratio
    if ratio[0] != ratio[1]:
        raise UnsupportedFunction('to_onnx: sampling_ratio with two numbers')
    corners = b.op('Gather', rois, [1, 0, 3, 2], axis=1)  # x before y
    how = 'output_half_pixel' if b.opset >= 16 else None
    return b.op(
        'RoiAlign',
        x,
        corners,
        b.cast(indices, 'int64'),
        output_height=f.outsize[0],
        output_width=f.outsize[1],
        sampling_ratio=0 if ratio[0] is None else ratio[0],
        spatial_scale=float(f.spatial_scale),
        coordinate_transformation_mode=how,
    )


@operator('ROIPooling2D', 'ROIMaxPooling2D')
def _roi_max_pooling(b: Builder, f: Any, *xs: str) -> Any:
    raise UnsupportedFunction(
        f'to_onnx: {f.public_name} rounds the borders of its bins in another way than '
        "ONNX's MaxRoiPool"
    )

"""Linear layers, convolutions and embeddings."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.graph.onnx.builder import Builder, operator


def window(w: Any) -> dict[str, Any]:
    """Returns what Conv, ConvTranspose and the poolings are told of windows."""
    return {'kernel_shape': list(w.window), 'strides': list(w.stride)}


def overhang(w: Any) -> list[int]:
    """Returns the padding at the ends; more where a last window hangs over."""
    reach = [
        (n - 1) * s + (k - 1) * d + 1 - size - p
        for n, s, k, d, size, p in zip(
            *(w.out, w.stride, w.window, w.dilate, w.size, w.pad), strict=True
        )
    ]
    return [max(r, p) for r, p in zip(reach, w.pad, strict=True)]


@operator('LinearFunction')
def _linear(b: Builder, f: Any, *xs: str) -> Any:
    return b.op('Gemm', *xs, transB=1)


@operator('Convolution2DFunction', 'ConvolutionND')
def _convolution(b: Builder, f: Any, *xs: str) -> Any:
    w = f.spec.windows()
    return b.op(
        'Conv',
        *xs,
        pads=[*w.pad, *overhang(w)],
        dilations=list(w.dilate),
        group=f.spec.groups,
        **window(w),
    )


@operator('Deconvolution2DFunction', 'DeconvolutionND')
def _deconvolution(b: Builder, f: Any, *xs: str) -> Any:
    w = f.spec.windows()  # of the convolution that is transposed
    extra = [
        size - (n - 1) * s - (k - 1) * d - 1 + 2 * p
        for size, n, s, k, d, p in zip(
            w.size, w.out, w.stride, w.window, w.dilate, w.pad, strict=True
        )
    ]
    # Less than the whole is given by more padding at the end.
    ends = [p + max(0, -e) for p, e in zip(w.pad, extra, strict=True)]
    return b.op(
        'ConvTranspose',
        *xs,
        pads=[*w.pad, *ends],
        output_padding=[max(0, e) for e in extra],
        dilations=list(w.dilate),
        group=f.spec.groups,
        **window(w),
    )


@operator('EmbedIDFunction')
def _embed_id(b: Builder, f: Any, x: str, W: str) -> Any:
    x = b.cast(x, 'int64')
    if f.ignore_label is None:
        return b.op('Gather', W, x, axis=0)
    ignored = b.op('Equal', x, numpy.array(f.ignore_label, numpy.int64))
    rows = b.op('Where', ignored, numpy.array(0, numpy.int64), x)
    mask = b.op('Unsqueeze', ignored, [len(b.shapes[0])])
    return b.op('Where', mask, 0.0, b.op('Gather', W, rows, axis=0))


@operator('BilinearFunction')
def _bilinear(b: Builder, f: Any, e1: str, e2: str, W: str, *rest: str) -> Any:
    rows = [
        b.op('Reshape', e, [0, n])
        for e, n in zip((e1, e2), b.shapes[2][:2], strict=True)
    ]
    y = b.op('Einsum', *rows, W, equation='ni,nj,ijk->nk')
    if rest:
        V1, V2, bias = rest
        for e, V in zip(rows, (V1, V2), strict=True):
            y = b.op('Add', y, b.op('MatMul', e, V))
        y = b.op('Add', y, bias)
    return y


@operator('Shift')
def _shift(b: Builder, f: Any, x: str) -> Any:
    """A convolution with filters that each pick one element of the window."""
    C = b.shapes[0][1]
    taps = f.kh * f.kw
    size, middle = C // taps, taps // 2
    W = numpy.zeros((C, 1, f.kh, f.kw), b.dtype)
    for channel in range(C):
        group = min(channel // size, taps - 1)
        tap = middle if group == taps - 1 else taps - 1 if group == middle else group
        W[channel, 0, f.kh - 1 - tap // f.kw, f.kw - 1 - tap % f.kw] = 1
    pads = [f.kh // 2 * f.dy, f.kw // 2 * f.dx]
    return b.op(
        'Conv',
        x,
        W,
        kernel_shape=[f.kh, f.kw],
        dilations=[f.dy, f.dx],
        pads=[*pads, *pads],
        group=C,
    )

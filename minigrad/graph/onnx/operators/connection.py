"""Linear layers, convolutions and embeddings."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from minigrad.graph.onnx.builder import Builder, operator


class Windows(NamedTuple):
    """Windows along each spatial axis, however many axes there are."""

    size: tuple[int, ...]
    window: tuple[int, ...]
    out: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    dilate: tuple[int, ...]
    groups: int

    @classmethod
    def of(cls, spec: Any) -> Windows:
        """Returns the windows of a spec of two or of any number of axes."""
        if hasattr(spec, 'window'):
            return cls(
                spec.size,
                spec.window,
                spec.out,
                spec.stride,
                spec.pad,
                spec.dilate,
                spec.groups,
            )
        dilate = (getattr(spec, 'dy', 1), getattr(spec, 'dx', 1))
        return cls(
            (spec.h, spec.w),
            (spec.kh, spec.kw),
            (spec.oh, spec.ow),
            (spec.sy, spec.sx),
            (spec.ph, spec.pw),
            dilate,
            getattr(spec, 'groups', 1),
        )

    def attributes(self) -> dict[str, Any]:
        """Returns what Conv, ConvTranspose and the poolings are told."""
        return {'kernel_shape': list(self.window), 'strides': list(self.stride)}

    def overhang(self) -> list[int]:
        """Returns the padding at the ends; more where a last window hangs over."""
        reach = [
            (n - 1) * s + (k - 1) * d + 1 - size - p
            for n, s, k, d, size, p in zip(
                *(self.out, self.stride, self.window, self.dilate, self.size, self.pad),
                strict=True,
            )
        ]
        return [max(r, p) for r, p in zip(reach, self.pad, strict=True)]


@operator('LinearFunction')
def _linear(b: Builder, f: Any, *xs: str) -> Any:
    return b.op('Gemm', *xs, transB=1)


@operator('Convolution2DFunction', 'ConvolutionND')
def _convolution(b: Builder, f: Any, *xs: str) -> Any:
    w = Windows.of(f.spec)
    return b.op(
        'Conv',
        *xs,
        pads=[*w.pad, *w.overhang()],
        dilations=list(w.dilate),
        group=w.groups,
        **w.attributes(),
    )


@operator('Deconvolution2DFunction', 'DeconvolutionND')
def _deconvolution(b: Builder, f: Any, *xs: str) -> Any:
    w = Windows.of(f.spec)  # of the convolution that is transposed
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
        group=w.groups,
        **w.attributes(),
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

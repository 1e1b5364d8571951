"""Convolution whose filters look where offsets tell them."""

from __future__ import annotations

from typing import Any

from minigrad.functions._check import Checker
from minigrad.functions.array._sample import sample_images
from minigrad.functions.math.matmul import matmul
from minigrad.kernels.specs import IntPair, _pair
from minigrad.named_arguments import checks_arguments
from minigrad.variable import Variable, as_variable


@checks_arguments
def deformable_convolution_2d_sampler(
    x: Any, offset: Any, W: Any, b: Any = None, stride: IntPair = 1, pad: IntPair = 0
) -> Variable:
    """Two-dimensional convolution with an offset for every tap of every window.

    Between pixels, the image is interpolated bilinearly.

    Args:
        x: Images, float, shape ``(N, C, H, W)``.
        offset: What is added to the places of the taps, in pixels, dtype of ``x``,
            shape ``(N, 2 KH KW, OH, OW)``: all horizontal offsets, then all vertical.
        W: Filters, dtype of ``x``, shape ``(OC, C, KH, KW)``.
        b: Biases, dtype of ``x``, shape ``(OC,)``; None for none.
        stride: Distance between windows, ``s`` or ``(sy, sx)``.
        pad: Zeros put around each image, ``p`` or ``(ph, pw)``.

    Returns:
        Variable, dtype of ``x``, shape ``(N, OC, OH, OW)``, the size of ``offset``.

    Raises:
        InvalidType: Dtypes, axes, channels or batch sizes do not fit.
        ValueError: ``offset`` has not two channels per tap, or a number is out of range.

    Gradient: as of a convolution; to ``offset`` by the slope of the image.
    Double backprop: yes, to any order.
    Kernels: those of `matmul`.
    Source: Dai et al. 2017; compatible with
        chainer.functions.deformable_convolution_2d_sampler.

    Example:
        >>> x = np.arange(16, dtype='f').reshape(1, 1, 4, 4)
        >>> offset, W = np.full((1, 2, 3, 3), 0.5, 'f'), np.ones((1, 1, 1, 1), 'f')
        >>> F.deformable_convolution_2d_sampler(x, offset, W).array
        array([[[[ 2.5,  3.5,  4.5],
                 [ 6.5,  7.5,  8.5],
                 [10.5, 11.5, 12.5]]]], dtype=float32)
    """
    function = 'deformable_convolution_2d_sampler'
    check = Checker(function, x=x, offset=offset, W=W, b=b)
    check.float_with_axes(x=4, offset=4, W=4)
    for name, array in (('offset', offset), ('W', W), ('b', b)):
        if array is not None:
            got = f'{array.dtype} != {x.dtype}'
            if array.dtype != x.dtype:
                raise check.refuse(f'{name}.dtype == x.dtype', got)
    sy, sx = _pair(stride, 'stride', 1, function)
    ph, pw = _pair(pad, 'pad', 0, function)
    N, C = x.shape[:2]
    OC, _, KH, KW = W.shape
    _, channels, OH, OW = offset.shape
    taps = KH * KW
    if channels != 2 * taps:
        raise ValueError(
            f'{function}: a {KH}x{KW} window needs {2 * taps} channels of offsets, '
            f'got {channels}'
        )
    if W.shape[1] != C:
        raise check.refuse('W.shape[1] == x.shape[1]', f'{W.shape[1]} != {C}')
    if len(offset) != N:
        raise check.refuse('len(offset) == len(x)', f'{len(offset)} != {len(x)}')
    if b is not None and b.shape != (OC,):
        raise check.refuse(f'b.shape == ({OC},)', b.shape)
    offset = as_variable(offset)
    xp = offset.xp
    rows = xp.arange(KH)[:, None, None, None] + sy * xp.arange(OH)[:, None] - ph
    columns = xp.arange(KW)[:, None, None] + sx * xp.arange(OW) - pw
    rows, columns = xp.broadcast_arrays(rows, columns)  # (KH, KW, OH, OW)
    u = offset[:, :taps] + columns.reshape(taps, OH, OW).astype(x.dtype)
    v = offset[:, taps:] + rows.reshape(taps, OH, OW).astype(x.dtype)
    places = (N, taps * OH * OW)
    col = sample_images(x, v.reshape(places), u.reshape(places))
    y = matmul(
        as_variable(W).reshape((OC, C * taps)), col.reshape((N, C * taps, OH * OW))
    )
    y = y.reshape((N, OC, OH, OW))
    return y if b is None else y + as_variable(b)[:, None, None]

"""Windows of images as columns and back, by the paths Chainer programs know.

The functions of this library use `minigrad.kernels`, which are faster.
"""

from __future__ import annotations

from minigrad.backend import get_array_module
from minigrad.kernels.specs import get_conv_outsize as get_conv_outsize
from minigrad.kernels.specs import get_deconv_outsize as get_deconv_outsize
from minigrad.types import Array


def im2col_cpu(
    img: Array,
    kh: int,
    kw: int,
    sy: int,
    sx: int,
    ph: int,
    pw: int,
    pval: float = 0,
    cover_all: bool = False,
    dy: int = 1,
    dx: int = 1,
    out_h: int | None = None,
    out_w: int | None = None,
) -> Array:
    """Copies the windows of images into columns.

    Args:
        img: Images, shape ``(N, C, H, W)``.
        kh: Height of a window.
        kw: Width of a window.
        sy: Vertical step.
        sx: Horizontal step.
        ph: Vertical padding.
        pw: Horizontal padding.
        pval: Value of the padding.
        cover_all: If True, the last windows may reach beyond the padding.
        dy: Vertical dilation.
        dx: Horizontal dilation.
        out_h: Number of windows in a column; computed if omitted.
        out_w: Number of windows in a row; computed if omitted.

    Returns:
        Array of shape ``(N, C, kh, kw, out_h, out_w)``.

    Source: compatible with chainer.utils.conv.im2col_cpu.

    Example:
        >>> x = np.arange(4.).reshape(1, 1, 2, 2)
        >>> minigrad.utils.conv.im2col_cpu(x, 1, 2, 1, 1, 0, 0)[0, 0, 0, :, 0, 0]
        array([0., 1.])
    """
    xp = get_array_module(img)
    n, c, h, w = img.shape
    if out_h is None:
        out_h = get_conv_outsize(h, kh, sy, ph, cover_all, dy)
    if out_w is None:
        out_w = get_conv_outsize(w, kw, sx, pw, cover_all, dx)
    below = max(0, (out_h - 1) * sy + (kh - 1) * dy + 1 - ph - h)
    right = max(0, (out_w - 1) * sx + (kw - 1) * dx + 1 - pw - w)
    margins = ((0, 0), (0, 0), (ph, below), (pw, right))
    img = xp.pad(img, margins, constant_values=pval)
    col = xp.empty((n, c, kh, kw, out_h, out_w), img.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(i * dy, i * dy + (out_h - 1) * sy + 1, sy)
            columns = slice(j * dx, j * dx + (out_w - 1) * sx + 1, sx)
            col[:, :, i, j] = img[:, :, rows, columns]
    return col


def col2im(
    col: Array,
    sy: int,
    sx: int,
    ph: int,
    pw: int,
    h: int,
    w: int,
    dy: int = 1,
    dx: int = 1,
) -> Array:
    """Adds columns up into images, the derivative of `im2col_cpu`.

    Args:
        col: Columns, shape ``(N, C, kh, kw, out_h, out_w)``.
        sy: Vertical step.
        sx: Horizontal step.
        ph: Vertical padding.
        pw: Horizontal padding.
        h: Height of the images.
        w: Width of the images.
        dy: Vertical dilation.
        dx: Horizontal dilation.

    Returns:
        Array of shape ``(N, C, h, w)``.

    Source: compatible with chainer.utils.conv.col2im_cpu.

    Example:
        >>> minigrad.utils.conv.col2im(np.ones((1, 1, 1, 2, 1, 2)), 1, 1, 0, 0, 1, 3)
        array([[[[1., 2., 1.]]]])
    """
    xp = get_array_module(col)
    n, c, kh, kw, out_h, out_w = col.shape
    height = max(ph + h, (out_h - 1) * sy + (kh - 1) * dy + 1)
    width = max(pw + w, (out_w - 1) * sx + (kw - 1) * dx + 1)
    img = xp.zeros((n, c, height, width), col.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(i * dy, i * dy + (out_h - 1) * sy + 1, sy)
            columns = slice(j * dx, j * dx + (out_w - 1) * sx + 1, sx)
            img[:, :, rows, columns] += col[:, :, i, j]
    return img[:, :, ph : ph + h, pw : pw + w]


def im2col(
    img: Array,
    kh: int,
    kw: int,
    sy: int,
    sx: int,
    ph: int,
    pw: int,
    cover_all: bool = False,
    dy: int = 1,
    dx: int = 1,
    out_h: int | None = None,
    out_w: int | None = None,
) -> Array:
    """Is `im2col_cpu` with a padding of zeros, which Chainer has no argument for here.

    Source: compatible with chainer.utils.conv.im2col.
    """
    return im2col_cpu(img, kh, kw, sy, sx, ph, pw, 0, cover_all, dy, dx, out_h, out_w)


im2col_gpu = im2col
col2im_cpu = col2im_gpu = col2im

"""Winograd's convolution for 3x3 and 5x5 windows with stride 1, in float32.

A tile of ``m x m`` outputs needs ``n x n`` inputs, ``n = m + r - 1``. With three small
matrices, ``y = A' ((G g G') * (B' d B)) A``: per tile ``n * n`` products instead of
``m * m * r * r``, which is 4 times less for F(4x4, 3x3) and 6.25 times for F(4x4, 5x5).
For all tiles and channels the products are ``n * n`` matrix products.

Everything is laid out with channels last, so that each transform is a product of a
small matrix with long rows: the same `outer_block` does transforms and products. The
gradient by W is the adjoint: ``gW = G' (sum over tiles of (A gy A') * (B' d B)) G``.

Rounding: about 1e-6 of the largest output for F(4x4, 3x3) and 1e-5 for F(4x4, 5x5);
``config.exact_convolution`` avoids it.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from minigrad.kernels.cpu.blocks import outer_block
from minigrad.kernels.cpu.jit import jit
from minigrad.kernels.cpu.team import in_team, offer, pieces, rank, share, workspace
from minigrad.kernels.cpu.vectors import COLUMNS, ROWS
from minigrad.kernels.specs import ConvSpec
from minigrad.kernels.threads import get_num_threads, scratch
from minigrad.types import Array

TILE = 4


@cache
def matrices(r: int) -> tuple[Array, Array, Array]:
    """Returns A (n, m), B' (n, n) and G (n, r): the Toom-Cook construction.

    A product of polynomials is found from its values at n points, one of them
    infinity; correlation is its transpose. Row j of B' is scaled to whole numbers, row
    j of G by the inverse.
    """
    n = TILE + r - 1
    points = [0, 1, -1, 2, -2, 0.5, -0.5][: n - 1]

    def values(terms: int) -> Array:
        rows = [[float(point) ** i for i in range(terms)] for point in points]
        return np.array([*rows, [0.0] * (terms - 1) + [1.0]])

    scale = np.ones(n)
    for j, point in enumerate(points):
        scale[j] = np.prod([point - other for other in points if other != point])
    BT = np.linalg.inv(values(n)).T * scale[:, None]
    G = values(r) / scale[:, None]
    as_float = [np.ascontiguousarray(M, np.float32) for M in (values(TILE), BT, G)]
    return as_float[0], as_float[1], as_float[2]


@jit
def channels_last(
    x: Array, out: Array, height: int, width: int, ph: int, pw: int
) -> None:
    """Copies ``x`` (C, H, W) to ``out`` (height, width, C) with a margin of zeros."""
    C, H, W = x.shape
    for i in range(height):
        row = i - ph
        if row < 0 or row >= H:
            out[i * width * C : (i + 1) * width * C] = 0
            continue
        start = i * width * C
        out[start : start + pw * C] = 0
        last = min(W, width - pw)
        out[start + (pw + last) * C : start + width * C] = 0
        for c0 in range(0, C, 16):
            lanes = min(16, C - c0)
            for j in range(last):
                place = start + (pw + j) * C + c0
                target = out[place : place + lanes]
                for lane in range(lanes):
                    target[lane] = x[c0 + lane, row, j]


@jit
def transform_tiles(
    image: Array, width: int, C: int, M: Array, n: int, size: int, rows: int,
    columns: int, out: Array, plane: int, lead: int, first: int, work: Array,
) -> None:  # fmt: skip
    """``out[i, l, tile] = M tile M'`` for all tiles of one channels-last image.

    ``M`` is (n, size), a tile is (size, size, C) and starts every TILE pixels; there
    are ``rows * columns`` tiles, numbered from ``first``.
    """
    row = width * C
    down, across = np.arange(size) * row, np.arange(size) * C
    for ty in range(rows):
        for lane in range(0, row, COLUMNS):
            for i in range(0, n, ROWS):
                outer_block(
                    M, i * size, size, 1, image, ty * TILE * row + lane, down,
                    work, i * row + lane, row, size, min(ROWS, n - i),
                    min(COLUMNS, row - lane), False,
                )  # fmt: skip
        for i in range(n):
            for tx in range(columns):
                tile = first + ty * columns + tx
                for lane in range(0, C, COLUMNS):
                    for j in range(0, n, ROWS):
                        outer_block(
                            M, j * size, size, 1,
                            work, i * row + tx * TILE * C + lane, across,
                            out, (i * n + j) * plane + tile * lead + lane, plane,
                            size, min(ROWS, n - j), min(COLUMNS, C - lane), False,
                        )  # fmt: skip


@jit
def restore_tiles(
    sums: Array, plane: int, lead: int, first: int, C: int, AT: Array, n: int,
    rows: int, columns: int, height: int, width: int, image: Array, work: Array,
) -> None:  # fmt: skip
    """``A' tile A`` for all tiles of one image, into ``image`` (height, width, C)."""
    down, across = np.arange(n) * n * plane, np.arange(n) * C
    for ty in range(rows):
        for tx in range(columns):
            start = (first + ty * columns + tx) * lead
            high, wide = min(TILE, height - ty * TILE), min(TILE, width - tx * TILE)
            for lane in range(0, C, COLUMNS):
                lanes = min(COLUMNS, C - lane)
                for j in range(n):
                    outer_block(
                        AT, 0, n, 1, sums, start + j * plane + lane, down,
                        work, j * C + lane, n * C, n, high, lanes, False,
                    )  # fmt: skip
                for i in range(high):
                    outer_block(
                        AT, 0, n, 1, work, i * n * C + lane, across,
                        image, ((ty * TILE + i) * width + tx * TILE) * C + lane, C,
                        n, wide, lanes, False,
                    )  # fmt: skip


@jit
def channels_first(image: Array, bias: Array, y: Array) -> None:
    """Copies ``image`` (H, W, C) to ``y`` (C, H * W) and adds the bias, if any."""
    C, pixels = y.shape
    for c0 in range(0, C, 16):
        lanes = min(16, C - c0)
        for start in range(0, pixels, 16):
            stop = min(pixels, start + 16)
            for lane in range(lanes):
                shift = bias[c0 + lane] if bias.size > 0 else y.dtype.type(0)
                target = y[c0 + lane, start:stop]
                for p in range(stop - start):
                    target[p] = image[(start + p) * C + c0 + lane] + shift


@jit
def transform_weights(
    W: Array, G: Array, n: int, turned: bool, U: Array, first: int, last: int,
    taps: Array, work: Array,
) -> None:  # fmt: skip
    """Fills ``U`` (n * n, panels, C, COLUMNS) for input channels ``first ... last``.

    Turned, for the gradient by x: the input channels are W's output channels and the
    window is rotated by half a turn.
    """
    r = W.shape[2]
    OC = W.shape[1] if turned else W.shape[0]
    C = W.shape[0] if turned else W.shape[1]
    panels = (OC + COLUMNS - 1) // COLUMNS
    down, across = np.arange(r) * r * OC, np.arange(r) * OC
    plane = panels * C * COLUMNS
    for c in range(first, last):
        for o in range(OC):
            for ky in range(r):
                for kx in range(r):
                    if turned:
                        value = W[c, o, r - 1 - ky, r - 1 - kx]
                    else:
                        value = W[o, c, ky, kx]
                    taps[(ky * r + kx) * OC + o] = value
        for lane in range(0, r * OC, COLUMNS):
            outer_block(
                G, 0, r, 1, taps, lane, down, work, lane, r * OC,
                r, n, min(COLUMNS, r * OC - lane), False,
            )  # fmt: skip
        for i in range(n):
            for panel in range(panels):
                outer_block(
                    G, 0, r, 1, work, i * r * OC + panel * COLUMNS, across,
                    U, i * n * plane + (panel * C + c) * COLUMNS, plane,
                    r, n, min(COLUMNS, OC - panel * COLUMNS), False,
                )  # fmt: skip


@jit
def multiply(
    V: Array, V_plane: int, V_lead: int, U: Array, M: Array, M_plane: int, M_lead: int,
    tiles: int, C: int, OC: int, n: int,
) -> None:  # fmt: skip
    """``M[f] = V[f] @ U[f]`` for all ``n * n`` places f of a tile."""
    panels = (OC + COLUMNS - 1) // COLUMNS
    table = np.arange(C) * COLUMNS
    for f in range(n * n):
        for panel in range(panels):
            columns = min(COLUMNS, OC - panel * COLUMNS)
            for tile in range(0, tiles, ROWS):
                outer_block(
                    V, f * V_plane + tile * V_lead, V_lead, 1,
                    U, (f * panels + panel) * C * COLUMNS, table,
                    M, f * M_plane + tile * M_lead + panel * COLUMNS, M_lead,
                    C, min(ROWS, tiles - tile), columns, False,
                )  # fmt: skip


@jit
def multiply_transposed(
    V: Array, V_plane: int, V_lead: int, Z: Array, Z_plane: int, Z_lead: int, U: Array,
    tiles: int, C: int, OC: int, first: int, last: int, add: bool,
) -> None:  # fmt: skip
    """``U[f] (+)= V[f].T @ Z[f]`` for places ``first ... last``; U is (f, C, OC)."""
    table = np.arange(tiles) * Z_lead
    for f in range(first, last):
        for o in range(0, OC, COLUMNS):
            for c in range(0, C, ROWS):
                outer_block(
                    V, f * V_plane + c, 1, V_lead, Z, f * Z_plane + o, table,
                    U, (f * C + c) * OC + o, OC, tiles,
                    min(ROWS, C - c), min(COLUMNS, OC - o), add,
                )  # fmt: skip


@jit
def restore_weights(
    U: Array, GT: Array, n: int, gW: Array, first: int, last: int, work: Array,
    taps: Array,
) -> None:  # fmt: skip
    """``gW = G' U G`` for input channels ``first ... last``."""
    OC, C, r = gW.shape[:3]
    down, across = np.arange(n) * n * C * OC, np.arange(n) * OC
    for c in range(first, last):
        for j in range(n):
            for lane in range(0, OC, COLUMNS):
                outer_block(
                    GT, 0, n, 1, U, (j * C + c) * OC + lane, down,
                    work, j * OC + lane, n * OC, n, r, min(COLUMNS, OC - lane), False,
                )  # fmt: skip
        for i in range(r):
            for lane in range(0, OC, COLUMNS):
                outer_block(
                    GT, 0, n, 1, work, i * n * OC + lane, across,
                    taps, i * r * OC + lane, OC, n, r, min(COLUMNS, OC - lane), False,
                )  # fmt: skip
        for o in range(OC):
            for ky in range(r):
                for kx in range(r):
                    gW[o, c, ky, kx] = taps[(ky * r + kx) * OC + o]


@jit
def forward(
    x: Array, U: Array, bias: Array, y: Array, AT: Array, BT: Array, n: int,
    ph: int, pw: int, first: int, last: int, block: int,
    V: Array, M: Array, image: Array, work: Array,
) -> None:  # fmt: skip
    """Fills images ``first ... last`` of ``y``, ``block`` images at a time."""
    C = x.shape[1]
    OC, OH, OW = y.shape[1:]
    rows, columns = (OH + TILE - 1) // TILE, (OW + TILE - 1) // TILE
    height, width = rows * TILE + n - TILE, columns * TILE + n - TILE
    each = rows * columns
    V_lead, M_lead = C + 16, OC + 16  # powers of two collide in the cache
    V_plane, M_plane = block * each * V_lead + 16, block * each * M_lead + 16
    for start in range(first, last, block):
        stop = min(last, start + block)
        for index in range(start, stop):
            channels_last(x[index], image, height, width, ph, pw)
            transform_tiles(
                image, width, C, BT, n, n, rows, columns,
                V, V_plane, V_lead, (index - start) * each, work,
            )  # fmt: skip
        multiply(
            V, V_plane, V_lead, U, M, M_plane, M_lead, (stop - start) * each, C, OC, n
        )
        for index in range(start, stop):
            restore_tiles(
                M, M_plane, M_lead, (index - start) * each, OC, AT, n,
                rows, columns, OH, OW, image, work,
            )  # fmt: skip
            channels_first(image, bias, y[index].reshape(OC, OH * OW))


@jit
def transform_both(
    x: Array, gy: Array, A: Array, BT: Array, n: int, ph: int, pw: int,
    start: int, first: int, last: int, V: Array, V_plane: int, V_lead: int,
    Z: Array, Z_plane: int, Z_lead: int, image: Array, work: Array,
) -> None:  # fmt: skip
    """Transforms images ``first ... last`` of a block that began at ``start``."""
    C, (OC, OH, OW) = x.shape[1], gy.shape[1:]
    rows, columns = (OH + TILE - 1) // TILE, (OW + TILE - 1) // TILE
    height, width = rows * TILE + n - TILE, columns * TILE + n - TILE
    for index in range(first, last):
        tile = (index - start) * rows * columns
        channels_last(x[index], image, height, width, ph, pw)
        transform_tiles(
            image, width, C, BT, n, n, rows, columns, V, V_plane, V_lead, tile, work
        )
        channels_last(gy[index], image, rows * TILE, columns * TILE, 0, 0)
        transform_tiles(
            image, columns * TILE, OC, A, n, TILE, rows, columns,
            Z, Z_plane, Z_lead, tile, work,
        )  # fmt: skip


# The same by several threads. Pieces are handed to the loops above: Numba makes slower
# code where a loop's bounds come out of the generator.


@jit
def weights_in_team(
    team: int, C: int, number: int,
    W: Array, G: Array, n: int, turned: bool, U: Array, taps: Array, work: Array,
) -> None:  # fmt: skip
    """`transform_weights` of all input channels."""
    offer(team)
    taps, work = taps[rank(team)], work[rank(team)]
    for _, first, last in pieces(team, C, number):
        transform_weights(W, G, n, turned, U, first, last, taps, work)


@jit
def forward_in_team(
    team: int, N: int, number: int,
    x: Array, U: Array, bias: Array, y: Array, AT: Array, BT: Array, n: int,
    ph: int, pw: int, block: int, V: Array, M: Array, image: Array, work: Array,
) -> None:  # fmt: skip
    """`forward` of all images."""
    offer(team)
    own = rank(team)
    V, M, image, work = V[own], M[own], image[own], work[own]
    for _, first, last in pieces(team, N, number):
        forward(
            x, U, bias, y, AT, BT, n, ph, pw, first, last, min(block, last - first),
            V, M, image, work,
        )  # fmt: skip


@jit
def transform_both_in_team(
    team: int, size: int, number: int,
    x: Array, gy: Array, A: Array, BT: Array, n: int, ph: int, pw: int, start: int,
    V: Array, V_plane: int, V_lead: int, Z: Array, Z_plane: int, Z_lead: int,
    image: Array, work: Array,
) -> None:  # fmt: skip
    """`transform_both` of the images of a block."""
    offer(team)
    image, work = image[rank(team)], work[rank(team)]
    for _, first, last in pieces(team, size, number):
        transform_both(
            x, gy, A, BT, n, ph, pw, start, start + first, start + last,
            V, V_plane, V_lead, Z, Z_plane, Z_lead, image, work,
        )  # fmt: skip


@jit
def multiply_transposed_in_team(
    team: int, places: int, number: int,
    V: Array, V_plane: int, V_lead: int, Z: Array, Z_plane: int, Z_lead: int, U: Array,
    tiles: int, C: int, OC: int, add: bool,
) -> None:  # fmt: skip
    """`multiply_transposed` at all places of a tile."""
    offer(team)
    for _, first, last in pieces(team, places, number):
        multiply_transposed(
            V, V_plane, V_lead, Z, Z_plane, Z_lead, U, tiles, C, OC, first, last, add
        )


@jit
def restore_weights_in_team(
    team: int, C: int, number: int,
    U: Array, GT: Array, n: int, gW: Array, work: Array, taps: Array,
) -> None:  # fmt: skip
    """`restore_weights` of all input channels."""
    offer(team)
    work, taps = work[rank(team)], taps[rank(team)]
    for _, first, last in pieces(team, C, number):
        restore_weights(U, GT, n, gW, first, last, work, taps)


# What follows runs in the interpreter: work space, blocks and threads.

BLOCK_BYTES = 16 << 20  # of transformed tiles at a time in each thread


def wins(spec: ConvSpec, N: int, C: int, OC: int) -> bool:
    """Returns whether the Winograd path was measured to be the faster one.

    With few channels the transforms outweigh the products, and with few tiles the
    weights' transform does; when tiles stick out far, the direct path does less.
    """
    rows, columns = -(-spec.oh // TILE), -(-spec.ow // TILE)
    return (
        spec.kh == spec.kw
        and spec.kh in (3, 5)
        and spec[6:8] == (1, 1)
        and spec[10:] == (1, 1, 1)
        and min(C, OC) >= 16
        and N * rows * columns >= 64
        and 2 * spec.oh * spec.ow >= rows * columns * TILE * TILE
    )


def convolve(
    x: Array, W: Array, bias: Array, turned: bool, size: tuple[int, int],
    pad: tuple[int, int],
) -> Array:  # fmt: skip
    """Returns ``y`` (N, OC, *size), or with ``turned`` the gradient by the input."""
    (N, C), r = x.shape[:2], W.shape[2]
    OC = W.shape[1] if turned else W.shape[0]
    A, BT, G = matrices(r)
    n = TILE + r - 1
    U = _weights(W, G, n, turned)
    y = np.empty((N, OC, *size), x.dtype)
    rows, columns = -(-size[0] // TILE), -(-size[1] // TILE)
    each = rows * columns
    image_bytes = each * n * n * (C + OC + 32) * 4
    block = max(1, min(N, BLOCK_BYTES // image_bytes))
    AT, BT, most = np.ascontiguousarray(A.T).ravel(), BT.ravel(), max(C, OC)
    height, width = rows * TILE + r - 1, columns * TILE + r - 1

    # Two pieces per thread: each reads all weights again, but may go where it is idle.
    cut = share(N, max(1, min(block, N // (2 * get_num_threads()))))
    here = min(block, -(-N // cut.number))
    in_team(
        forward_in_team, cut, x, U, bias, y, AT, BT, n, pad[0], pad[1], block,
        workspace('V', n * n * (here * each * (C + 16) + 16), x.dtype, cut.threads),
        workspace('M', n * n * (here * each * (OC + 16) + 16), x.dtype, cut.threads),
        workspace('image', height * width * most, x.dtype, cut.threads),
        workspace('rows', n * max(width, n) * most, x.dtype, cut.threads),
    )  # fmt: skip
    return y


def convolve_grad_w(x: Array, gy: Array, r: int, pad: tuple[int, int]) -> Array:
    """Returns ``gW`` (OC, C, r, r)."""
    (N, C), (OC, OH, OW) = x.shape[:2], gy.shape[1:]
    A, BT, G = matrices(r)
    n = TILE + r - 1
    A, BT, GT = A.ravel(), BT.ravel(), np.ascontiguousarray(G.T).ravel()
    rows, columns = -(-OH // TILE), -(-OW // TILE)
    each, most = rows * columns, max(C, OC)
    height, width = rows * TILE + r - 1, columns * TILE + r - 1
    V_lead, Z_lead = C + 16, OC + 16
    block = max(1, min(N, 2 * BLOCK_BYTES // (each * n * n * (V_lead + Z_lead) * 4)))
    V_plane, Z_plane = block * each * V_lead + 16, block * each * Z_lead + 16
    V = scratch('V', n * n * V_plane, x.dtype)
    Z = scratch('Z', n * n * Z_plane, x.dtype)
    U = scratch('U', n * n * C * OC, x.dtype)
    gW = np.empty((OC, C, r, r), x.dtype)

    for start in range(0, N, block):
        stop = min(N, start + block)
        cut = share(stop - start, 1)
        in_team(
            transform_both_in_team, cut, x, gy, A, BT, n, pad[0], pad[1], start,
            V, V_plane, V_lead, Z, Z_plane, Z_lead,
            workspace('image', height * width * most, x.dtype, cut.threads),
            workspace('rows', n * max(width, n) * most, x.dtype, cut.threads),
        )  # fmt: skip
        in_team(
            multiply_transposed_in_team, share(n * n, 1),
            V, V_plane, V_lead, Z, Z_plane, Z_lead, U, (stop - start) * each,
            C, OC, start > 0,
        )  # fmt: skip

    cut = share(C, 1)
    in_team(
        restore_weights_in_team, cut, U, GT, n, gW,
        workspace('rows', r * n * OC, x.dtype, cut.threads),
        workspace('taps', r * r * OC, x.dtype, cut.threads),
    )  # fmt: skip
    return gW


def _weights(W: Array, G: Array, n: int, turned: bool) -> Array:
    r = W.shape[2]
    C, OC = W.shape[:2] if turned else W.shape[1::-1]
    panels = -(-OC // COLUMNS)
    U = scratch('U', n * n * panels * C * COLUMNS, W.dtype)
    cut = share(C, 1)
    in_team(
        weights_in_team, cut, W, G.ravel(), n, turned, U,
        workspace('taps', r * r * OC, W.dtype, cut.threads),
        workspace('rows', n * r * OC, W.dtype, cut.threads),
    )  # fmt: skip
    return U

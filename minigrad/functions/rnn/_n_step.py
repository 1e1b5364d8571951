"""Stacked recurrent networks over sequences: what all kinds of cells share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any

from minigrad.dtypes import is_float
from minigrad.functions._check import Checker, array_of, list_of
from minigrad.functions.array.concat import concat, split_axis
from minigrad.functions.array.stack import separate, stack
from minigrad.functions.connection.linear import linear
from minigrad.functions.noise.dropout import dropout
from minigrad.suggestions import shown
from minigrad.utils import argument

# From the transformed input, h and c to the next h and c; c is None for cells without.
Step = Callable[[Any, Any, Any], tuple[Any, Any]]
# From the weights and biases of a layer to those of its input, and its step.
Cell = Callable[[Sequence[Any], Sequence[Any]], tuple[Any, Any, Step]]


REFUSED = {
    'train': argument.NO_TRAIN,
    'use_cudnn': 'use_cudnn argument is not supported anymore; use '
    "minigrad.using_config('use_cudnn', value)",
}


def n_step(
    name: str,
    cell: Cell,
    n_layers: int,
    dropout_ratio: float,
    hx: Any,
    cx: Any,
    ws: Sequence[Sequence[Any]],
    bs: Sequence[Sequence[Any]],
    xs: Sequence[Any],
    directions: int,
) -> tuple[Any, Any, tuple[Any, ...]]:
    """Runs stacked layers over a sequence of batches.

    The weights are joined once a layer, and the input of all times is transformed in one
    product; only the product with the state is left for each time.

    Args:
        name: Of the public function, for errors.
        cell: The kind of cell.
        n_layers: Number of layers.
        dropout_ratio: Dropout between the layers.
        hx: First states, shape ``(n_layers * directions, B, U)``.
        cx: First cells, that shape, or None.
        ws: Weights of each layer and direction.
        bs: Biases, likewise.
        xs: A batch for each time, shapes ``(B_t, I)``, from large to small.
        directions: 1, or 2 for a second pass from the end.

    Returns:
        Last states; last cells or None; and the output of each time,
        ``(B_t, directions * U)``.
    """
    _check(name, n_layers * directions, hx, cx, ws, bs, xs)
    lengths = [len(x) for x in xs]
    places = list(accumulate(lengths[:-1]))
    hs = separate(hx)
    cs = [None] * len(hs) if cx is None else separate(cx)
    last_hs, last_cs = [], []
    x = concat(xs, axis=0)  # (sum of B_t, I)
    for layer in range(n_layers):
        outputs = []
        for k in range(directions * layer, directions * (layer + 1)):
            given = x if layer == 0 else dropout(x, dropout_ratio)
            W, b, step = cell(ws[k], bs[k])
            gates = split_axis(linear(given, W, b), places, axis=0)
            backwards = k % directions == 1
            h, c, ys = _run(step, gates[::-1] if backwards else gates, hs[k], cs[k])
            last_hs.append(h)
            last_cs.append(c)
            outputs.append(concat(ys[::-1] if backwards else ys, axis=0))
        x = outputs[0] if directions == 1 else concat(outputs, axis=1)
    return (
        stack(last_hs),
        None if cx is None else stack(last_cs),
        split_axis(x, places, axis=0),
    )


def _run(
    step: Step, gates: Sequence[Any], h: Any, c: Any
) -> tuple[Any, Any, list[Any]]:
    """Returns the last state and cells, and the output of each time."""
    ys = []
    for gate in gates:
        n = len(gate)
        if n == len(h):
            h, c = step(gate, h, c)
            ys.append(h)
            continue
        # The sequences of the other samples have ended, or (from the end) not begun.
        h, h_rest = split_axis(h, [n], axis=0)
        if c is not None:
            c, c_rest = split_axis(c, [n], axis=0)
        h, c = step(gate, h, c)
        ys.append(h)
        h = concat([h, h_rest], axis=0)
        if c is not None:
            c = concat([c, c_rest], axis=0)
    return h, c, ys


def _check(
    name: str, n_states: int, hx: Any, cx: Any, ws: Any, bs: Any, xs: Sequence[Any]
) -> None:
    for what, given in (('ws', ws), ('bs', bs)):
        if not isinstance(given, (list, tuple)) or len(given) != n_states:
            raise TypeError(
                f'{name}: expected {what} as a list of {n_states}, one for each layer '
                f'and direction, got {shown(given)}'
            )
        for i, row in enumerate(given):
            list_of(name, f'{what}[{i}]', row)
            if len(row) != len(given[0]):
                raise ValueError(f'{name}: {what}[{i}] has {len(row)} arrays')
    hx, xs = array_of(name, 'hx', hx), list_of(name, 'xs', xs)
    if 'lstm' in name:
        array_of(name, 'cx', cx)
    if len(xs) == 0:
        raise ValueError(
            f'{name}: xs is empty, it needs the batch of one time at least'
        )
    if xs[0].shape[1] != ws[0][0].shape[1]:
        raise ValueError(
            f'{name}: inconsistent input size: the inputs have {xs[0].shape[1]} values, '
            f'the weights take {ws[0][0].shape[1]}'
        )
    check = Checker(name, hx=hx, cx=cx, **{'xs[0]': xs[0]})
    for x in (hx, *xs):
        if not is_float(x.dtype):
            raise check.refuse('hx and xs of float', x.dtype)
    if hx.ndim != 3:
        raise check.refuse('hx.ndim == 3 (layers and directions, B, U)', hx.ndim)
    if hx.shape[0] != n_states:
        rule = f'hx.shape[0] == {n_states}, one state for each layer and direction'
        raise check.refuse(rule, hx.shape[0])
    if cx is not None and cx.shape != hx.shape:
        raise check.refuse('cx.shape == hx.shape', f'{cx.shape}, {hx.shape}')
    lengths = [hx.shape[1], *[len(x) for x in xs]]
    if any(former < later for former, later in pairwise(lengths)):
        raise check.refuse(
            'batches from large to small, none larger than the states',
            lengths,
            'sort the sequences from long to short and apply transpose_sequence',
        )

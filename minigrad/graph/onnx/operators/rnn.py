"""Cells of recurrent networks."""

from __future__ import annotations

from typing import Any

from minigrad.graph.onnx.builder import Builder, UnsupportedFunction, operator
from minigrad.graph.onnx.operators.array import parts_of


def _gates(b: Builder, x: str, shape: tuple[int, ...]) -> list[str]:
    """Takes ``a, i, f, o`` out of ``(N, 4U, ...)``, where they take turns."""
    turns = b.op('Reshape', x, [0, shape[1] // 4, 4, *shape[2:]])
    return [b.op('Squeeze', part, [2]) for part in parts_of(b, turns, [1] * 4, 2)]


def _add_new(b: Builder, c: str | None, a: str, gate: str) -> str:
    new = b.op('Mul', b.op('Tanh', a), b.op('Sigmoid', gate))
    return str(new if c is None else b.op('Add', c, new))


def _add_kept(b: Builder, c: str, gate: str, c_prev: str) -> str:
    return str(b.op('Add', c, b.op('Mul', b.op('Sigmoid', gate), c_prev)))


def _output(b: Builder, gate: str, c: str) -> str:
    return str(b.op('Mul', b.op('Sigmoid', gate), b.op('Tanh', c)))


@operator('LSTM')
def _lstm(b: Builder, f: Any, c_prev: str, x: str) -> Any:
    if b.shapes[0][0] != b.shapes[1][0]:
        raise UnsupportedFunction('to_onnx: lstm with fewer inputs than states')
    a, i, forget, o = _gates(b, x, b.shapes[1])
    c = _add_kept(b, _add_new(b, None, a, i), forget, c_prev)
    return c, _output(b, o, c)


@operator('SLSTM')
def _slstm(b: Builder, f: Any, c1: str, c2: str, x1: str, x2: str) -> Any:
    a1, i1, f1, o1 = _gates(b, x1, b.shapes[2])
    a2, i2, f2, o2 = _gates(b, x2, b.shapes[3])
    c = _add_new(b, _add_new(b, None, a1, i1), a2, i2)
    c = _add_kept(b, _add_kept(b, c, f1, c1), f2, c2)
    return c, _output(b, b.op('Add', o1, o2), c)


@operator('TreeLSTM')
def _tree_lstm(b: Builder, f: Any, *inputs: str) -> Any:
    *cs, x = inputs
    U = b.shapes[0][1]
    a, i, o, *fs = parts_of(b, x, [U] * (3 + len(cs)), 1)
    c = _add_new(b, None, a, i)
    for gate, c_prev in zip(fs, cs, strict=True):
        c = _add_kept(b, c, gate, c_prev)
    return c, _output(b, o, c)

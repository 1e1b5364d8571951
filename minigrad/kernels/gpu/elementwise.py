"""Sources of the elementwise kernels, for `cupy.ElementwiseKernel`.

``T`` is the arrays' type, ``A`` what is computed in: at least float32. An output that
is read is updated in place, so that a whole optimizer step is one launch and one pass
over memory.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.formula import parameters
from minigrad.kernels.gpu.formula import body
from minigrad.kernels.updates import UPDATES, Update


class Elementwise(NamedTuple):
    """Inputs, outputs and body of a kernel, as `cupy.ElementwiseKernel` takes them."""

    inputs: str
    outputs: str
    body: str


def _update(row: Update) -> Elementwise:
    numbers = [f'A {name}' for name in parameters(row.formula)[1]]
    changed = ('param', *row.states)
    return Elementwise(
        ', '.join(['T grad', *numbers]),
        ', '.join([f'T {name}' for name in changed]),
        body(row.formula, changed),
    )


ELEMENTWISE = {
    'relu_grad': Elementwise(
        'T y, T gy',
        'T gx',
        'gx = y > (T)0 ? gy : (T)0;',
    ),
    'dropout': Elementwise(
        'T x, U u, U ratio, A scale',
        'T y, T mask',
        """
        bool stays = u >= ratio;
        mask = (T)(stays ? scale : (A)0);
        y = (T)(stays ? (A)x * scale : (A)0);
        """,
    ),
    **{name: _update(row) for name, row in UPDATES.items()},
}

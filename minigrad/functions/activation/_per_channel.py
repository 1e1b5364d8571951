"""Parameters that belong to the axes after the first, such as PReLU's slopes."""

from __future__ import annotations

from typing import Any

from minigrad.function_node import FunctionNode, InputTypes


class PerChannel(FunctionNode):
    """A function of ``x`` and a parameter whose shape is that of ``x``'s axes 1, 2..."""

    def check_type_forward(self, in_types: InputTypes) -> None:
        x, W = in_types
        name = self.arg_names[1]
        if x.dtype.kind != 'f':
            raise self.refuse("x.dtype.kind == 'f'", x.dtype)
        if W.dtype != x.dtype:
            raise self.refuse(f'{name}.dtype == x.dtype', f'{W.dtype} != {x.dtype}')
        if W.ndim >= x.ndim or x.shape[1 : 1 + W.ndim] != W.shape:
            raise self.refuse(
                f'{name}.shape == x.shape[1:1 + {name}.ndim]',
                f'{W.shape} for {x.shape}',
            )


def extended(W: Any, ndim: int) -> Any:
    """Returns ``W``, an array or a Variable, shaped to broadcast to ``ndim`` axes."""
    return W.reshape((1, *W.shape, *[1] * (ndim - W.ndim - 1)))

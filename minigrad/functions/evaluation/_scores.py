"""What the measures of classification share."""

from __future__ import annotations

from minigrad.function_node import FunctionNode, InputTypes


class OfScores(FunctionNode):
    """A measure of scores (N, C, ...) against labels (N, ...); no gradient."""

    arg_names = ('y', 't')

    def check_type_forward(self, in_types: InputTypes) -> None:
        y, t = in_types
        if y.dtype.kind != 'f':
            raise self.refuse("y.dtype.kind == 'f'", y.dtype)
        if t.dtype.kind != 'i':
            raise self.refuse('t of signed integers', t.dtype)
        n = t.ndim
        fits = (
            0 < n <= y.ndim
            and y.shape[0] == t.shape[0]
            and y.shape[2 : n + 1] == t.shape[1:]
            and all(size == 1 for size in y.shape[n + 1 :])
        )
        if not fits:
            raise self.refuse(
                't.shape == (y.shape[0], *y.shape[2:]), one label per sample',
                f'{t.shape} for y {y.shape}',
            )

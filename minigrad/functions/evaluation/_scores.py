"""What the measures of classification share."""

from __future__ import annotations

from minigrad.function_node import FunctionNode, InputTypes


class OfScores(FunctionNode):
    """A measure of scores (N, C, ...) against labels (N, ...); no gradient."""

    arg_names = ('y', 't')

    def check_type_forward(self, in_types: InputTypes) -> None:
        y, t = in_types
        self.expect(y.dtype.kind == 'f', "y.dtype.kind == 'f'", y.dtype, None, in_types)
        self.expect(
            t.dtype.kind == 'i', 't of signed integers', t.dtype, None, in_types
        )
        n = t.ndim
        fits = (
            0 < n <= y.ndim
            and y.shape[0] == t.shape[0]
            and y.shape[2 : n + 1] == t.shape[1:]
            and all(size == 1 for size in y.shape[n + 1 :])
        )
        if not fits:
            self.expect(
                False,
                't.shape == (y.shape[0], *y.shape[2:]), one label per sample',
                f'{t.shape} for y {y.shape}',
                inputs=in_types,
            )

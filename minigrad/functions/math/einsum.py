"""Einstein summation: one axis for each letter."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

from minigrad.backend import get_array_module
from minigrad.function_node import FunctionNode, InputTypes
from minigrad.functions.array.cast import cast
from minigrad.functions.array.reshape import reshape
from minigrad.functions.math.sum_to import broadcast_to
from minigrad.types import Array
from minigrad.variable import Variable, as_variable

# Sorted, so that axes given as numbers come out in the order of the numbers.
LETTERS = ''.join(sorted(ascii_letters))
ELLIPSIS = '@'  # one character for '...', so that every axis is one character


class EinSum(FunctionNode):
    """Sums of products; the ellipsis has been replaced by letters."""

    public_name = 'einsum'

    def __init__(self, in_subs: Sequence[str], out_sub: str) -> None:
        self.in_subs = tuple(in_subs)
        self.out_sub = out_sub

    def check_type_forward(self, in_types: InputTypes) -> None:
        lengths: dict[str, int] = {}
        for sub, x in zip(self.in_subs, in_types, strict=True):
            if x.dtype.kind != 'f':
                raise self.refuse('float arrays', x.dtype)
            if x.ndim != len(sub):
                raise self.refuse(f'one axis for each of {sub!r}', x.ndim)
            for letter, size in zip(sub, x.shape, strict=True):
                expected = lengths.setdefault(letter, size)
                if size != expected:
                    raise self.refuse(
                        f'one length for axis {letter!r}', f'{expected} and {size}'
                    )

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        self.retain_inputs(range(len(inputs)))
        xp = get_array_module(*inputs)
        subscripts = f'{",".join(self.in_subs)}->{self.out_sub}'
        if len(inputs) == 1:
            return xp.einsum(subscripts, *inputs)
        dtype = xp.result_type(*[x.dtype for x in inputs])
        # The optimizer finds the matrix products in it.
        y = xp.einsum(subscripts, *inputs, optimize=True)
        return xp.asarray(y, dtype=dtype)

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        inputs = self.get_retained_inputs()
        return tuple(
            [
                self._gradient(i, inputs, grad_outputs[0]) if i in indexes else None
                for i in range(len(inputs))
            ]
        )

    def _gradient(self, i: int, inputs: tuple[Variable, ...], gy: Variable) -> Variable:
        """The output takes the place of input ``i``, whose letters are the result."""
        x, sub = inputs[i], self.in_subs[i]
        others = [s for j, s in enumerate(self.in_subs) if j != i]
        letters = ''.join(dict.fromkeys(sub))
        found = ''.join([c for c in letters if c in ''.join([self.out_sub, *others])])
        operands = [gy, *[v for j, v in enumerate(inputs) if j != i]]
        gx = EinSum([self.out_sub, *others], found).apply(operands)[0]
        lengths = dict(zip(sub, x.shape, strict=True))
        if found != letters:  # an axis that was only summed over
            kept = [lengths[c] if c in found else 1 for c in letters]
            gx = broadcast_to(reshape(gx, kept), [lengths[c] for c in letters])
        if letters != sub:  # a diagonal was taken
            gx = EmbedDiagonal(letters, sub, x.shape).apply((gx,))[0]
        return gx if gx.dtype == x.dtype else cast(gx, x.dtype)


class EmbedDiagonal(FunctionNode):
    """Writes on the diagonal where letters are repeated, and zero elsewhere."""

    arg_names = ('x',)
    public_name = 'einsum'

    def __init__(self, in_sub: str, out_sub: str, out_shape: tuple[int, ...]) -> None:
        self.in_sub = in_sub
        self.out_sub = out_sub
        self.out_shape = out_shape

    def forward(self, inputs: tuple[Array, ...]) -> Any:
        (x,) = inputs
        xp = get_array_module(x)
        y = xp.zeros(self.out_shape, x.dtype)
        # A step along a repeated letter is a step along all of its axes.
        steps = dict.fromkeys(self.in_sub, 0)
        for letter, stride in zip(self.out_sub, y.strides, strict=True):
            steps[letter] += stride
        diagonal = xp.lib.stride_tricks.as_strided(y, x.shape, tuple(steps.values()))
        diagonal[...] = x
        return y

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        return EinSum([self.out_sub], self.in_sub).apply(grad_outputs)


def _letters_of(axes: Any) -> str:
    """Returns the subscripts for a list of ints and Ellipsis."""
    letters = []
    for axis in axes:
        if axis is Ellipsis:
            letters.append('...')
        elif isinstance(axis, int):
            letters.append(LETTERS[axis])
        else:
            raise TypeError(
                f'einsum: a list of axes must hold ints and Ellipsis, got {axis!r}'
            )
    return ''.join(letters)


def _read(operands: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """Returns the subscripts in one string, and the arrays."""
    if not operands:
        raise ValueError('einsum: no operands')
    if isinstance(operands[0], str):
        return operands[0].replace(' ', ''), list(operands[1:])
    n = len(operands) // 2
    subscripts = ','.join([_letters_of(axes) for axes in operands[1 : 2 * n : 2]])
    if len(operands) % 2:
        subscripts += '->' + _letters_of(operands[-1])
    return subscripts, list(operands[0 : 2 * n : 2])


def _split(subscripts: str) -> tuple[list[str], str]:
    """Returns the subscripts of each input and of the output, ``@`` for an ellipsis."""
    marked = subscripts.replace('...', ELLIPSIS)
    inputs, arrow, output = marked.partition('->')
    for character in inputs.replace(',', '') + output:
        if character not in LETTERS + ELLIPSIS:
            raise ValueError(
                f'einsum: {character!r} in {subscripts!r} is no letter\n'
                "  hint: subscripts look like 'ij,jk->ik' or '...i,ij->...j'"
            )
    letters = inputs.replace(',', '')
    if not arrow:
        once = [c for c in sorted(set(letters)) if letters.count(c) == 1]
        once = [c for c in once if c != ELLIPSIS]
        output = (ELLIPSIS if ELLIPSIS in letters else '') + ''.join(once)
    for character in output:
        if output.count(character) > 1 or character not in letters:
            shown = character.replace(ELLIPSIS, '...')
            raise ValueError(
                f'einsum: {shown!r} of the output must be once in the output and in an '
                f'input of {subscripts!r}'
            )
    return inputs.split(','), output


def einsum(*operands: Any) -> Variable:
    """Multiplies arrays and sums over axes, as NumPy's ``einsum``.

    Args:
        operands: Subscripts such as ``'ij,jk->ik'``, then one Variable or array, float,
            for each term; or each array followed by its list of axis numbers, and at the
            end, if wanted, the list of the output. ``...`` (in lists ``Ellipsis``) stands
            for axes that have the same lengths in every term that has it.

    Returns:
        Variable, of the dtype to which the inputs promote.

    Raises:
        InvalidType: An array is not float, or the lengths of an axis differ.
        TypeError: A list holds something else than ints and Ellipsis.
        ValueError: The subscripts make no sense, or do not fit the number of arrays.

    Gradient: ``einsum`` of ``gy`` and the other arrays.
    Double backprop: yes.
    Kernels: reference.
    Source: compatible with chainer.functions.einsum.

    Example:
        >>> x, W = np.array([[1., 2.]]), np.array([[1., 0.], [1., 1.]])
        >>> F.einsum('ni,io->no', x, W).array
        array([[3., 2.]])
        >>> F.einsum(x, [0, 1], W, [1, 2]).array
        array([[3., 2.]])
    """
    subscripts, arrays = _read(operands)
    in_subs, out_sub = _split(subscripts)
    if len(in_subs) != len(arrays):
        raise ValueError(
            f'einsum: {subscripts!r} has {len(in_subs)} terms, but there are '
            f'{len(arrays)} arrays'
        )
    xs = [as_variable(x) for x in arrays]
    if ELLIPSIS in subscripts.replace('...', ELLIPSIS):
        ndim = max(
            [
                x.ndim - len(s) + 1
                for x, s in zip(xs, in_subs, strict=True)
                if ELLIPSIS in s
            ]
        )
        if ndim > 0 and ELLIPSIS not in out_sub:
            raise ValueError(
                f'einsum: {subscripts!r} would sum over the axes of the ellipsis; name '
                'them, or put the ellipsis into the output too'
            )
        free = [c for c in LETTERS if c not in subscripts]
        letters = ''.join(free[: max(ndim, 0)])
        in_subs = [s.replace(ELLIPSIS, letters) for s in in_subs]
        out_sub = out_sub.replace(ELLIPSIS, letters)
    return EinSum(in_subs, out_sub).apply(xs)[0]

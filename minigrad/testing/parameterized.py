"""Test classes with parameters."""

from __future__ import annotations

import functools
import itertools
import types
import unittest
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from minigrad.testing._bundle import Bundle, Method, Variant, make_decorator


def parameterize(*params: dict[str, Any]) -> Callable[[Any], Bundle]:
    """Makes one test class per dictionary; its entries become attributes.

    Args:
        *params: The dictionaries, often from `product`.

    Returns:
        A class decorator. Several can be stacked.

    Source: compatible with chainer.testing.parameterize.

    Example:
        >>> import unittest
        >>> @minigrad.testing.parameterize({'shape': (2, 3)}, {'shape': ()})
        ... class TestZeros(unittest.TestCase):
        ...     def test_shape(self):
        ...         self.assertEqual(np.zeros(self.shape).shape, self.shape)
    """

    def variants(base: type) -> Iterator[Variant]:
        for i, param in enumerate(params):
            yield _variant(base, i, param)

    return make_decorator(variants)


def _variant(base: type, i: int, param: dict[str, Any]) -> Variant:
    shown = ', '.join(f'{k}={_shorten(_show(param[k]), 100)}' for k in sorted(param))
    name = f'{base.__name__}_param_{i}_{{{_shorten(shown, 5000)}}}'
    # A function would become a method, and be called with self.
    attributes = {
        k: staticmethod(v) if isinstance(v, types.FunctionType) else v
        for k, v in param.items()
    }

    def make_method(method: Method) -> Method:
        @functools.wraps(method)
        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return method(self, *args, **kwargs)
            except unittest.SkipTest:
                raise
            except Exception as error:
                lines = [f'  {k}: {param[k]!r}' for k in sorted(param)]
                where = f'{base.__name__}.{method.__name__}'
                error.add_note('\n'.join([f'Parameters of {where}:', *lines]))
                raise

        return run

    return name, attributes, make_method


def _show(value: Any) -> str:
    name = getattr(value, '__name__', None)  # of classes, functions and modules
    return name if isinstance(name, str) else repr(value)


def _shorten(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    head = (length - 3) // 2
    return f'{text[:head]}...{text[head + 3 - length :]}'


def from_pytest_parameterize(names: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """Returns the dictionaries that ``pytest.mark.parametrize`` arguments mean.

    Args:
        names: Names, separated by commas.
        values: One value each, or one tuple each if there are several names.

    Example:
        >>> minigrad.testing.from_pytest_parameterize('n,dtype', [(1, 'f'), (2, 'd')])
        [{'n': 1, 'dtype': 'f'}, {'n': 2, 'dtype': 'd'}]
    """
    if not isinstance(names, str) or not isinstance(values, list | tuple):
        raise TypeError(
            'expected names separated by commas and a list of values,'
            f' got {names!r} and {values!r}'
        )
    keys = names.split(',')
    if len(keys) == 1:
        return [{keys[0]: value} for value in values]
    for value in values:
        if not isinstance(value, list | tuple) or len(value) != len(keys):
            raise ValueError(
                f'expected {len(keys)} values for {names!r}, got {value!r}'
            )
    return [dict(zip(keys, value, strict=True)) for value in values]


def parameterize_pytest(names: str, values: Sequence[Any]) -> Callable[[Any], Bundle]:
    """Parameterizes a test class with the arguments of ``pytest.mark.parametrize``.

    Args:
        names: Names, separated by commas.
        values: One value each, or one tuple each if there are several names.

    Returns:
        A class decorator.

    Source: compatible with chainer.testing.parameterize_pytest.
    """
    return parameterize(*from_pytest_parameterize(names, values))


def product(parameter: Any) -> list[dict[str, Any]]:
    """Returns every combination of parameters.

    Args:
        parameter: A dictionary of lists of values, whose names may be several,
            separated by commas; or a list of lists of dictionaries.

    Returns:
        A list of dictionaries, for `parameterize`.

    Raises:
        TypeError: It is neither.

    Source: compatible with chainer.testing.product.

    Example:
        >>> minigrad.testing.product({'n': [1, 2], 'dtype': ['f']})
        [{'dtype': 'f', 'n': 1}, {'dtype': 'f', 'n': 2}]
    """
    if isinstance(parameter, dict):
        return product_dict(
            *[from_pytest_parameterize(k, parameter[k]) for k in sorted(parameter)]
        )
    if (
        isinstance(parameter, list)
        and all(isinstance(choices, list) for choices in parameter)
        and all(isinstance(choice, dict) for choices in parameter for choice in choices)
    ):
        return product_dict(*parameter)
    raise TypeError(
        'expected a dictionary, or a list of lists of dictionaries,'
        f' got {type(parameter).__name__}'
    )


def product_dict(*parameters: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns every way to choose a dictionary from each list and to unite them.

    Args:
        *parameters: Lists of dictionaries.

    Source: compatible with chainer.testing.product_dict.

    Example:
        >>> minigrad.testing.product_dict([{'n': 1}, {'n': 2}], [{'m': 3}])
        [{'n': 1, 'm': 3}, {'n': 2, 'm': 3}]
    """
    return [
        {k: v for chosen in choice for k, v in chosen.items()}
        for choice in itertools.product(*parameters)
    ]

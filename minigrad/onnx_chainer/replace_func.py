"""Functions of a program that shall be one operator in the file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from minigrad import gradients
from minigrad.backend import is_array
from minigrad.function_node import FunctionNode
from minigrad.utils import experimental
from minigrad.variable import Variable, as_array

Renames = Iterable[tuple[int | str, str]] | None


class WrappedFunctionNode(FunctionNode):
    """One application of a function that computes with Variables or arrays.

    Args:
        name: Name by which converters are looked up.
        func: The function.
        args: What it is called with.
        kwargs: What it is called with by name.
        arg_vars: The Variables among them, which are the inputs.
        attributes: Attributes that converters find here.

    Source: compatible with onnx_chainer.replace_func.WrappedFunctionNode.
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        arg_vars: Sequence[Variable],
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.custom_function_node_name = name
        self.func = func
        self.args = args
        self.kwargs = kwargs
        self.arg_vars = list(arg_vars)
        self.internal_results: list[Variable] | None = None
        self.skeleton: Any = None
        for key, value in (attributes or {}).items():
            setattr(self, key, value)

    def forward(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        results: list[Any] = []
        self.skeleton = _numbered(self.func(*self.args, **self.kwargs), results)
        if all(isinstance(y, Variable) for y in results):
            self.internal_results = results
        arrays = tuple([as_array(y) for y in results])
        if not all(is_array(y) for y in arrays):
            raise ValueError(
                f'as_funcnode: {self.custom_function_node_name} must return arrays or '
                f'Variables, got {[type(y).__name__ for y in results]}'
            )
        return arrays

    def backward(self, indexes: tuple[int, ...], grad_outputs: Any) -> Any:
        if self.internal_results is None:
            raise ValueError(
                f'as_funcnode: {self.custom_function_node_name} has no gradient, since '
                'it returned arrays\n  hint: compute with Variables'
            )
        grads = gradients.grad(
            self.internal_results, self.arg_vars, grad_outputs=grad_outputs
        )
        return tuple([g if i in indexes else None for i, g in enumerate(grads)])

    def reconstruct_return_value(self, outputs: Sequence[Any]) -> Any:
        """Returns the outputs in the lists and dictionaries that the function made."""
        return _filled(self.skeleton, outputs)


def fake_as_funcnode(
    alt_func: Callable[..., Any],
    name: str,
    rename_attributes: Renames = None,
    experimental_warning: bool = True,
) -> Callable[..., Any]:
    """Makes a function one node of the graph, which one converter then writes.

    Its inputs are the Variables among the arguments and in their lists. All other
    arguments are attributes of the node: by their names where they are given by name or
    by default, and ``arg0``, ``arg1``, ... by their places.

    Args:
        alt_func: The function; takes at least one Variable, and returns arrays or
            Variables, also in lists, tuples and dictionaries. With arrays it has no
            gradient.
        name: Name of the node, by which converters are looked up.
        rename_attributes: Pairs of the place or name of an argument and the attribute
            that it shall be.
        experimental_warning: Whether to warn that this is experimental.

    Returns:
        The function to call instead.

    Source: compatible with onnx_chainer.replace_func.fake_as_funcnode.

    Example:
        >>> from minigrad.onnx_chainer.replace_func import fake_as_funcnode
        >>> half = fake_as_funcnode(lambda x, by=0.5: x * by, 'Half',
        ...                         experimental_warning=False)
        >>> y = half(minigrad.Variable(np.ones(2, 'f')))
        >>> y.creator.custom_function_node_name, y.creator.by
        ('Half', 0.5)
    """
    renames = dict(rename_attributes or ())

    def call(*args: Any, **kwargs: Any) -> Any:
        bound = inspect.signature(alt_func).bind(*args, **kwargs)
        bound.apply_defaults()
        kwargs.update(list(bound.arguments.items())[len(args) :])
        inputs: list[Variable] = []
        attributes: dict[str, Any] = {}
        given: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
        for key, value in given:
            parts = list(_leaves(value))
            variables = [x for x in parts if isinstance(x, Variable)]
            if variables and len(variables) < len(parts):
                raise ValueError(
                    f'as_funcnode: {name} got Variables and other values in one list'
                )
            inputs += variables
            if not variables:
                attribute = key if isinstance(key, str) else f'arg{key}'
                attributes[renames.get(key, attribute)] = value
        if not inputs:
            raise ValueError(f'as_funcnode: {name} must be given at least one Variable')
        node = WrappedFunctionNode(name, alt_func, args, kwargs, inputs, attributes)
        return node.reconstruct_return_value(node.apply(inputs))

    if experimental_warning:
        experimental('as_funcnode')
    return call


def as_funcnode(
    name: str, rename_attributes: Renames = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorates a function with `fake_as_funcnode`.

    Args:
        name: Name of the node.
        rename_attributes: See `fake_as_funcnode`.

    Source: compatible with onnx_chainer.replace_func.as_funcnode.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return fake_as_funcnode(function, name, rename_attributes=rename_attributes)

    return decorate


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _numbered(value: Any, results: list[Any]) -> Any:
    """Returns the structure of a value with numbers for its leaves, which it collects."""
    if isinstance(value, (list, tuple)):
        return type(value)([_numbered(part, results) for part in value])
    if isinstance(value, dict):
        return {key: _numbered(part, results) for key, part in value.items()}
    results.append(value)
    return len(results) - 1


def _filled(structure: Any, outputs: Sequence[Any]) -> Any:
    if isinstance(structure, (list, tuple)):
        return type(structure)([_filled(part, outputs) for part in structure])
    if isinstance(structure, dict):
        return {key: _filled(part, outputs) for key, part in structure.items()}
    return outputs[structure]

"""Names and constants of the file that is written, for a program's own converters."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad import backend
from minigrad.graph.onnx.builder import Builder
from minigrad.graph.onnx.package import import_onnx
from minigrad.link import Link
from minigrad.onnx_chainer.onnx_helper import cleanse_param_name, get_func_name
from minigrad.types import Array
from minigrad.variable import as_array


class Context:
    """What the converters of one file share.

    Args:
        model: The model.
        builder: The file as it grows; None outside of `export`, where only links can be
            asked for.

    Source: compatible with onnx_chainer.context.Context; names of values are given by
        the exporter alone.
    """

    def __init__(self, model: Link, builder: Builder | None = None) -> None:
        self._builder = builder
        self._links_ = {
            id(param): (cleanse_param_name(path), link)
            for path, link in model.namedlinks()
            for param in link.params(include_uninit=False)
            if id(param) in {id(own) for own in _own_parameters(link)}
        }

    def _file(self) -> Builder:
        if self._builder is None:
            raise RuntimeError('Context: no file is being written; export makes one')
        return self._builder

    def get_name(self, variable: Any) -> str:
        """Returns the name of a Variable or an array; a new one becomes a constant."""
        return self._file().name_of(as_array(variable))

    def add_param(
        self, array: Array, name: str, use_original_name: bool = False
    ) -> str:
        """Adds an array as an initializer.

        Args:
            array: The array.
            name: Its name within the function.
            use_original_name: Whether it is its name in the file.

        Returns:
            The name in the file.
        """
        if not use_original_name:
            if not name.startswith(('/', '_')):
                name = '/' + name
            name = f'{get_func_name()}_{cleanse_param_name(name)}'
        self._file().arrays[name] = array
        return name

    def add_const(self, array: Array, name: str) -> str:
        """Adds an array as a node ``Constant``.

        Args:
            array: The array.
            name: Its name within the function.

        Returns:
            The name in the file.

        Raises:
            ValueError: ``name`` has a slash.
        """
        if '/' in name:
            raise ValueError(
                f'Context.add_const: expected a name without /, got {name!r}'
            )
        name = f'{get_func_name()}_const_{name}'
        onnx = import_onnx()
        value = numpy.asarray(backend.to_cpu(array), order='C')
        tensor = onnx.numpy_helper.from_array(value, name)
        node = onnx.helper.make_node('Constant', [], [name], name=name, value=tensor)
        self._file().nodes.append(node)
        return name

    def get_link(self, param: Any) -> tuple[str, Link] | None:
        """Returns the name and the link that a parameter belongs to, or None."""
        return self._links_.get(id(param))


def _own_parameters(link: Link) -> list[Any]:
    return [getattr(link, name) for name in sorted(link._params)]

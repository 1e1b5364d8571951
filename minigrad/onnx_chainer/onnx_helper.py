"""Names and nodes for converters of a program's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from minigrad.graph.onnx.package import import_onnx
from minigrad.types import Array

_current: list[str] = []  # the name of the function that is converted, if any


def set_func_name(func_name: str) -> None:
    """Sets the name that nodes get from now on; `export` does so for each function."""
    _current[:] = [func_name]


def get_func_name() -> str:
    """Returns the name of the function that is converted.

    Raises:
        RuntimeError: None is.
    """
    if not _current:
        raise RuntimeError(
            'onnx_helper: no function is being converted\n  hint: call it inside a '
            'converter that export runs, or set_func_name first'
        )
    return _current[0]


def make_node(*args: Any, **kwargs: Any) -> Any:
    """Returns a node that is named after the function; see ``onnx.helper.make_node``."""
    return import_onnx().helper.make_node(*args, name=get_func_name(), **kwargs)


class GraphBuilder:
    """Collects the nodes that one function becomes.

    Source: compatible with onnx_chainer.onnx_helper.GraphBuilder.

    Example:
        >>> from minigrad.onnx_chainer import onnx_helper
        >>> onnx_helper.set_func_name('Swish_0')
        >>> build = onnx_helper.GraphBuilder()
        >>> y = build.op('Mul', ['x', build.op('Sigmoid', ['x'])])
        >>> [node.op_type for node in build.nodes(['y'])]
        ['Sigmoid', 'Mul']
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._func_name = get_func_name()

    def node_name(self) -> str:
        """Returns the name of the next node."""
        return f'{self._func_name}_tmp_{len(self._nodes)}'

    def op(
        self,
        op_name: str,
        input_names: Sequence[str],
        num_outputs: int = 1,
        **kwargs: Any,
    ) -> Any:
        """Adds a node.

        Args:
            op_name: The operator.
            input_names: Names of its inputs.
            num_outputs: Number of its outputs.
            **kwargs: Its attributes.

        Returns:
            The name of the output, or a tuple of names.
        """
        name = self.node_name()
        names = (
            [name] if num_outputs == 1 else [f'{name}_{i}' for i in range(num_outputs)]
        )
        return self.op_output_named(op_name, input_names, names, **kwargs)

    def op_output_named(
        self,
        op_name: str,
        input_names: Sequence[str],
        output_names: Sequence[str],
        **kwargs: Any,
    ) -> Any:
        """Adds a node whose outputs have these names; returns them as `op` does.

        Raises:
            TypeError: ``input_names`` is one name, not a list.
        """
        if isinstance(input_names, str):
            raise TypeError(
                f'GraphBuilder: expected a list of input names, got {input_names!r}; '
                f'write [{input_names!r}]'
            )
        node = import_onnx().helper.make_node(
            op_name, input_names, output_names, name=self.node_name(), **kwargs
        )
        self._nodes.append(node)
        return node.output[0] if len(output_names) == 1 else tuple(node.output)

    def nodes(self, output_names: Sequence[str] | None = None) -> tuple[Any, ...]:
        """Returns the nodes, for a converter to return.

        Args:
            output_names: Names for the outputs of the last node.

        Raises:
            ValueError: The last node has another number of outputs.
        """
        if output_names is not None:
            last = self._nodes[-1]
            if len(last.output) != len(output_names):
                raise ValueError(
                    f'GraphBuilder: expected {len(last.output)} output names for '
                    f'{last.op_type}, got {list(output_names)}'
                )
            last.output[:] = output_names
        return tuple(self._nodes)


def write_tensor_pb(filename: str | os.PathLike[str], name: str, value: Array) -> None:
    """Writes an array as a file of one ``onnx.TensorProto``."""
    tensor = import_onnx().numpy_helper.from_array(value, name)
    with open(filename, 'wb') as file:
        file.write(tensor.SerializeToString())


def cleanse_param_name(name: str) -> str:
    """Returns the name in the file of a parameter: ``/l/W`` is ``param_l_W``."""
    return 'param' + name.replace('/', '_')


def is_support_non_standard_domain() -> bool:
    """Returns True: ``onnx`` checks no operators of other domains, since version 1.5."""
    return True

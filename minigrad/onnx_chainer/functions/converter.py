"""What a converter of ONNX-Chainer is called with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class FunctionConverterParams:
    """A function that ran, and the names that its operators must use.

    Args:
        func: The function.
        opset_version: Version of the operators.
        input_names: Names of its inputs.
        output_names: Names that its outputs must get.
        context: The `minigrad.onnx_chainer.context.Context` of the file.

    Source: compatible with onnx_chainer.functions.converter.FunctionConverterParams.
    """

    def __init__(
        self,
        func: Any = None,
        opset_version: int | None = None,
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        context: Any = None,
    ) -> None:
        self.func = func
        self.opset_version = opset_version
        self.input_names = input_names
        self.output_names = output_names
        self.context = context


class FunctionConverter:
    """Makes a converter of a function of five arguments.

    Args:
        converter: Takes function, version, input names, output names and context.

    Source: compatible with onnx_chainer.functions.converter.FunctionConverter.
    """

    def __init__(self, converter: Callable[..., Any]) -> None:
        self.converter = converter

    def __call__(self, params: FunctionConverterParams) -> Any:
        return self.converter(
            params.func,
            params.opset_version,
            params.input_names,
            params.output_names,
            params.context,
        )

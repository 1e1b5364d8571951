"""The package ``onnx``, where it is installed."""

from __future__ import annotations

import importlib
from typing import Any


def import_onnx(module: str = '') -> Any:
    """Returns the package, or a module of it that it does not import itself.

    Args:
        module: Name of the module.

    Raises:
        ImportError: It is missing; says what brings it.
    """
    try:
        onnx = importlib.import_module('onnx')
        importlib.import_module('onnx.helper')
        importlib.import_module('onnx.numpy_helper')
    except ImportError as error:
        raise ImportError(
            'ONNX files need the package onnx\n  hint: pip install onnx'
        ) from error
    return importlib.import_module(f'onnx.{module}') if module else onnx

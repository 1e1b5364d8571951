"""The package ``onnx``, where it is installed."""

from __future__ import annotations

import importlib
from typing import Any


def import_onnx() -> Any:
    """Returns the package.

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
    return onnx

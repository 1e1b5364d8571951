"""ONNX-Chainer's names: models as ONNX files, with inputs and outputs to test them by."""

from minigrad.onnx_chainer.export import (
    MAXIMUM_OPSET_VERSION,
    MINIMUM_OPSET_VERSION,
    convert_parameter,
    export,
)
from minigrad.onnx_chainer.export_testcase import export_testcase

__all__ = [
    'MAXIMUM_OPSET_VERSION',
    'MINIMUM_OPSET_VERSION',
    'convert_parameter',
    'export',
    'export_testcase',
]

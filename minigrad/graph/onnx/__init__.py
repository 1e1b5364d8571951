"""Models as ONNX files: for Netron, for other frameworks, and back."""

from minigrad.graph.onnx.builder import UnsupportedFunction
from minigrad.graph.onnx.load import OnnxError, OnnxModel, load_onnx
from minigrad.graph.onnx.save import save_onnx, to_onnx

__all__ = [
    'OnnxError',
    'OnnxModel',
    'UnsupportedFunction',
    'load_onnx',
    'save_onnx',
    'to_onnx',
]

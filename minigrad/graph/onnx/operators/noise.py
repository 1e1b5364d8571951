"""Functions that draw random numbers: in a file that is for training."""

from __future__ import annotations

from typing import Any

import numpy

from minigrad.graph.onnx.builder import Builder, operator


@operator('Dropout')
def _dropout(b: Builder, f: Any, x: str) -> Any:
    return b.op('Dropout', x, float(f.dropout_ratio), numpy.array(True))

"""What onnxruntime computes from a file, beside what the file says it should."""

from __future__ import annotations

import glob
import importlib
import importlib.util
import os
from collections.abc import Sequence
from typing import Any

import numpy

from minigrad.graph.onnx.package import import_onnx

ONNXRUNTIME_AVAILABLE = importlib.util.find_spec('onnxruntime') is not None


def load_test_data(
    data_dir: str, input_names: Sequence[str], output_names: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reads the inputs and outputs that `export_testcase` wrote, by name.

    Args:
        data_dir: The folder ``test_data_set_0``.
        input_names: Names of the inputs; an array of another name gets the next.
        output_names: Names of the outputs.
    """
    onnx = import_onnx()
    found = []
    for kind, names in (('input', list(input_names)), ('output', list(output_names))):
        values = {}
        for path in sorted(glob.glob(os.path.join(data_dir, f'{kind}_*.pb'))):
            with open(path, 'rb') as file:
                tensor = onnx.TensorProto.FromString(file.read())
            name = tensor.name if tensor.name in names else names[0]
            names.remove(name)
            values[name] = onnx.numpy_helper.to_array(tensor)
        found.append(values)
    return found[0], found[1]


def check_model_expect(
    test_path: str,
    input_names: Sequence[str] | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-5,
) -> None:
    """Runs a file of `export_testcase` by onnxruntime and compares the outputs.

    Args:
        test_path: The folder that `export_testcase` wrote.
        input_names: Names that the inputs must have; None asks nothing.
        rtol: Relative tolerance.
        atol: Absolute tolerance.

    Raises:
        ImportError: onnxruntime is not installed.
        AssertionError: The names or the numbers differ.
    """
    if not ONNXRUNTIME_AVAILABLE:
        raise ImportError(
            'onnxruntime is needed to run models: pip install onnxruntime'
        )
    onnxruntime = importlib.import_module('onnxruntime')

    session = onnxruntime.InferenceSession(os.path.join(test_path, 'model.onnx'))
    inputs = [value.name for value in session.get_inputs()]
    outputs = [value.name for value in session.get_outputs()]
    if input_names is not None and sorted(input_names) != sorted(inputs):
        raise AssertionError(f'inputs: expected {sorted(input_names)}, got {inputs}')
    for folder in sorted(glob.glob(os.path.join(test_path, 'test_data_set_*'))):
        given, wanted = load_test_data(folder, inputs, outputs)
        got = session.run(list(wanted), given)
        for y, w in zip(got, wanted.values(), strict=True):
            numpy.testing.assert_allclose(w, y, rtol=rtol, atol=atol)

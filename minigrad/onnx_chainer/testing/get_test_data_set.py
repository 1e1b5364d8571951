"""Where tests of converters write their files."""

from __future__ import annotations

import os
from typing import Any

from minigrad.onnx_chainer.export_testcase import export_testcase

TEST_OUT_DIR = 'out'


def gen_test_data_set(
    model: Any, args: Any, name: str, opset_version: int, **kwargs: Any
) -> str:
    """Writes a model and an example of what it computes; returns the folder.

    Args:
        model: The model.
        args: Its inputs.
        name: Name of the folder, in ``out/opset13`` or whatever the version is.
        opset_version: Version of the operators.
        **kwargs: For `minigrad.onnx_chainer.export`.
    """
    model.xp.random.seed(42)
    folder = os.path.join(TEST_OUT_DIR, f'opset{opset_version}', name)
    export_testcase(model, args, folder, opset_version=opset_version, **kwargs)
    return folder

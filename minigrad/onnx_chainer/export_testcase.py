"""`export_testcase` of ONNX-Chainer: a model, and what it computes, as files."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy

from minigrad import backend
from minigrad.gradients import backward
from minigrad.graph.onnx.package import import_onnx
from minigrad.link import Link
from minigrad.named_arguments import checks_arguments
from minigrad.onnx_chainer.export import export
from minigrad.types import Array
from minigrad.variable import Variable


@checks_arguments
def export_testcase(
    model: Link,
    args: Any,
    out_dir: str | os.PathLike[str],
    output_grad: bool = False,
    **kwargs: Any,
) -> None:
    """Writes a model with an example, in the folders that ONNX's own tests have.

    ``model.onnx`` is the model, ``test_data_set_0/input_0.pb`` and ``output_0.pb``, ...
    what it was given and what it returned.

    Args:
        model: The model.
        args: Its inputs, as `export` takes them.
        out_dir: Folder to write to; made if it is not there.
        output_grad: Whether to write the gradients of all parameters, too, for
            gradients of 1 of all outputs: ``gradient_0.pb``, ...
        kwargs: Passed on to `export`.

    Raises:
        ImportError: The package onnx is missing.
        UnsupportedFunction: A function has no ONNX operator here.

    Source: compatible with onnx_chainer.export_testcase.

    Example:
        >>> import os, tempfile
        >>> from minigrad import onnx_chainer
        >>> folder = tempfile.mkdtemp()
        >>> x = np.zeros((1, 3), 'f')
        >>> onnx_chainer.export_testcase(L.Linear(3, 2), [x], folder)
        >>> sorted(os.listdir(os.path.join(folder, 'test_data_set_0')))
        ['input_0.pb', 'output_0.pb']
    """
    folder = os.path.join(out_dir, 'test_data_set_0')
    os.makedirs(folder, exist_ok=True)
    model.cleargrads()
    _, inputs, outputs = export(
        model,
        args,
        filename=os.path.join(out_dir, 'model.onnx'),
        return_named_inout=True,
        no_testcase=True,
        **kwargs,
    )
    for kind, variables in (('input', inputs), ('output', outputs)):
        for i, (name, variable) in enumerate(variables.items()):
            _write(os.path.join(folder, f'{kind}_{i}.pb'), name, variable.array)
    if output_grad:
        _write_gradients(model, list(outputs.values()), folder)


def _write_gradients(model: Link, outputs: list[Variable], folder: str) -> None:
    for y in outputs:
        y.grad = model.xp.ones_like(y.array)
    backward(outputs)
    for i, (path, param) in enumerate(model.namedparams()):
        if param.grad is None:
            warnings.warn(f'Parameter `{path}` does not have gradient value')
            continue
        name = 'param' + path.replace('/', '_')
        _write(os.path.join(folder, f'gradient_{i}.pb'), name, param.grad)


def _write(path: str, name: str, array: Array) -> None:
    array = numpy.asarray(backend.to_cpu(array), order='C')
    with open(path, 'wb') as file:
        file.write(
            import_onnx().numpy_helper.from_array(array, name).SerializeToString()
        )

"""ONNX-Chainer's functions write what ONNX's reference evaluator agrees with."""

import numpy as np
import pytest

import minigrad.functions as F
import minigrad.links as L
from minigrad import Sequential, onnx_chainer

pytest.importorskip('onnx.reference')

import onnx


@pytest.fixture
def model():
    return Sequential(L.Linear(3, 4), F.relu, L.Linear(4, 2))


X = np.arange(6, dtype='f').reshape(2, 3)


def test_export_to_a_file_with_names(model, tmp_path):
    path = tmp_path / 'model.onnx'
    proto, inputs, outputs = onnx_chainer.export(
        model,
        [X],
        str(path),
        input_names=['x'],
        output_names='y',
        graph_name='Net',
        return_named_inout=True,
        save_text=True,
    )
    assert proto.graph.name == 'Net'
    (y,) = onnx.reference.ReferenceEvaluator(str(path)).run(None, {'x': X})
    np.testing.assert_allclose(y, outputs['y'].array, rtol=1e-5)
    assert inputs['x'].array is X
    assert 'Gemm' in (tmp_path / 'model.onnx.txt').read_text()
    assert not onnx_chainer.export(model, X, export_params=False).graph.initializer


def test_export_testcase(model, tmp_path):
    onnx_chainer.export_testcase(model, X, tmp_path, output_grad=True)
    run = onnx.reference.ReferenceEvaluator(str(tmp_path / 'model.onnx'))
    folder = tmp_path / 'test_data_set_0'
    tensors = {
        path.stem: onnx.numpy_helper.to_array(onnx.load_tensor(str(path)))
        for path in folder.iterdir()
    }
    (y,) = run.run(None, {run.input_names[0]: tensors['input_0']})
    np.testing.assert_allclose(y, tensors['output_0'], rtol=1e-5)
    assert sorted(name for name in tensors if 'grad' in name) == [
        f'gradient_{i}' for i in range(4)
    ]
    assert tensors['gradient_3'].tolist() == [2, 2]  # of the last bias


def test_an_old_opset_is_raised_with_a_warning(model):
    with pytest.warns(UserWarning, match='opset_version=9 is older'):
        proto = onnx_chainer.export(model, X, opset_version=9)
    assert proto.opset_import[0].version == onnx_chainer.MINIMUM_OPSET_VERSION


def test_what_cannot_be_done_is_said(model):
    with pytest.raises(NotImplementedError, match='train is not supported'):
        onnx_chainer.export(model, X, train=True)
    with pytest.raises(ValueError, match='expected 1 names, got 2'):
        onnx_chainer.export(model, X, input_names=['a', 'b'])
    with pytest.raises(ValueError, match='got int'):
        onnx_chainer.export(model, 3)

"""ONNX-Chainer's names: files with names of inputs and outputs, and examples beside."""

import io

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import onnx_chainer
from minigrad.graph.onnx import UnsupportedFunction
from tests.graph.onnx_evaluator import evaluate  # skips without onnx

onnx = pytest.importorskip('onnx', reason='needs onnx: pip install onnx')


class Two(minigrad.Chain):
    """Takes two inputs and returns two outputs by name."""

    def __init__(self):
        super().__init__()
        with self.init_scope():
            self.l1 = L.Linear(3, 2)
            self.l2 = L.Linear(3, 2)

    def forward(self, x, y):
        h = F.relu(self.l1(x))
        return {'sum': h + self.l2(y), 'h': h}


X = np.random.RandomState(0).randn(4, 3).astype('f')


def names(values):
    return [value.name for value in values]


def test_names_as_onnx_chainer_gives_them():
    proto = onnx_chainer.export(Two(), [X, X + 1])
    assert names(proto.graph.input) == ['Input_0', 'Input_1']
    assert {t.name for t in proto.graph.initializer} == {
        f'param_{layer}_{array}' for layer in ('l1', 'l2') for array in 'Wb'
    }
    assert proto.graph.name == 'Graph'


def test_names_of_ones_own_and_what_is_computed():
    model = Two()
    proto, inputs, outputs = onnx_chainer.export(
        model,
        {'y': X + 1, 'x': X},
        graph_name='two',
        input_names={'x': 'image', 'y': 'other'},
        output_names=['total', 'hidden'],
        return_named_inout=True,
    )
    assert list(inputs) == names(proto.graph.input) == ['other', 'image']
    assert list(outputs) == names(proto.graph.output) == ['total', 'hidden']
    total, hidden = evaluate(proto, {'image': X, 'other': X + 1})
    with minigrad.using_config('train', False):
        wanted = model(X, X + 1)
    np.testing.assert_allclose(total, wanted['sum'].array, rtol=1e-5)
    np.testing.assert_allclose(hidden, wanted['h'].array, rtol=1e-5)
    np.testing.assert_array_equal(outputs['total'].array, wanted['sum'].array)


def test_other_forms_of_files(tmp_path):
    file = io.BytesIO()
    proto = onnx_chainer.export(L.Linear(3, 2), X, file, opset_version=13)
    assert file.getvalue() == proto.SerializeToString()
    assert proto.opset_import[0].version == 13
    path = tmp_path / 'l.onnx'
    onnx_chainer.export(L.Linear(3, 2), minigrad.Variable(X), str(path), save_text=True)
    assert [n.op_type for n in onnx.load(path).graph.node] == ['Gemm']
    assert 'Gemm' in (tmp_path / 'l.onnx.txt').read_text()


def test_without_parameters():
    model = L.Linear(3, 2)
    proto = onnx_chainer.export(model, X, export_params=False)
    assert names(proto.graph.input) == ['Input_0', 'param_W', 'param_b']
    given = {'Input_0': X, 'param_W': model.W.array * 2, 'param_b': model.b.array}
    (y,) = evaluate(proto, given)
    np.testing.assert_allclose(y, model(X).array * 2, rtol=1e-5, atol=1e-6)


def test_values_have_the_names_of_functions_and_constants_are_nodes():
    model = minigrad.Sequential(L.Linear(3, 4), F.relu, lambda x: x[:, 1:], F.relu)
    proto = onnx_chainer.export(model, X)
    assert names(proto.graph.output) == ['ReLU_1']
    assert names(proto.graph.initializer) == ['param_0_W', 'param_0_b']
    assert proto.graph.node[0].op_type == 'Constant'
    normalized = onnx_chainer.export(minigrad.Sequential(L.BatchNormalization(3)), X)
    assert {'param_0_avg_mean', 'param_0_avg_var'} <= set(
        names(normalized.graph.initializer)
    )


def test_what_is_not_computed_by_functions_is_refused():
    class Model(minigrad.Chain):
        def __init__(self, compute):
            super().__init__()
            self.compute = compute

        def forward(self, x):
            return self.compute(x)

    with pytest.raises(RuntimeError, match='Variables, got ndarray'):
        onnx_chainer.export(Model(lambda x: x.array), X)
    with pytest.raises(ValueError, match='Variables, got ndarray'):
        onnx_chainer.export(Model(lambda x: (x, x.array)), X)
    with pytest.raises(UnsupportedFunction, match='the same for all inputs'):
        onnx_chainer.export(Model(lambda x: minigrad.Variable(x.array * 2)), X)
    with pytest.warns(UserWarning, match='does not depend on input:'):
        onnx_chainer.export(Model(lambda x: F.relu(x.array * 2)), X)


def test_a_layer_that_was_not_used_is_named():
    model = Two()
    model.add_link('spare', L.Linear(None, 2, nobias=True))
    with pytest.warns(UserWarning, match='/spare/W was not used'):
        onnx_chainer.export(model, [X, X])


def test_shapes_of_ones_own():
    proto = onnx_chainer.export(L.Linear(3, 2), X, input_shapes=('batch', 3))
    sizes = proto.graph.input[0].type.tensor_type.shape.dim
    assert (sizes[0].dim_param, sizes[1].dim_value) == ('batch', 3)
    out = proto.graph.output[0].type.tensor_type.shape.dim
    assert (out[0].dim_param, out[1].dim_value) == ('batch', 2)
    with pytest.raises(ValueError, match='expected 2 sizes for Input_0'):
        onnx_chainer.export(L.Linear(3, 2), X, input_shapes=(1, 3, 1))
    with pytest.raises(ValueError, match='expected 1 input shapes'):
        onnx_chainer.export(L.Linear(3, 2), X, input_shapes=[(1, 3), (1,)])


def test_training_is_another_graph():
    model = minigrad.Sequential(L.BatchNormalization(3), lambda x: F.dropout(x, 0.25))
    kinds = [node.op_type for node in onnx_chainer.export(model, X).graph.node]
    assert kinds == ['BatchNormalization']
    proto = onnx_chainer.export(model, X, train=True)
    (y,) = evaluate(proto, {'Input_0': X * 3 + 1})
    wanted = (X - X.mean(0)) / X.std(0)  # of the batch that comes
    assert (y == 0).any()
    np.testing.assert_allclose(y[y != 0], wanted[y != 0] / 0.75, rtol=1e-3)


@pytest.mark.parametrize(
    ('arguments', 'error', 'text'),
    [
        ({'input_names': ['a', 'b', 'c']}, ValueError, 'expected 2 input names, got 3'),
        ({'output_names': 'a'}, ValueError, 'expected 2 output names, got 1'),
        (
            {'external_converters': {'ReLU': lambda params: []}},
            ValueError,
            r"nothing computes \['v",
        ),
        ({'input_shapes': [('?', 3)]}, ValueError, 'expected 2 input shapes'),
        ({'input_shapes': {'z': (1, 3)}}, ValueError, 'input_shapes of'),
    ],
)
def test_mistakes(arguments, error, text):
    with pytest.raises(error, match=text):
        onnx_chainer.export(Two(), [X, X], **arguments)
    with pytest.raises(ValueError, match='got str'):
        onnx_chainer.export(Two(), 'x')


def test_an_old_version_is_raised_with_a_warning():
    with pytest.warns(UserWarning, match='opset_version=9 is older'):
        proto = onnx_chainer.export(L.Linear(3, 2), X, opset_version=9)
    assert proto.opset_import[0].version == onnx_chainer.MINIMUM_OPSET_VERSION


def test_convert_parameter():
    tensor = onnx_chainer.convert_parameter(minigrad.Parameter(X, name='W'))
    assert tensor.name == 'W'
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), X)


def test_testcases(tmp_path):
    model = Two()
    onnx_chainer.export_testcase(model, [X, X + 1], tmp_path / 'out', output_grad=True)
    folder = tmp_path / 'out' / 'test_data_set_0'
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [f'{kind}_{i}.pb' for kind in ('input', 'output') for i in (0, 1)]
        + [f'gradient_{i}.pb' for i in range(4)]
    )

    def read(name):
        tensor = onnx.TensorProto.FromString((folder / name).read_bytes())
        return tensor.name, onnx.numpy_helper.to_array(tensor)

    proto = onnx.load(tmp_path / 'out' / 'model.onnx')
    given = dict(read(f'input_{i}.pb') for i in (0, 1))
    for i, y in enumerate(evaluate(proto, given)):
        name, wanted = read(f'output_{i}.pb')
        assert name == proto.graph.output[i].name
        np.testing.assert_allclose(y, wanted, rtol=1e-5)
    gradients = dict(read(f'gradient_{i}.pb') for i in range(4))
    np.testing.assert_allclose(
        gradients['param_l2_W'], np.tile((X + 1).sum(0), (2, 1)), rtol=1e-5
    )


def test_a_parameter_without_gradient_is_named(tmp_path):
    model = Two()
    model.add_link('unused', L.Linear(2, 2, nobias=True))
    with pytest.warns(UserWarning, match='`/unused/W` does not have'):
        onnx_chainer.export_testcase(model, [X, X], tmp_path, output_grad=True)

"""Converters of a program's own, and functions that they see as one node."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import onnx_chainer
from minigrad.onnx_chainer import onnx_helper
from minigrad.onnx_chainer.context import Context
from minigrad.onnx_chainer.functions.converter import FunctionConverter
from minigrad.onnx_chainer.functions.opset_version import support
from minigrad.onnx_chainer.replace_func import as_funcnode, fake_as_funcnode
from minigrad.onnx_chainer.testing import get_test_data_set, input_generator
from minigrad.onnx_chainer.testing.test_onnxruntime import check_model_expect
from tests.graph.onnx_evaluator import evaluate  # skips without onnx

onnx = pytest.importorskip('onnx', reason='needs onnx: pip install onnx')
X = input_generator.increasing(2, 3)


def as_tanh(params):
    return (onnx_helper.make_node('Tanh', params.input_names, params.output_names),)


def test_a_converter_goes_before_ours():
    model = minigrad.Sequential(F.sigmoid, F.relu)
    proto = onnx_chainer.export(model, X, external_converters={'Sigmoid': as_tanh})
    assert proto.graph.node[0].name == 'Sigmoid_0'
    (y,) = evaluate(proto, {'Input_0': X + 1})
    np.testing.assert_allclose(y, np.maximum(np.tanh(X + 1), 0), rtol=1e-6)


def test_several_nodes_constants_and_parameters():
    model = minigrad.Sequential(L.Linear(3, 2), F.relu)
    seen = []

    def convert(func, opset_version, input_names, output_names, context):
        seen.append((type(func).__name__, opset_version))
        seen.append(context.get_link(model[0].W))
        build = onnx_helper.GraphBuilder()
        two = context.add_const(np.float32([2]), 'two')
        three = context.add_param(np.float32([3]), 'three')
        own = context.add_param(np.float32([1]), 'own', use_original_name=True)
        y = build.op('Mul', [input_names[0], two])
        y = build.op('Add', [y, three])
        y = build.op('Add', [y, own])
        build.op('Sum', [y, context.get_name(np.float32([5]))])
        return build.nodes(output_names)

    proto = onnx_chainer.export(
        model,
        X,
        opset_version=17,
        external_converters={'ReLU': FunctionConverter(convert)},
    )
    assert seen == [('ReLU', 17), ('param_0', model[0])]
    (y,) = evaluate(proto, {'Input_0': X})
    np.testing.assert_allclose(y, model[0](X).array * 2 + 9, rtol=1e-5)
    assert {t.name for t in proto.graph.initializer} == {
        *('param_0_W', 'param_0_b', 'ReLU_0_param_three', 'own')
    }


class Ones(minigrad.FunctionNode):
    def forward(self, inputs):
        return (np.ones_like(inputs[0]),)


class OldOnes(minigrad.Function):
    def forward(self, inputs):
        return (np.ones_like(inputs[0]),)


@pytest.mark.parametrize('kind', [Ones, OldOnes])
def test_operators_of_another_domain(kind):
    def apply(x):
        made = kind()
        return made(x) if kind is OldOnes else made.apply((x,))[0]

    def convert(params):
        yield onnx.helper.make_node(
            'Ones', params.input_names, params.output_names, domain='mine'
        )

    model = minigrad.Sequential(apply)
    converters = {kind.__name__: convert}
    proto = onnx_chainer.export(
        model,
        X,
        external_converters=converters,
        external_opset_imports={'mine': 3},
    )
    assert {o.domain: o.version for o in proto.opset_import} == {
        '': onnx_chainer.MAXIMUM_OPSET_VERSION,
        'mine': 3,
    }
    assert proto.graph.node[0].domain == 'mine'
    with pytest.raises(onnx.checker.ValidationError):
        onnx_chainer.export(
            minigrad.Sequential(apply),
            X,
            external_converters={
                kind.__name__: lambda params: [
                    onnx.helper.make_node(
                        'Ones', params.input_names, params.output_names
                    )
                ]
            },
            external_opset_imports={'mine': 3},
        )


def test_operators_without_a_domain_are_warned_of():
    def convert(params):
        return [
            onnx.helper.make_node('Nothing', params.input_names, params.output_names)
        ]

    with pytest.warns(UserWarning, match='not valid ONNX(.|\n)*give the operators'):
        onnx_chainer.export(
            minigrad.Sequential(F.relu), X, external_converters={'ReLU': convert}
        )


# -- functions as one node -----------------------------------------------------------


EXPERIMENTAL = pytest.mark.filterwarnings('ignore:as_funcnode is experimental')


@EXPERIMENTAL
def test_a_function_is_one_node_with_its_arguments_as_attributes():
    seen = []

    @as_funcnode('Scaled', rename_attributes=[(1, 'factor')])
    def scaled(x, by, offset=1.0, *, note='no'):
        return F.relu(x * by) + offset

    def convert(params):
        f = params.func
        seen.append((f.factor, f.offset, f.note))
        return as_tanh(params)

    proto = onnx_chainer.export(
        minigrad.Sequential(lambda x: scaled(x, 3, note='yes')),
        X,
        external_converters={'Scaled': convert},
    )
    assert [node.op_type for node in proto.graph.node] == ['Tanh']
    assert seen == [(3, 1.0, 'yes')]


@EXPERIMENTAL
def test_our_own_converters_serve_it_too():
    class Model(minigrad.Chain):
        @as_funcnode('Shape')
        def shape(self, x):
            return np.array(x.shape, np.int64)

        @as_funcnode('Reshape')
        def reshaped(self, x, shape):
            return F.reshape(x, tuple(shape.array))

        @as_funcnode('MulConstant')
        def times(self, x, value):
            return x * value

        def forward(self, x, y):
            return self.reshaped(self.times(x, value=3), self.shape(y))

    proto = onnx_chainer.export(Model(), [X, X.T])
    (y,) = evaluate(proto, {'Input_0': X, 'Input_1': X.reshape(6, 1)})
    np.testing.assert_array_equal(y, 3 * X.reshape(6, 1))


def test_gradients_go_through_it():
    def compute(xs, by):
        return {'sum': xs[0] + xs[1], 'both': [xs[0] * by, (xs[1] ** 2,)]}

    wrapped = fake_as_funcnode(compute, 'Two', experimental_warning=False)
    results = []
    for function in (compute, wrapped):
        x, y = minigrad.Variable(X), minigrad.Variable(X + 1)
        out = function([x, y], 3.0)
        F.sum(out['sum'] * out['both'][0] + out['both'][1][0]).backward()
        results.append([x.grad, y.grad])
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6)


@pytest.mark.parametrize(
    ('function', 'arguments', 'match'),
    [
        (lambda x: x, (X,), 'at least one Variable'),
        (lambda x: x[0], ([minigrad.Variable(X), 1],), 'in one list'),
        (lambda x: 'text', (minigrad.Variable(X),), "must return arrays.*'str'"),
    ],
)
def test_mistakes_of_functions(function, arguments, match):
    wrapped = fake_as_funcnode(function, 'Wrong', experimental_warning=False)
    with pytest.raises(ValueError, match=match):
        wrapped(*arguments)


def test_a_function_of_arrays_has_no_gradient():
    wrapped = fake_as_funcnode(lambda x: x.array * 2, 'Cut', experimental_warning=False)
    y = wrapped(minigrad.Variable(X))
    with pytest.raises(ValueError, match='Cut has no gradient'):
        F.sum(y).backward()


# -- helpers -------------------------------------------------------------------------


def test_versions_that_a_converter_knows():
    @support((6, 9))
    def convert(func, opset_version, *names):
        return opset_version

    @support(None)
    def any_version(func, opset_version):
        return opset_version

    assert [convert(None, v) for v in (6, 8, 9, 28)] == [6, 6, 9, 9]
    assert any_version(None, 3) == 3
    with pytest.raises(
        RuntimeError, match='`Ones` of Chainer with ONNX opset_version 5'
    ):
        convert(Ones(), 5)


def test_mistakes_of_converters(monkeypatch):
    monkeypatch.setattr(onnx_helper, '_current', [])
    with pytest.raises(RuntimeError, match='no function is being converted'):
        onnx_helper.make_node('Relu', ['x'], ['y'])
    onnx_helper.set_func_name('F')
    build = onnx_helper.GraphBuilder()
    with pytest.raises(TypeError, match=r"write \['x'\]"):
        build.op('Relu', 'x')
    assert build.op('Split', ['x'], num_outputs=2) == ('F_tmp_0_0', 'F_tmp_0_1')
    with pytest.raises(ValueError, match='expected 2 output names for Split'):
        build.nodes(['y'])
    context = Context(L.Linear(2, 2))
    with pytest.raises(RuntimeError, match='no file is being written'):
        context.get_name(X)
    with pytest.raises(ValueError, match='without /'):
        context.add_const(X, 'a/b')


def test_files_of_tests(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = get_test_data_set.gen_test_data_set(L.Linear(3, 2), X, 'linear', 17)
    assert folder == 'out/opset17/linear'
    pytest.importorskip('onnxruntime', reason='needs onnxruntime')
    check_model_expect(folder, input_names=['Input_0'])
    with pytest.raises(AssertionError, match='inputs: expected'):
        check_model_expect(folder, input_names=['x'])
    onnx_helper.write_tensor_pb(f'{folder}/test_data_set_0/output_0.pb', '', X[:, :2])
    with pytest.raises(AssertionError, match='Not equal'):
        check_model_expect(folder)


def test_inputs_of_tests():
    assert input_generator.increasing(4).tolist() == [-1, -0.5, 0, 0.5]
    assert input_generator.increasing(3, dtype=np.int64).tolist() == [-1, 0, 1]
    assert (input_generator.nonzero_increasing(4) != 0).all()
    assert (input_generator.positive_increasing(4) > 0).all()
    with pytest.raises(ValueError, match='expected float32 or float64, got int64'):
        input_generator.nonzero_increasing(4, dtype=np.int64)

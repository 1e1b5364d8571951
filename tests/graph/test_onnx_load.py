"""Files of others: ONNX's own tests of its operators, and mistakes in files."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad.graph.onnx import OnnxError, load_onnx, to_onnx
from minigrad.graph.onnx.load import OnnxModel
from minigrad.graph.onnx.runs import RUNS
from models.lenet import LeNet
from tests.op_table import CASES

onnx = pytest.importorskip('onnx', reason='needs onnx: pip install onnx')
helper = onnx.helper
FLOAT = onnx.TensorProto.FLOAT


def examples():
    """ONNX's tests of the operators that are known here, on floats and integers."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        cases = load_model_tests(kind='node')
    for case in cases:
        if case.model is None or 'training_dropout' in case.name:  # those draw
            continue
        if {node.op_type for node in case.model.graph.node} - set(RUNS):
            continue
        xs, ys = [[np.asarray(x) for x in values] for values in case.data_sets[0]]
        if all(x.dtype.kind in 'fib' for x in (*xs, *ys)):
            yield case.name, case.model, xs, ys


def test_onnx_s_own_tests_of_operators():
    equal, refused = 0, []
    for name, model, xs, ys in examples():
        try:
            with minigrad.using_config('train', False):
                got = OnnxModel(model, name)(*xs)
        except OnnxError as error:
            refused.append(str(error))
            continue
        got = got if isinstance(got, tuple) else (got,)
        for y, wanted in zip(map(minigrad.as_array, got), ys, strict=True):
            assert np.shape(y) == wanted.shape, name
            np.testing.assert_allclose(
                np.asarray(y, wanted.dtype),
                wanted,
                rtol=4e-3 if wanted.dtype == np.float16 else 1e-3,
                atol=1e-5,
                err_msg=name,
            )
        equal += 1
    assert equal > 4 * len(refused)
    assert equal > 700
    # What is refused is named, and for a reason of its own.
    assert [text for text in refused if ': argument' in text or 'zip()' in text] == []


@pytest.mark.filterwarnings('ignore:to_onnx. the file does not depend')
@pytest.mark.parametrize('case', [c for c in CASES if c.samples], ids=str)
def test_what_is_written_can_be_read(case):
    class Apply(minigrad.Chain):
        def forward(self, *xs):
            return case.function()(*xs, **sample.kwargs)

    sample = case.samples[0]
    xs = [x.astype('f') if x.dtype.kind == 'f' else x for x in sample.draw()]
    np.random.seed(0)
    with minigrad.using_config('train', False):
        wanted = Apply()(*xs)
    np.random.seed(0)
    try:
        proto = to_onnx(Apply(), xs)
        model = OnnxModel(proto)
    except ValueError as error:
        assert 'to_onnx' in str(error) or 'cannot run' in str(error)  # noqa: PT017
        return
    with minigrad.using_config('train', False):
        got = model(*xs)
    pairs = zip(
        got if isinstance(got, tuple) else (got,),
        wanted if isinstance(wanted, (tuple, list)) else (wanted,),
        strict=True,
    )
    for y, w in pairs:
        np.testing.assert_allclose(
            minigrad.as_array(y), minigrad.as_array(w), rtol=2e-4, atol=2e-5
        )


def write(path, nodes, arrays, ndim=2):
    """Writes a file of nodes from ``x`` to ``y``."""
    graph = helper.make_graph(
        nodes,
        'g',
        [helper.make_tensor_value_info('x', FLOAT, [None] * ndim)],
        [helper.make_tensor_value_info('y', FLOAT, [None, None])],
        [onnx.numpy_helper.from_array(array, name) for name, array in arrays],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)])
    proto.ir_version = 10
    path.write_bytes(proto.SerializeToString())
    return path


def test_a_network_as_pytorch_writes_it(tmp_path):
    """Names with dots, a shape computed from a shape, and a flattening by it."""
    rng = np.random.RandomState(0)
    W, b = rng.randn(4, 3, 3, 3).astype('f'), rng.randn(4).astype('f')
    V = rng.randn(5, 4 * 2 * 2).astype('f')
    make = helper.make_node
    nodes = [
        make(
            'Conv', ['x', 'features.0.weight', 'features.0.bias'], ['h'], pads=[1] * 4
        ),
        make('Relu', ['h'], ['r']),
        make('MaxPool', ['r'], ['p'], kernel_shape=[2, 2], strides=[2, 2]),
        make('Shape', ['p'], ['shape']),
        make('Constant', [], ['zero'], value_int=0),
        make('Gather', ['shape', 'zero'], ['n'], axis=0),
        make('Constant', [], ['axes'], value_ints=[0]),
        make('Unsqueeze', ['n', 'axes'], ['first']),
        make('Constant', [], ['rest'], value_ints=[-1]),
        make('Concat', ['first', 'rest'], ['sizes'], axis=0),
        make('Reshape', ['p', 'sizes'], ['flat']),
        make('Dropout', ['flat'], ['d']),
        make('Gemm', ['d', 'classifier.weight'], ['y'], transB=1),
    ]
    arrays = [
        ('features.0.weight', W),
        ('features.0.bias', b),
        ('classifier.weight', V),
    ]
    model = load_onnx(write(tmp_path / 'net.onnx', nodes, arrays, ndim=4))
    assert sorted(path for path, _ in model.namedparams()) == [
        '/classifier/weight',
        '/features/0/bias',
        '/features/0/weight',
    ]
    x = rng.randn(3, 3, 4, 4).astype('f')
    with minigrad.using_config('train', False):
        y = model(x)
    F = minigrad.functions
    h = F.max_pooling_2d(F.relu(F.convolution_2d(x, W, b, pad=1)), 2)
    np.testing.assert_allclose(
        y.array, h.array.reshape(3, -1) @ V.T, rtol=1e-4, atol=1e-5
    )
    F.sum(y * y).backward()
    assert model.features['0'].weight.grad.any()


def test_names_that_a_chain_needs_itself(tmp_path):
    W = np.ones((2, 3), 'f')
    nodes = [
        helper.make_node('Gemm', ['x', 'forward'], ['h'], transB=1),
        helper.make_node('Gemm', ['h', 'xp/copy'], ['y'], transB=1),
    ]
    arrays = [('forward', W), ('xp/copy', W[:, :2])]
    model = load_onnx(write(tmp_path / 'm.onnx', nodes, arrays))
    np.testing.assert_array_equal(model(np.ones((1, 3), 'f')).array, [[6, 6]])
    assert len(list(model.params())) == 2


@pytest.mark.parametrize(
    ('content', 'text'),
    [
        (b'', 'not an ONNX file'),
        (b'PK\x03\x04 something else', 'not an ONNX file'),
        (b'\xff' * 50, 'not an ONNX file'),
    ],
)
def test_other_files(content, text, tmp_path):
    path = tmp_path / 'x.onnx'
    path.write_bytes(content)
    with pytest.raises(OnnxError, match=rf'x\.onnx: {text}'):
        load_onnx(path)


def test_what_goes_wrong_when_it_runs_is_named(tmp_path):
    nodes = [helper.make_node('Conv', ['x', 'W'], ['y'], name='first')]
    arrays = [('W', np.ones((2, 3, 3, 3), 'f'))]
    model = load_onnx(write(tmp_path / 'c.onnx', nodes, arrays, ndim=4))
    with pytest.raises(OnnxError, match=r"c\.onnx: Conv 'first': .*3") as caught:
        model(np.ones((1, 4, 5, 5), 'f'))
    assert isinstance(caught.value.__cause__, TypeError)
    with pytest.raises(TypeError, match=r'takes 1 inputs \(x\), got 2'):
        model(1, 2)


@pytest.mark.parametrize(
    ('node', 'text'),
    [
        (
            helper.make_node('NonMaxSuppression', ['x'], ['y']),
            'cannot run NonMaxSuppression\n  known: Abs',
        ),
        (helper.make_node('Relu', ['z'], ['y']), "nothing computes its input 'z'"),
        (helper.make_node('Relu', ['x'], ['z']), 'nothing computes the outputs'),
    ],
)
def test_what_is_found_when_a_model_is_made(node, text):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node], 'g', [value('x', FLOAT, None)], [value('y', FLOAT, None)]
    )
    with pytest.raises(OnnxError, match=rf'f\.onnx: .*{text}'):
        OnnxModel(helper.make_model(graph), 'f.onnx')


def test_mutated_files_give_a_model_or_the_documented_error(tmp_path):
    model = LeNet()
    x = np.zeros((1, 1, 28, 28), 'f')
    model(x)
    whole = to_onnx(model, [x]).SerializeToString()
    path = tmp_path / 'mutated.onnx'
    rng = np.random.RandomState(1)
    outcomes = {'model': 0, 'refused': 0}
    for _ in range(40):
        content = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            # The first kilobytes are the graph; the rest are weights.
            content[rng.randint(min(len(content), 1500))] = rng.randint(256)
        path.write_bytes(
            content[: rng.randint(len(content))] if rng.rand() < 0.2 else content
        )
        error = refusal(path, x)
        outcomes['model' if error is None else 'refused'] += 1
        assert error is None or 'mutated.onnx' in str(error)
    assert outcomes['refused'] > 5


def refusal(path, x):
    """The documented error that reading or running raises, if any."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            model = load_onnx(path)
            if model._input_names == ['input']:
                model(x)
    except OnnxError as error:
        return error
    return None


def test_constants_are_computed_in_a_fresh_process(tmp_path):
    """``onnx`` does not import its evaluator by itself."""
    nodes = [
        helper.make_node('Neg', ['k'], ['minus']),
        helper.make_node('Add', ['x', 'minus'], ['y']),
    ]
    path = write(tmp_path / 'a.onnx', nodes, [('k', np.array(2.0, 'f'))])
    program = (
        'import numpy, sys; from minigrad.graph.onnx import load_onnx\n'
        'print(load_onnx(sys.argv[1])(numpy.ones((1, 2), "f")).array)'
    )
    done = subprocess.run(
        [sys.executable, '-c', program, path],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(Path(minigrad.__file__).parents[1])},
    )
    assert done.stdout.strip() == '[[-1. -1.]]', done.stderr

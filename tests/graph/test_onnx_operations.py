"""Every operation of the table as an ONNX file, run by others' evaluators."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad.functions.elementwise import ROWS
from minigrad.graph.onnx import UnsupportedFunction, to_onnx
from minigrad.graph.onnx.builder import OPERATORS
from minigrad.graph.onnx.operators.formula import by_formula
from minigrad.onnx_chainer import MAXIMUM_OPSET_VERSION
from tests.graph.onnx_evaluator import evaluate, evaluate_fast
from tests.op_table import CASES

# Operations without an ONNX form, and why.
UNSUPPORTED = {
    'no operator in ONNX': [
        *('digamma', 'lgamma', 'polygamma', 'zeta', 'erfinv', 'erfcinv', 'erfcx'),
        *(
            'ndtri',
            'log_ndtr',
            'inv',
            'batch_inv',
            'cholesky',
            'fft',
            'ifft',
        ),
        *('as_strided', 'scatter_add', 'sparse_matmul', 'roi_max_align_2d'),
        *('roi_average_pooling_2d', 'decorrelated_batch_normalization'),
    ],
    'its operator rounds in another way': ['roi_pooling_2d', 'roi_max_pooling_2d'],
    'for training alone': [
        *('batch_renormalization', 'negative_sampling'),
        *('simplified_dropconnect', 'gaussian', 'cross_covariance', 'decov'),
        'softmax_cross_entropy (soft targets)',
    ],
    'for evaluation': [
        *('classification_summary', 'precision', 'recall', 'fbeta_score', 'f1_score'),
        *('r2_score', 'binary_accuracy'),
    ],
    'a search over labels': ['argmax_crf1d'],
    'indices of a pooling': ['upsampling_2d'],
}
# Some of their samples can be saved.
PARTLY = {
    'connectionist_temporal_classification',
    'im2col',
    'lstm',
    'max_pooling_1d',
    'max_pooling_nd',
    'roi_average_align_2d',
    'resize_images',
    'softmax_cross_entropy',
    'unpooling_2d',
    'unpooling_nd',
}
# What an evaluator cannot run, or runs wrongly; the other one is believed.
GAPS = {
    evaluate: {'deconvolution_2d', 'deconvolution_nd', 'max_pooling_nd'},
    evaluate_fast: {
        *('local_response_normalization', 'max_pooling_nd', 'average_pooling_nd'),
    },
}
NEWEST = MAXIMUM_OPSET_VERSION
SINCE = {'cumprod': 26}
# Lengths and labels by which other functions are chosen.
FIXED = {
    'connectionist_temporal_classification',
    'discriminative_margin_based_clustering_loss',
    'zoneout',
}
# What formulas have no step for.
NO_STEP = {'arccos', 'arcsin', 'arctan', 'arctanh', 'cosh', 'sinh', 'tan'}
WITHOUT = {name for names in UNSUPPORTED.values() for name in names}


pytestmark = pytest.mark.filterwarnings('ignore:to_onnx. the file does not depend')


class Apply(minigrad.Chain):
    """A function as a model."""

    def __init__(self, function, kwargs):
        super().__init__()
        self.function = function
        self.kwargs = kwargs

    def forward(self, *xs):
        return self.function(*xs, **self.kwargs)


def compare(case, sample, opset, evaluators):
    """Saves a sample as a file, and compares what others compute by it."""
    xs = [x.astype('f') if x.dtype.kind == 'f' else x for x in sample.draw()]
    model = Apply(case.function(), sample.kwargs)
    np.random.seed(0)
    with minigrad.using_config('train', False), minigrad.no_backprop_mode():
        wanted = model(*xs)
    np.random.seed(0)
    proto = to_onnx(model, xs, opset=opset)
    names = [value.name for value in proto.graph.input]
    assert_depends_on_inputs(proto, all_of_them=case.name not in FIXED)
    wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    for run in evaluators:
        if case.name in GAPS[run]:
            continue
        got = run(proto, dict(zip(names, xs, strict=True)))
        for y, w in zip(got, map(minigrad.as_array, wanted), strict=True):
            assert (y.shape, y.dtype) == (w.shape, w.dtype), sample
            np.testing.assert_allclose(y, w, rtol=2e-4, atol=2e-5, err_msg=str(sample))


def assert_depends_on_inputs(proto, all_of_them):
    """A file that repeats the outputs of one input passes every comparison with it."""
    computed = {value.name for value in proto.graph.input}
    used = {value.name for value in proto.graph.output}
    for node in proto.graph.node:
        used.update(node.input)
        if computed & set(node.input):
            computed.update(node.output)
    assert {value.name for value in proto.graph.output} <= computed
    if all_of_them:
        assert {value.name for value in proto.graph.input} <= used


def check(case, opset, evaluators):
    refused = []
    for sample in case.samples:
        try:
            compare(case, sample, opset, evaluators)
        except UnsupportedFunction as error:
            refused.append(str(error))
    if case.name in WITHOUT or opset < SINCE.get(case.name, 0):
        assert len(refused) == len(case.samples)
    elif case.name not in PARTLY:
        assert refused == []


@pytest.mark.parametrize('case', CASES, ids=str)
def test_operations(case):
    check(case, NEWEST, [evaluate])


@pytest.mark.parametrize('opset', [13, 17, 21, 24])
@pytest.mark.parametrize('case', CASES[::7], ids=str)
def test_other_versions(case, opset):
    check(case, opset, [evaluate])


@pytest.mark.skipif(
    importlib.util.find_spec('onnxruntime') is None, reason='needs onnxruntime'
)
@pytest.mark.parametrize('case', CASES, ids=str)
def test_operations_by_onnxruntime(case):
    check(case, 17, [evaluate_fast])


SMOOTH = [c for c in CASES if c.name in ROWS and c.differentiable]


@pytest.mark.parametrize('case', SMOOTH, ids=str)
def test_rows_of_the_table_by_their_formulas(case, monkeypatch):
    """A new row needs no operator of its own."""
    node = case.function()(case.samples[0].draw()[0]).creator_node
    if by_formula(node) is None:
        assert case.name in WITHOUT | NO_STEP
        return
    for name in (type(node).__name__, case.name):
        monkeypatch.delitem(OPERATORS, name, raising=False)
    check(case, 17, [evaluate])


def test_the_page_lists_them():
    page = (Path(__file__).parents[2] / 'docs' / 'onnx.md').read_text('utf-8')
    rows = re.findall(r'^\| `(.+?)` \| (.+?) \|$', page, re.MULTILINE)
    assert {(name, why) for name, why in rows} == {
        (name, why) for why, names in UNSUPPORTED.items() for name in names
    }
    for name in PARTLY:
        assert f'`{name}`' in page


def test_the_lists_name_operations():
    names = {case.name for case in CASES}
    assert names >= WITHOUT | PARTLY
    assert not WITHOUT & PARTLY

"""Every link: against Chainer or an oracle, gradients, copies, files."""

import importlib.util
import json
import pathlib
import pickle

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad.gradient_check import check_backward, check_double_backward

HERE = pathlib.Path(__file__).parent
GOLDEN = json.loads((HERE / 'golden_chainer.json').read_text())


def load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


link_cases = load('link_cases')
CHAINERS = link_cases.cases(L, F)
OWN = link_cases.own_cases(L, F)
CASES = {**CHAINERS, **{name: case[:2] for name, case in OWN.items()}}
each_case = pytest.mark.parametrize('name', CASES)


def make(name, dtype):
    """Returns the link of a case, initialized, and its inputs."""
    build, inputs = CASES[name]
    xs = tuple(link_cases.as_float(x, dtype) for x in inputs)
    np.random.seed(0)
    with minigrad.using_config('dtype', np.dtype(dtype)):
        link = build()
        if 'Parameter' in name:
            link.W.array = link.W.array.astype(dtype)
        link(*xs)
    return link, xs


def test_every_link_has_a_case():
    # Of recurrent links, losses and networks: test_recurrent, test_loss, test_vision.
    links = {
        name
        for name in L.__all__
        if not {'rnn', 'loss', 'vision'} & set(getattr(L, name).__module__.split('.'))
    }
    assert {name.split()[0] for name in CASES} == links


@pytest.mark.parametrize('name', CHAINERS)
def test_same_numbers_as_chainer(name):
    seen = link_cases.run(minigrad, *CHAINERS[name])
    digests = {key: link_cases.digest(value) for key, value in seen.items()}
    assert digests.keys() == GOLDEN[name].keys()
    for key, expected in GOLDEN[name].items():
        np.testing.assert_allclose(
            digests[key], expected, rtol=1e-4, atol=2e-4, err_msg=key
        )


@pytest.mark.parametrize('name', OWN)
def test_same_numbers_as_its_oracle(name):
    link, xs = make(name, 'd')
    oracle = OWN[name][2]
    rng = np.random.RandomState(4)
    for param in link.params():
        param.array[...] += rng.normal(size=param.shape)  # ones would hide a factor
    params = {path: param.array for path, param in link.namedparams()}
    np.testing.assert_allclose(link(*xs).array, oracle(params, *xs), rtol=1e-9)


@each_case
def test_gradients(name):
    link, xs = make(name, 'd')
    gy = np.random.RandomState(3).normal(size=link(*xs).shape)
    params = tuple(link.params())
    check_backward(link, xs, gy, params, eps=1e-6, atol=1e-6, rtol=1e-5)


@each_case
def test_double_gradients(name):
    if name == 'Bilinear' or name.startswith('EmbedID'):
        eps = 1e-4  # linear in each argument: the step need not be small
    else:
        eps = 1e-6
    link, xs = make(name, 'd')
    rng = np.random.RandomState(3)
    gy = rng.normal(size=link(*xs).shape)
    params = tuple(link.params())
    ggx = tuple(rng.normal(size=x.shape) for x in xs if x.dtype.kind == 'f')
    ggparams = tuple(rng.normal(size=param.shape) for param in params)
    check_double_backward(
        link, xs, gy, ggx, params, ggparams, eps=eps, atol=1e-5, rtol=1e-4
    )


@each_case
@pytest.mark.parametrize('dtype', ['e', 'f', 'd'])
def test_dtype(name, dtype):
    link, xs = make(name, dtype)
    if name == 'Classifier':
        assert link.y.dtype == np.dtype(dtype)
    else:
        assert link(*xs).dtype == np.dtype(dtype)
    assert {param.dtype for param in link.params()} <= {np.dtype(dtype)}


@each_case
def test_inputs_are_not_modified(name):
    link, xs = make(name, 'f')
    before = [x.copy() for x in xs]
    link(*xs).backward(retain_grad=True) if name == 'Classifier' else link(*xs)
    for x, old in zip(xs, before, strict=True):
        np.testing.assert_array_equal(x, old)


@each_case
def test_copies_compute_the_same(name):
    link, xs = make(name, 'f')
    with minigrad.using_config('train', False):
        expected = link(*xs).array
        for copied in (
            link.copy(),
            link.copy('copy'),
            pickle.loads(pickle.dumps(link)),
        ):
            np.testing.assert_array_equal(copied(*xs).array, expected)


@each_case
def test_lazy_link_takes_the_arrays_of_another(name):
    link, xs = make(name, 'f')
    other = CASES[name][0]()
    if name != 'Parameter':
        other(*xs)
    other.copyparams(link)
    with minigrad.using_config('train', False):
        np.testing.assert_array_equal(other(*xs).array, link(*xs).array)


@each_case
def test_file(name, tmp_path):
    link, xs = make(name, 'f')
    path = str(tmp_path / 'link.npz')
    minigrad.serializers.save_npz(path, link)
    np.random.seed(1)
    other = CASES[name][0]()  # the lazy ones take their shapes from the file
    minigrad.serializers.load_npz(path, other)
    with minigrad.using_config('train', False):
        np.testing.assert_array_equal(other(*xs).array, link(*xs).array)


@each_case
def test_shows_itself(name):
    link = CASES[name][0]()
    assert str(link).startswith(type(link).__name__ + '(')
    assert repr(link) == str(link)


@each_case
def test_empty_batch(name):
    if name.startswith(('Parameter', 'Classifier', 'Bias of two')):
        pytest.skip('the case has no batch, or its mean is of nothing')
    link, xs = make(name, 'f')
    second = xs[1:] if name == 'Scale of two' else tuple(x[:0] for x in xs[1:])
    kept = {
        (path, key): np.copy(getattr(part, key))
        for path, part in link.namedlinks()
        for key in part._persistent
    }
    y = link(xs[0][:0], *second)
    assert y.shape[0] == 0
    link.cleargrads()
    F.sum(y).backward()
    parts = dict(link.namedlinks())
    for (path, key), value in kept.items():  # running statistics learn nothing
        np.testing.assert_array_equal(getattr(parts[path], key), value)
    for param in link.params():
        assert param.grad is None or not param.grad.any()


def test_attention_says_which_shapes_it_takes():
    link = L.MultiHeadAttention(4, 2)
    x = np.ones((3, 5, 4), 'f')
    with pytest.raises(
        minigrad.errors.InvalidType,
        match=r'query.ndim == 3 .*\n  hint: .*query\[None\]',
    ):
        link(x[0])
    rows = np.ones((3, 5), bool)
    with pytest.raises(
        minigrad.errors.InvalidType, match=r'hint: .* is mask\[:, None, None\]'
    ):
        link(x, mask=rows)
    assert link(x, mask=rows[:, None, None]).shape == x.shape

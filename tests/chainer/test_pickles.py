"""What Chainer pickled loads, and nothing else does."""

import pickle
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad.chainer import pickles
from minigrad.chainer.restore import as_pickled
from tests.chainer.make_pickles import go_on

# Written by Chainer 7.8.1 with NumPy 1.23.5: a Sequential after one update, its input
# and its output in testing, and the optimizer.
FILE = Path(__file__).with_name('chainer_7.8.1.pickle')


def test_a_model_computes_what_it_did():
    with FILE.open('rb') as file:
        loaded = pickles.load(file)
    model = loaded['model']
    with minigrad.using_config('train', False):
        y = model(loaded['x'])
    np.testing.assert_allclose(y.array, loaded['y'].array, rtol=1e-5)
    assert [path for path, _ in model.namedparams()] == [
        '/0/W', '/0/b', '/1/W', '/1/b', '/2/beta', '/2/gamma',
    ]  # fmt: skip
    optimizer = minigrad.optimizers.SGD().setup(model)
    optimizer.update(lambda: minigrad.functions.sum(model(loaded['x'])))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again[0].W.array, model[0].W.array)


OBJECTS = pickle.loads(
    Path(__file__).with_name('chainer_7.8.1_objects.pickle').read_bytes()
)


@pytest.mark.parametrize('name', OBJECTS)
def test_objects_go_on_where_chainers_were(name):
    # Written by make_pickles.py, which says what each has to do.
    pickled, wanted = OBJECTS[name]
    loaded = pickles.loads(pickled)
    assert type(loaded).__module__.startswith('minigrad.')
    assert '__setstate__' not in vars(type(loaded)) or isinstance(loaded, minigrad.Link)
    again = pickle.loads(pickle.dumps(loaded))  # as ours
    for thing in (loaded, again):
        got = go_on(minigrad, thing)
        for y, w in zip(got, wanted, strict=True):
            np.testing.assert_allclose(y, w, rtol=1e-5, atol=1e-7)


def test_an_optimizer_and_its_model_are_still_together():
    loaded = pickles.loads(OBJECTS['Adam'][0])
    for param in loaded.target.params():
        assert param.update_rule.hyperparam.parent is loaded.hyperparam
        assert param.update_rule.t == 3
    loaded.add_hook(minigrad.optimizer_hooks.WeightDecay(0.1))
    copied = pickles.loads(OBJECTS['WeightDecay'][0])
    with pytest.raises(KeyError, match="'WeightDecay' exists already"):
        copied.add_hook(minigrad.optimizer_hooks.WeightDecay(0.1))


def test_hooks_of_an_optimizer_before_chainer_6():
    optimizer = pickles.loads(OBJECTS['WeightDecay'][0])
    hooks = optimizer._hookable._pre_update_hooks
    state = {**vars(optimizer), '_pre_update_hooks': hooks, '_post_update_hooks': None}
    del state['_hookable']
    old = as_pickled(minigrad.optimizers.MomentumSGD)
    loaded = old.__new__(old)
    loaded.__setstate__(state)
    assert list(loaded._hookable._pre_update_hooks) == ['WeightDecay']
    assert type(loaded) is minigrad.optimizers.MomentumSGD


class Custom(minigrad.Link):
    pass


def test_only_what_is_on_the_list_is_made():
    class Evil:
        def __reduce__(self):
            return print, ('harm',)

    with pytest.raises(pickle.UnpicklingError, match='print is not on the list'):
        pickles.loads(pickle.dumps(Evil()))
    own = pickle.dumps(Custom())
    with pytest.raises(pickle.UnpicklingError, match='Custom is not on the list'):
        pickles.loads(own)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        (b'cchainer.links\nNoSuchLink\n.', 'NoSuchLink is not provided here'),
        (b'cchainer.serializers\nload_npz\n.', 'load_npz is not on the list'),
        (b'cchainer.testing\nrun_module\n.', 'run_module is not on the list'),
    ],
)
def test_names_of_chainers_that_do_not_belong_into_a_file(name, message):
    with pytest.raises(pickle.UnpicklingError, match=message):
        pickles.loads(name)


def test_what_the_caller_allows():
    def f():
        return f'{Custom.__module__}\n{Custom.__qualname__}'

    link = pickles.loads(f'c{f()}\n.'.encode(), allow=[Custom])
    assert link is Custom

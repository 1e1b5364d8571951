"""What Chainer pickled loads, and nothing else does."""

import pickle
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad.chainer import pickles

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

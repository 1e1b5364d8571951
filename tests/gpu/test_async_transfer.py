"""Batches copied beside the computation."""

import numpy as np
import pytest

import minigrad
from minigrad.dataset import ConcatWithAsyncTransfer
from minigrad.dataset.convert import ConcatWithAsyncTransfer as by_chainers_path


def batch(start, n=4):
    return [(np.full((2, 3), i, 'f'), i) for i in range(start, start + n)]


def test_same_class():
    assert by_chainers_path is ConcatWithAsyncTransfer
    with pytest.raises(AttributeError, match='nonsense'):
        minigrad.dataset.convert.nonsense  # noqa: B018


def test_on_the_cpu():
    convert = ConcatWithAsyncTransfer()
    for device in (None, -1, '@numpy'):
        x, t = convert(batch(0), device)
        assert x.shape == (4, 2, 3)
        assert t.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize('device', [0, '@cupy:1'])
def test_arrays_stay_the_callers(device, cupy):
    convert = ConcatWithAsyncTransfer()
    kept = [convert(batch(10 * i, 4 - i % 2), device) for i in range(6)]
    for i, (x, t) in enumerate(kept):
        n = 4 - i % 2
        assert x.dtype == np.float32
        assert x.shape == (n, 2, 3)
        assert t.tolist() == list(range(10 * i, 10 * i + n))
        assert str(minigrad.backend.get_device_from_array(x)).endswith(str(device)[-1])
        assert x.get()[:, 0, 0].tolist() == t.tolist()


def test_larger_batches_get_larger_buffers(cupy):
    convert = ConcatWithAsyncTransfer()
    for n in (1, 5, 2, 9):
        x, _ = convert(batch(0, n), 0)
        assert len(x) == n


def test_dictionaries_single_arrays_and_padding(cupy):
    convert = ConcatWithAsyncTransfer(compute_stream=cupy.cuda.Stream())
    out = convert([{'a': np.ones(1), 'b': 1}, {'a': np.ones(2), 'b': 2}], 0, 9)
    assert out['a'].tolist() == [[1, 9], [1, 1]]
    assert convert([np.ones(2)], 0).tolist() == [[1, 1]]
    assert convert([cupy.ones(2)], 0).tolist() == [[1, 1]]


def test_errors(cupy):
    convert = ConcatWithAsyncTransfer()
    with pytest.raises(ValueError, match='batch is empty'):
        convert([], 0)
    convert(batch(0), 0)
    with pytest.raises(ValueError, match='serves one device, @cupy:0, and was asked'):
        convert(batch(0), 1)


def test_in_a_training(cupy, tmp_path):
    data = minigrad.datasets.TupleDataset(
        np.random.rand(20, 6).astype('f'), np.arange(20, dtype='i') % 4
    )
    model = minigrad.links.Classifier(minigrad.links.Linear(6, 4))
    updater = minigrad.training.StandardUpdater(
        minigrad.iterators.SerialIterator(data, 8),
        minigrad.optimizers.SGD().setup(model),
        converter=ConcatWithAsyncTransfer(),
        device='@cupy:0',
    )
    trainer = minigrad.training.Trainer(updater, (2, 'epoch'), out=tmp_path)
    trainer.run()
    assert updater.iteration == 5

"""What all iterators do: the batches, their order, the state and resuming from it."""

import copy
import itertools
import pickle

import numpy
import pytest

from minigrad import iterators, serializers
from minigrad.serializer import Deserializer, Serializer


def flat(lists):
    return list(itertools.chain.from_iterable(lists))


def take(iterator, n):
    return [iterator.next() for _ in range(n)]


def test_sweeps_that_divide(make):
    it = make([1, 2, 3, 4, 5, 6], 2, shuffle=False)
    assert (it.epoch, it.epoch_detail, it.previous_epoch_detail) == (0, 0, None)
    for epoch in range(2):
        for i, batch in enumerate(([1, 2], [3, 4], [5, 6])):
            assert next(it) == batch
            assert it.is_new_epoch == (i == 2)
            assert it.epoch_detail == pytest.approx(epoch + (i + 1) / 3)
            assert it.previous_epoch_detail == pytest.approx(epoch + i / 3)


def test_sweeps_that_run_on(make):
    it = make([1, 2, 3, 4, 5], 2, shuffle=False)
    assert take(it, 5) == [[1, 2], [3, 4], [5, 1], [2, 3], [4, 5]]
    assert (it.epoch, it.current_position, it.is_new_epoch) == (2, 0, True)


def test_batches_larger_than_the_dataset(make):
    with pytest.warns(UserWarning, match='a batch of 7 is larger than the dataset, so'):
        it = make([1, 2, 3], 7, shuffle=False)
    assert take(it, 2) == [[1, 2, 3, 1, 2, 3, 1], [2, 3, 1, 2, 3, 1, 2]]
    assert it.epoch == 4


def test_a_large_batch_of_one_sweep_is_only_small(make):
    assert next(make([1, 2, 3], 7, repeat=False, shuffle=False)) == [1, 2, 3]


@pytest.mark.parametrize('batch_size', [0, -1])
def test_batch_size_that_is_too_small(make, batch_size):
    with pytest.raises(ValueError, match=f'batch_size >= 1, got {batch_size}'):
        make([1, 2, 3], batch_size)


@pytest.mark.parametrize('batch_size', [2.0, '2', None, [1, 2]])
def test_batch_size_that_is_no_number(make, batch_size):
    with pytest.raises(TypeError, match='Iterator: expected batch_size to be a whole'):
        make([1, 2, 3], batch_size)


def test_one_sweep(make):
    it = make([1, 2, 3, 4, 5], 2, repeat=False, shuffle=False)
    assert list(it) == [[1, 2], [3, 4], [5]]
    assert (it.epoch, it.is_new_epoch, it.epoch_detail) == (1, True, 1)
    for _ in range(2):
        with pytest.raises(StopIteration):
            it.next()
    assert not it.repeat


def test_reset(make):
    it = make([1, 2, 3, 4, 5], 2, repeat=False)
    for _ in range(2):
        assert sorted(flat(list(it))) == [1, 2, 3, 4, 5]
        it.reset()
        assert (it.epoch, it.previous_epoch_detail) == (0, None)
        it.next()
        it.reset()


def test_the_order_is_numpys_permutation_for_all(make):
    numpy.random.seed(5)
    it = make(list(range(7)), 3)
    got = flat(take(it, 7))
    numpy.random.seed(5)
    expected = [numpy.random.permutation(7).tolist() for _ in range(3)]
    assert got == flat(expected)


def test_shuffle_and_sampler_exclude_each_other(make):
    for shuffle in (True, False):
        with pytest.raises(ValueError, match='`shuffle` is not `None` and a custom'):
            make([1], 1, shuffle=shuffle, order_sampler=lambda order, _: order)


def test_order_sampler(make):
    seen = []

    def sampler(order, position):
        seen.append((order.tolist(), position))
        return numpy.repeat(numpy.arange(3), 2)[::-1]

    it = make(['a', 'b', 'c'], 4, order_sampler=sampler)
    assert take(it, 3) == [list('ccbb'), list('aacc'), list('bbaa')]
    assert seen[:3] == [
        ([0, 1, 2], 0),
        ([2, 2, 1, 1, 0, 0], 4),
        ([2, 2, 1, 1, 0, 0], 2),
    ]
    assert it.epoch_detail == 2


def test_sampler_that_changes_the_length(make):
    orders = iter([numpy.arange(6), numpy.arange(5)])
    it = make([0] * 6, 6, order_sampler=lambda order, position: next(orders))
    with pytest.raises(ValueError, match=r'does not match the size .* 5, expected 6'):
        it.next()


def test_empty_dataset(make):
    with pytest.raises(ValueError, match='Epoch size must be positive'):
        make([], 1).next()
    assert list(make([], 1, repeat=False, shuffle=False)) == [[]]


def test_no_shuffle_sampler(make):
    it = make([5, 6, 7], 2, order_sampler=iterators.NoShuffleOrderSampler())
    assert take(it, 3) == [[5, 6], [7, 5], [6, 7]]


@pytest.mark.filterwarnings('ignore:.*a batch of 9 is larger than the dataset')
@pytest.mark.parametrize('batch_size', [2, 9])
@pytest.mark.parametrize('n_before', [0, 1, 4])
@pytest.mark.parametrize('own', [False, True])
def test_resume_is_exact(make, tmp_path, batch_size, n_before, own):
    """Also where batches of the next sweep were prefetched when it was saved."""

    def build():
        sampler = iterators.ShuffleOrderSampler(numpy.random.RandomState(1))
        return make(list(range(6)), batch_size, order_sampler=sampler if own else None)

    numpy.random.seed(0)
    it = build()
    take(it, n_before)
    serializers.save_npz(tmp_path / 'it.npz', it)
    state = numpy.random.get_state()
    position = (it.epoch, it.epoch_detail, it.previous_epoch_detail, it.is_new_epoch)
    expected = take(it, 6)

    numpy.random.seed(99)
    resumed = build()
    take(resumed, 1)
    serializers.load_npz(tmp_path / 'it.npz', resumed)
    numpy.random.set_state(state)
    assert position == (
        resumed.epoch,
        resumed.epoch_detail,
        resumed.previous_epoch_detail,
        resumed.is_new_epoch,
    )
    assert take(resumed, 6) == expected


def test_saving_does_not_disturb(make):
    results = []
    for save in (False, True):
        numpy.random.seed(0)
        it = make(list(range(5)), 2)
        batches = []
        for _ in range(6):
            batches.append(it.next())
            if save:
                serializers.serialize(it)
        results.append(batches)
    assert results[0] == results[1]


def test_generator_as_random_state(make):
    sampler = iterators.ShuffleOrderSampler(numpy.random.default_rng(0))
    it = make(list(range(5)), 2, order_sampler=sampler)
    take(it, 3)
    saved = serializers.serialize(it)
    expected = take(it, 5)
    serializers.NpzDeserializer(saved).load(it)
    assert take(it, 5) == expected


class Plain(Serializer, Deserializer):
    """Chainer's tests use serializers as simple as this; no children, no defaults."""

    def __init__(self, target):
        self.target = target

    def __call__(self, key, value):
        self.target[key] = value
        return value


class PlainLoader(Deserializer):
    def __init__(self, target):
        self.target = target

    def __call__(self, key, value):
        if value is None:
            return self.target[key]
        if isinstance(value, numpy.ndarray):
            numpy.copyto(value, self.target[key])
            return value
        return type(value)(numpy.asarray(self.target[key]))


@pytest.mark.parametrize('old_names', [False, True])
def test_chainers_names(make, old_names):
    it = make([1, 2, 3, 4, 5, 6], 2)
    seen = take(it, 2)
    target = {}
    it.serialize(Plain(target))
    order = '_order' if isinstance(it, iterators.MultithreadIterator) else 'order'
    assert set(target) >= {
        'current_position', 'epoch', 'is_new_epoch', 'previous_epoch_detail', order
    }  # fmt: skip
    target.pop('upcoming_orders', None)  # Chainer has none
    if old_names:
        target['_order'] = target.pop(order)
        del target['previous_epoch_detail']
    it = make([1, 2, 3, 4, 5, 6], 2)
    it.serialize(PlainLoader(target))
    assert not it.is_new_epoch
    assert it.epoch_detail == pytest.approx(4 / 6)
    assert it.previous_epoch_detail == pytest.approx(2 / 6)
    assert sorted(flat([*seen, it.next()])) == [1, 2, 3, 4, 5, 6]


def test_one_kind_resumes_another():
    dataset = list(range(5))
    options = {
        'order_sampler': iterators.ShuffleOrderSampler(numpy.random.RandomState(2))
    }
    with iterators.MultithreadIterator(dataset, 4, **options) as threads:
        take(threads, 1)  # has drawn the order of the next sweep
        saved = serializers.serialize(threads)
        expected = take(threads, 5)
    options['order_sampler'] = iterators.ShuffleOrderSampler(
        numpy.random.RandomState(0)
    )
    serial = iterators.SerialIterator(dataset, 4, **options)
    serializers.NpzDeserializer(saved).load(serial)
    assert take(serial, 5) == expected


def test_file_of_chainer():
    """Chainer 7.8.1 wrote the file; see serializers/golden/README.md."""
    import pathlib

    path = pathlib.Path(__file__).parents[1] / 'serializers' / 'golden' / 'iterator.npz'
    it = iterators.SerialIterator(list(range(7)), 3)
    serializers.load_npz(path, it)
    assert (it.epoch, it.current_position, it.is_new_epoch) == (1, 2, True)
    assert it.previous_epoch_detail == pytest.approx(6 / 7)
    assert it.next() == [4, 5, 6]  # the saved order is 0 2 4 5 6 3 1


def test_missing_order_is_named():
    saved = serializers.serialize(iterators.SerialIterator([1, 2], 1, shuffle=False))
    it = iterators.SerialIterator([1, 2], 1)
    with pytest.raises(serializers.MissingEntry, match='order'):
        serializers.NpzDeserializer(saved).load(it)


def test_order_of_another_dataset():
    saved = serializers.serialize(iterators.SerialIterator([1, 2, 3], 1))
    it = iterators.SerialIterator([1, 2], 1)
    with pytest.raises(serializers.SnapshotMismatch, match=r'order: .*\(3,\).*\(2,\)'):
        serializers.NpzDeserializer(saved).load(it)


@pytest.mark.parametrize(
    'duplicate', [copy.copy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_go_their_own_way(make, duplicate):
    it = make([1, 2, 3, 4, 5], 2, repeat=False, shuffle=False)
    it.next()
    other = duplicate(it)
    assert list(it) == [[3, 4], [5]]
    assert list(other) == [[3, 4], [5]]
    other.finalize()


class Failing:
    """Cannot be read at one place."""

    def __len__(self):
        return 6

    def __getitem__(self, i):
        if i == 3:
            raise ZeroDivisionError('example 3')
        return int(i)


@pytest.mark.parametrize('kind', ['serial', 'multithread'])
def test_an_unreadable_batch_is_passed_over(kind):
    from tests.iterators.conftest import MAKERS

    it = MAKERS[kind](Failing(), 2, shuffle=False)
    assert it.next() == [0, 1]
    with pytest.raises(ZeroDivisionError, match='example 3'):
        it.next()
    assert it.current_position == 4
    assert it.next() == [4, 5]
    it.finalize()


def test_an_interrupted_batch_stays_the_next_one():
    class Interrupted(Failing):
        interrupt = True

        def __getitem__(self, i):
            if i == 3 and Interrupted.interrupt:
                Interrupted.interrupt = False
                raise KeyboardInterrupt
            return int(i)

    it = iterators.SerialIterator(Interrupted(), 2, shuffle=False)
    it.next()
    with pytest.raises(KeyboardInterrupt):
        it.next()
    assert it.epoch_detail == pytest.approx(2 / 6)
    assert it.next() == [2, 3]


def test_subclass_of_iterator_has_defaults():
    from minigrad.dataset import Iterator

    class Mine(Iterator):
        def __next__(self):
            return [1]

    with Mine() as it:
        assert it.next() == [1]
        assert iter(it) is it
        it.serialize(None)
    with pytest.raises(NotImplementedError):
        next(Iterator())

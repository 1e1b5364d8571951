import itertools

import numpy
import pytest

from minigrad import datasets


def flat(lists):
    return list(itertools.chain.from_iterable(lists))


def test_tuple_dataset():
    d = datasets.TupleDataset(numpy.arange(4) * 2, ['a', 'b', 'c', 'd'])
    assert len(d) == 4
    assert d[1] == (2, 'b')
    assert d[-1] == (6, 'd')
    assert d[1:3] == [(2, 'b'), (4, 'c')]
    with pytest.raises(ValueError, match='no datasets'):
        datasets.TupleDataset()
    with pytest.raises(ValueError, match='index 1 has a wrong length: 3') as error:
        datasets.TupleDataset([1, 2], [1, 2, 3])
    assert 'the first has 2' in str(error.value)
    with pytest.raises(IndexError):
        d[4]


def test_dict_dataset():
    d = datasets.DictDataset(x=[1, 2, 3], y=['a', 'b', 'c'])
    assert len(d) == 3
    assert d[2] == {'x': 3, 'y': 'c'}
    assert d[:2] == [{'x': 1, 'y': 'a'}, {'x': 2, 'y': 'b'}]
    with pytest.raises(ValueError, match='no datasets'):
        datasets.DictDataset()
    with pytest.raises(ValueError, match='conflicts at "y": 1, where the first has 2'):
        datasets.DictDataset(x=[1, 2], y=[1])


def test_concatenated_dataset():
    d = datasets.ConcatenatedDataset([1, 2], [], [3, 4, 5])
    assert len(d) == 5
    assert d[:] == [1, 2, 3, 4, 5]
    assert d[-1] == 5
    for i in (-6, 5):
        with pytest.raises(
            IndexError, match=f'no example {i}; expected -5 <= index < 5'
        ):
            d[i]


def test_transform_dataset():
    d = datasets.TransformDataset([1, 2, 3], lambda x: -x)
    assert len(d) == 3
    assert d[1] == -2
    assert d[1:] == [-2, -3]


def test_sub_dataset():
    base = [0, 10, 20, 30, 40]
    d = datasets.SubDataset(base, 1, 4)
    assert d[:] == [10, 20, 30]
    assert d[-1] == 30
    assert d[-3] == 10
    for i in (3, -4):
        with pytest.raises(IndexError):
            d[i]
    permuted = datasets.SubDataset(base, 1, 4, order=[4, 3, 2, 1, 0])
    assert permuted[:] == [30, 20, 10]
    assert permuted[-1] == 10


@pytest.mark.parametrize(('start', 'finish'), [(-1, 2), (0, 6)])
def test_sub_dataset_outside(start, finish):
    with pytest.raises(ValueError, match=f'overruns.*{start} to {finish} of 5'):
        datasets.SubDataset(range(5), start, finish)


def test_sub_dataset_wrong_order():
    with pytest.raises(ValueError, match=r'len\(order\) = 2 while len\(dataset\) = 3'):
        datasets.SubDataset([1, 2, 3], 0, 3, order=[0, 1])


def test_split_dataset():
    first, second = datasets.split_dataset([1, 2, 3], numpy.int64(1))
    assert (first[:], second[:]) == ([1], [2, 3])
    first, second = datasets.split_dataset([1, 2, 3], 2, order=[2, 0, 1])
    assert (first[:], second[:]) == ([3, 1], [2])
    with pytest.raises(TypeError, match="must be int, got <class 'float'>"):
        datasets.split_dataset([1], 1.0)
    with pytest.raises(ValueError, match='non-negative, got -1'):
        datasets.split_dataset([1], -1)
    with pytest.raises(ValueError, match='2 > 1'):
        datasets.split_dataset([1], 2)


def test_split_dataset_random_is_numpys_permutation():
    a, b = datasets.split_dataset_random(range(10), 4, seed=3)
    order = numpy.random.RandomState(3).permutation(10).tolist()
    assert (a[:], b[:]) == (order[:4], order[4:])


def test_split_dataset_n():
    parts = datasets.split_dataset_n(range(8), 3)
    assert [p[:] for p in parts] == [[0, 1], [2, 3], [4, 5]]
    parts = datasets.split_dataset_n_random(range(9), 3, seed=1)
    assert sorted(flat([p[:] for p in parts])) == list(range(9))


def test_cross_validation():
    folds = datasets.get_cross_validation_datasets(range(7), 3)
    tests = [test[:] for _, test in folds]
    assert [len(t) for t in tests] == [3, 2, 2]
    assert sorted(flat(tests)) == list(range(7))
    for train, test in folds:
        assert sorted(train[:] + test[:]) == list(range(7))


def test_cross_validation_like_chainer():
    # chainer 7.8.1: get_cross_validation_datasets(range(5), 2, order=[4, 2, 0, 1, 3])
    folds = datasets.get_cross_validation_datasets(range(5), 2, order=[4, 2, 0, 1, 3])
    assert [(a[:], b[:]) for a, b in folds] == [
        ([4, 2], [0, 1, 3]),
        ([0, 1, 3], [4, 2]),
    ]


def test_cross_validation_random_and_old_name():
    folds = datasets.get_cross_validation_datasets_random(range(6), 3, seed=0)
    assert sorted(flat([test[:] for _, test in folds])) == list(range(6))
    with pytest.warns(DeprecationWarning, match='n_folds'):
        assert len(datasets.get_cross_validation_datasets(range(4), n_fold=2)) == 2
    with pytest.raises(TypeError, match='n_folds is missing'):
        datasets.get_cross_validation_datasets(range(4))
    with pytest.raises(TypeError, match="takes no argument 'folds'"):
        datasets.get_cross_validation_datasets(range(4), 2, folds=2)


class TestBorders:
    """Nothing, everything, and one more than there is."""

    data = list(range(5))

    @pytest.mark.parametrize('n', range(6))
    def test_split_dataset(self, n):
        parts = datasets.split_dataset(self.data, n)
        assert [part[:] for part in parts] == [self.data[:n], self.data[n:]]
        for part in parts:
            with pytest.raises(IndexError):
                part[len(part)]
            with pytest.raises(IndexError):
                part[-len(part) - 1]

    @pytest.mark.parametrize(('n', 'size'), [(1, 5), (2, 2), (4, 1), (5, 1), (6, 0)])
    def test_split_dataset_n(self, n, size):
        parts = datasets.split_dataset_n(self.data, n)
        expected = [self.data[i * size : (i + 1) * size] for i in range(n)]
        assert [part[:] for part in parts] == expected

    @pytest.mark.parametrize('n', range(1, 7))
    def test_folds(self, n):
        splits = datasets.get_cross_validation_datasets(self.data, n)
        assert len(splits) == n
        assert sorted(x for _, test in splits for x in test) == self.data
        for train, test in splits:
            assert sorted([*train, *test]) == self.data
        sizes = [len(test) for _, test in splits]
        assert max(sizes) - min(sizes) <= 1

    @pytest.mark.parametrize('n', [0, -1])
    def test_no_parts(self, n):
        for split in (datasets.split_dataset_n, datasets.split_dataset_n_random):
            with pytest.raises(ValueError, match=f'n must be at least 1, got {n}'):
                split(self.data, n)
        for split in (
            datasets.get_cross_validation_datasets,
            datasets.get_cross_validation_datasets_random,
        ):
            with pytest.raises(
                ValueError, match=f'n_folds must be at least 1, got {n}'
            ):
                split(self.data, n)

    @pytest.mark.parametrize(
        ('start', 'finish', 'match'),
        [
            (0, 6, 'overruns the base dataset: 0 to 6 of 5'),
            (-1, 2, 'overruns the base dataset: -1 to 2 of 5'),
            (6, 6, 'overruns'),
            (3, 2, 'must not end before it starts: 3 to 2'),
        ],
    )
    def test_subsets_outside(self, start, finish, match):
        with pytest.raises(ValueError, match=match):
            datasets.SubDataset(self.data, start, finish)

    @pytest.mark.parametrize(('start', 'finish'), [(0, 0), (5, 5), (0, 5), (4, 5)])
    def test_subsets_at_the_ends(self, start, finish):
        subset = datasets.SubDataset(self.data, start, finish)
        assert subset[:] == self.data[start:finish]
        assert len(subset) == finish - start

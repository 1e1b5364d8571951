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

import numpy
import pytest

from minigrad.dataset import DatasetMixin
from minigrad.datasets import (
    ConcatenatedDataset,
    DictDataset,
    SubDataset,
    TransformDataset,
    TupleDataset,
)


class Tens(DatasetMixin):
    def __len__(self):
        return 5

    def get_example(self, i):
        if not 0 <= i < 5:
            raise IndexError
        return i * 10


def test_indexing():
    tens = Tens()
    assert tens[3] == 30
    assert tens[1:4] == [10, 20, 30]
    assert tens[::-2] == [40, 20, 0]
    assert tens[[4, 0]] == [40, 0]
    assert tens[numpy.array([2, 2])] == [20, 20]
    assert list(tens) == [0, 10, 20, 30, 40]


def test_what_a_subclass_must_define():
    with pytest.raises(NotImplementedError):
        len(DatasetMixin())
    with pytest.raises(NotImplementedError):
        DatasetMixin()[0]


class Squares(DatasetMixin):
    """Trusts its caller: there is an example for any number."""

    def __len__(self):
        return 5

    def get_example(self, i):
        return i * i


class Endless(DatasetMixin):
    """Has no length; ends where it raises IndexError."""

    def get_example(self, i):
        if i >= 3:
            raise IndexError
        return i


WRAPPED = [
    Squares(),
    TransformDataset(Squares(), abs),
    ConcatenatedDataset(Squares()),
    SubDataset(Squares(), 0, 5),
]


@pytest.mark.parametrize('dataset', WRAPPED, ids=lambda d: type(d).__name__)
def test_as_a_list_of_as_many(dataset):
    as_list = [0, 1, 4, 9, 16]
    assert list(dataset) == as_list
    assert [dataset[i] for i in range(-5, 5)] == [as_list[i] for i in range(-5, 5)]
    assert dataset[[-1, 1]] == [16, 1]
    assert dataset[numpy.array(3)] == 9
    for i in (5, -6, numpy.int64(99), [0, 5], numpy.array([-6])):
        with pytest.raises(IndexError, match=r'expected -5 <= index < 5'):
            dataset[i]


@pytest.mark.parametrize('kind', [list, numpy.array])
def test_masks_select(kind):
    assert Squares()[kind([False, True, False, False, True])] == [1, 16]
    with pytest.raises(IndexError, match=r'a mask of shape \(2,\) .* 5 examples'):
        Squares()[kind([True, False])]


def test_a_list_of_none():
    assert Squares()[[]] == []
    assert Squares()[numpy.zeros(0, int)] == []


def test_without_a_length():
    endless = Endless()
    assert [x for x in endless] == [0, 1, 2]  # noqa: C416 - list() asks for a length
    assert endless[-7] == -7
    assert endless[[1, 2]] == [1, 2]


def test_an_error_inside_is_not_the_end():
    class Broken(Squares):
        def get_example(self, i):
            return [0, 1][i]

    with pytest.raises(IndexError, match='list index out of range'):
        list(Broken())


def test_joined_datasets_end_too():
    class Anything:
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return 7

    assert list(TupleDataset(Anything(), Anything())) == [(7, 7)] * 2
    assert list(DictDataset(x=Anything())) == [{'x': 7}] * 2

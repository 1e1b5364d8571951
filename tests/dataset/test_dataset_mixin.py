import numpy
import pytest

from minigrad.dataset import DatasetMixin


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

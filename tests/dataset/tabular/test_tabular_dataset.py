"""Every view beside the same operation on plain lists of rows."""

import itertools

import numpy as np
import pytest

import minigrad
from minigrad.dataset import TabularDataset, concat_examples, tabular

KEYS = ('a', 'b', 'c')
TABLE = [[10 * row + column for column in range(3)] for row in range(7)]
CHOICES = [
    slice(None),
    slice(1, 6, 2),
    slice(None, None, -1),
    slice(5, 0, -2),
    slice(3, 3),
    [6, 0, 0, 3],
    [-1, 2],
    np.array([4, 1]),
    [True, False, True, True, False, False, True],
    [True, 5, False],
    [],
]


class Table(TabularDataset):
    """Gives arrays or lists, and remembers what it was asked for."""

    keys = KEYS
    mode = None

    def __init__(self, mode=tuple, as_lists=False, table=TABLE):
        self.mode = mode
        self.as_lists = as_lists
        self.table = table
        self.asked = []

    def __len__(self):
        return len(self.table)

    def get_examples(self, indices, key_indices):
        assert indices is None or isinstance(indices, (slice, list))
        self.asked.append((indices, key_indices))
        table = np.array(self.table).reshape(-1, 3)
        table = table if indices is None else table[indices]
        keys = range(3) if key_indices is None else key_indices
        columns = tuple([table[:, k] for k in keys])
        return tuple([c.tolist() for c in columns]) if self.as_lists else columns


def plain(choice, rows=TABLE):
    """The chosen rows, by Python and NumPy alone."""
    if isinstance(choice, slice):
        return rows[choice]
    if len(choice) == 0:
        return []
    return [rows[i] for i in np.arange(len(rows))[np.asarray(choice)]]


def columns_of(dataset):
    return [list(column) for column in dataset.astuple().fetch()]


def transposed(rows, width=3):
    return [[row[k] for row in rows] for k in range(width)]


@pytest.mark.parametrize('as_lists', [False, True])
@pytest.mark.parametrize('choice', CHOICES, ids=repr)
def test_rows(choice, as_lists):
    view = Table(as_lists=as_lists).slice[choice]
    assert len(view) == len(plain(choice))
    assert columns_of(view) == transposed(plain(choice))
    assert [tuple(row) for row in view] == [tuple(row) for row in plain(choice)]


@pytest.mark.parametrize(
    ('first', 'second'), list(itertools.product(CHOICES, CHOICES[:8])), ids=repr
)
def test_rows_of_rows(first, second):
    rows = plain(first)
    view = Table().slice[first]
    indexes = [] if isinstance(second, slice) else list(second)
    if any(not -len(rows) <= i < len(rows) for i in indexes):
        with pytest.raises(IndexError, match='out of range'):
            view.slice[second]
        return
    assert columns_of(view.slice[second]) == transposed(plain(second, rows))


def test_slices_stay_slices():
    # A dataset on disk reads a slice faster than a list.
    table = Table()
    table.slice[6:0:-1].slice[::2].fetch()
    ((rows, _),) = table.asked
    assert isinstance(rows, slice)
    assert list(range(7))[rows] == [6, 4, 2]


@pytest.mark.parametrize(
    ('keys', 'names', 'example'),
    [
        (('c', 'a'), ('c', 'a'), (12, 10)),
        ((-1, 0), ('c', 'a'), (12, 10)),
        (('b', 'b'), ('b', 'b'), (11, 11)),
        ('b', ('b',), 11),
        (1, ('b',), 11),
    ],
)
def test_columns(keys, names, example):
    view = Table().slice[:, keys]
    assert view.keys == names
    assert view[1] == example
    assert view.slice[1:3][0] == example
    assert Table().slice[[1], keys][0] == example


def test_only_wanted_columns_are_asked_for():
    table = Table()
    table.slice[2:4, ('c',)].fetch()
    assert [keys for _, keys in table.asked] == [(2,)]


def test_modes():
    assert Table(dict)[2] == {'a': 20, 'b': 21, 'c': 22}
    assert Table(dict).astuple()[2] == (20, 21, 22)
    assert Table().asdict()[2] == {'a': 20, 'b': 21, 'c': 22}
    assert Table(dict).slice[:, ('a',)].fetch()['a'].tolist() == plain_column(0)
    assert Table(dict).slice[:, 'a'].fetch().tolist() == plain_column(0)
    assert Table().slice[:, 'a'].slice[:, ('a',)].mode is tuple


def plain_column(k):
    return [row[k] for row in TABLE]


@pytest.mark.parametrize('choice', CHOICES[:7], ids=repr)
@pytest.mark.parametrize('keys', [None, ('c', 'a', 'c')])
def test_concat(choice, keys):
    below = [[100, 101, 102], [110, 111, 112]]
    view = Table().slice[:2].concat(Table(table=below), Table().slice[4:])
    rows = TABLE[:2] + below + TABLE[4:]
    assert len(view) == len(rows)
    names = KEYS if keys is None else keys
    wanted = [[row[KEYS.index(key)] for key in names] for row in plain(choice, rows)]
    chosen = view.slice[choice] if keys is None else view.slice[choice, keys]
    assert columns_of(chosen) == transposed(wanted, len(names))
    assert view[3] == (110, 111, 112)


def test_join():
    right = tabular.from_data({'d': [f'd{i}' for i in range(7)]})
    view = Table(dict).join(right)
    assert view.keys == ('a', 'b', 'c', 'd')
    assert view.mode is dict
    assert view[1] == {'a': 10, 'b': 11, 'c': 12, 'd': 'd1'}
    assert view.slice[[2, 0], ('d', 'a', 'd')].astuple()[0] == ('d2', 20, 'd2')


@pytest.mark.parametrize('mode', [tuple, dict])
@pytest.mark.parametrize('returned', [tuple, dict, None])
def test_transform(mode, returned):
    def sums(a, b, c):
        if returned is None:
            return a + c
        return (a + b, a + c) if returned is tuple else {'x': a + b, 'y': a + c}

    keys = 'y' if returned is None else ('x', 'y')
    wanted = [[a + b, a + c] for a, b, c in TABLE]
    single = Table(mode).transform(keys, sums)
    batch = Table(mode).transform_batch(keys, sums)
    for view in (single, batch):
        assert view.mode is returned
        assert list(view.slice[:, 'y'].fetch()) == [y for _, y in wanted]
        assert list(view.slice[[3, 1], 'y'].fetch()) == [wanted[3][1], wanted[1][1]]
        if returned is not None:
            assert columns_of(view) == transposed(wanted, 2)
            assert list(view.slice[1:3, ('y', 'x')].astuple()[0]) == wanted[1][::-1]


def test_transform_must_keep_its_promises():
    results = iter([(1,), {'x': 1}])
    view = Table().transform(('x',), lambda a, b, c: next(results))
    assert view[0] == (1,)
    with pytest.raises(ValueError, match='transform must not change its return type'):
        view[1]
    view = Table().transform_batch('x', lambda a, b, c: a[1:])
    with pytest.raises(ValueError, match=r'expected 7 rows, got \[6\]'):
        view.fetch()


def test_convert():
    view = Table(as_lists=True)
    converted = view.convert(view.fetch())
    assert [column.tolist() for column in converted] == transposed(TABLE)
    assert view.asdict().convert(view.asdict().fetch())['b'].tolist() == plain_column(1)
    assert view.slice[:, 'b'].convert([1, 2]).tolist() == [1, 2]
    double = view.with_converter(lambda a, b, c: (a, b, c, 'mine'))
    assert double.slice[:2].convert(double.slice[:2].fetch())[3] == 'mine'
    assert double.concat(view).join(tabular.from_data(('d', [0] * 14))).convert(
        (1, 2, 3)
    ) == (1, 2, 3, 'mine')


@pytest.mark.parametrize(
    ('wrong', 'error', 'text'),
    [
        (lambda t: t.slice[[7]], IndexError, 'row 7 is out of range'),
        (lambda t: t.slice[[-8]], IndexError, 'row -8 is out of range'),
        (lambda t: t.slice[[True]], ValueError, 'one bool for each of the 7 rows'),
        (lambda t: t.slice[:, 'z'], KeyError, "no column 'z'"),
        (lambda t: t.slice[:, 3], IndexError, 'column 3 is out of range'),
        (lambda t: t.concat(tabular.from_data(('d', [1]))), ValueError, 'same keys'),
        (lambda t: t.join(tabular.from_data(('d', [1]))), ValueError, 'same length'),
        (lambda t: t.join(t), ValueError, r"\['a', 'b', 'c'\] twice"),
        (lambda t: tabular.from_data(lambda i: i), ValueError, 'key'),
        (lambda t: tabular.from_data(('a', lambda i: i)), ValueError, 'size'),
        (lambda t: tabular.from_data(3), TypeError, 'an array, a list or a function'),
    ],
)
def test_mistakes(wrong, error, text):
    with pytest.raises(error, match=text):
        wrong(Table())


@pytest.mark.parametrize('method', ['keys', 'mode', '__len__', 'get_examples'])
def test_what_a_subclass_must_define(method):
    with pytest.raises(NotImplementedError, match=method):
        {
            'keys': lambda d: d.keys,
            'mode': lambda d: d.mode,
            '__len__': len,
            'get_examples': lambda d: d[0],
        }[method](TabularDataset())


def test_from_data():
    x = np.arange(6).reshape(3, 2)
    data = tabular.from_data(
        (('x', x), ('y', [4, 5, 6]), (('s', 'p'), lambda i: (i, -i)))
    )
    assert data.keys == ('x', 'y', 's', 'p')
    assert len(data) == 3
    row = data[1]
    assert row[0].tolist() == [2, 3]
    assert row[1:] == (5, 1, -1)
    assert data.slice[[2, 0], ('p', 'y')].fetch() == ([-2, 0], [6, 4])
    assert tabular.from_data(('i', lambda i: i * i), size=4).fetch() == [0, 1, 4, 9]
    assert tabular.from_data(x)[2].tolist() == [4, 5]


def test_iterators_and_converters_take_it():
    data = tabular.from_data({'x': np.arange(8, dtype='f'), 't': list(range(8))})
    batches = minigrad.iterators.SerialIterator(data, 3, repeat=False, shuffle=False)
    batch = concat_examples(next(batches))
    assert batch['x'].tolist() == [0, 1, 2]
    assert batch['t'].tolist() == [0, 1, 2]
    assert sum(map(len, batches)) == 5
    assert [e['t'] for e in data[[1, 7]]] == [1, 7]
    assert [e['t'] for e in data[2:4]] == [2, 3]


@pytest.mark.parametrize(
    ('act', 'error', 'text'),
    [
        (
            lambda d: d.slice[:, ['a', 'b']],
            KeyError,
            "got .'a', 'b'.; several are a tuple",
        ),
        (
            lambda d: d.transform(('x', 'y'), lambda **row: (1,))[0],
            ValueError,
            r"a value for each of the keys \('x', 'y'\), got 1",
        ),
        (
            lambda d: d.transform_batch(('x', 'y'), lambda **rows: {'x': [1]})[0],
            ValueError,
            r"with the keys \('x', 'y'\), got \('x',\)",
        ),
        (lambda d: tabular.from_data({}), ValueError, 'a column or more, got none'),
    ],
)
def test_mistakes_are_answered(act, error, text):
    dataset = tabular.from_data({'a': [1], 'b': [2]})
    with pytest.raises(error, match=text):
        act(dataset)

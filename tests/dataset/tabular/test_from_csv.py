import numpy as np
import pytest

import minigrad
import minigrad.functions as F
import minigrad.links as L
from minigrad import training
from minigrad.dataset import DatasetError, tabular
from minigrad.training import extensions


def write(folder, text, encoding='utf-8'):
    path = folder / 'table.csv'
    path.write_bytes(text.encode(encoding))
    return path


def test_columns_get_the_narrowest_type_that_holds_them(tmp_path):
    text = 'n,big,real,gap,word\n1,3000000000,0.5,,"a, b"\n\n-2,7,1e3,2,"c\nd"\n'
    data = tabular.from_csv(write(tmp_path, text))
    n, big, real, gap, word = data.fetch()
    assert (n.dtype, n.tolist()) == ('i4', [1, -2])
    assert (big.dtype, big.tolist()) == ('i8', [3000000000, 7])
    assert (real.dtype, real.tolist()) == ('f4', [0.5, 1000])
    assert np.isnan(gap[0])
    assert gap[1] == 2
    assert word == ['a, b', 'c\nd']


def test_other_delimiter_and_byte_order_mark(tmp_path):
    data = tabular.from_csv(write(tmp_path, '\ufeffa;b\n1;2\n'), delimiter=';')
    assert data.keys == ('a', 'b')
    assert data[0] == (1, 2)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', 'line 1: expected different names'),
        ('a,a\n1,2\n', 'line 1: expected different names'),
        ('a,b\n', 'no row below'),
        ('a,b\n1,2\n3\n', 'line 3: expected 2 values'),
        ('a\n1,2\n', 'line 2: expected 1 values'),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path, text, expected):
    path = write(tmp_path, text)
    with pytest.raises(DatasetError, match=expected) as caught:
        tabular.from_csv(path)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text(tmp_path):
    with pytest.raises(DatasetError, match='not a text file'):
        tabular.from_csv(write(tmp_path, 'a\né\n', 'latin-1'))


def test_a_model_is_trained_on_a_table(tmp_path):
    rng = np.random.RandomState(0)
    points = rng.uniform(-1, 1, (200, 2))
    rows = [f'{x:.6f},{y:.6f},{int(x + 2 * y > 0)}' for x, y in points]
    data = tabular.from_csv(write(tmp_path, '\n'.join(['x,y,side', *rows])))

    def example(x, y, side):
        return np.array([x, y], 'f'), side

    examples = data.transform(('point', 'side'), example)
    train, test = examples.slice[:150], examples.slice[150:]
    np.random.seed(0)
    model = L.Classifier(L.Linear(2, 2))
    optimizer = minigrad.optimizers.Adam(0.1).setup(model)
    batches = minigrad.iterators.SerialIterator(train, 50)
    unseen = minigrad.iterators.SerialIterator(test, 50, repeat=False, shuffle=False)
    trainer = training.Trainer(
        training.StandardUpdater(batches, optimizer), (30, 'epoch'), out=str(tmp_path)
    )
    trainer.extend(extensions.Evaluator(unseen, model))
    log = extensions.LogReport()
    trainer.extend(log)
    trainer.run()
    assert log.log[-1]['validation/main/accuracy'] >= 0.96
    points, sides = concat(test)
    assert float(F.accuracy(model.predictor(points), sides).array) >= 0.96


def concat(dataset):
    return minigrad.dataset.concat_examples(dataset[:])

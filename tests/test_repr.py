"""What things say they are."""

import numpy as np

import minigrad
import minigrad.links as L
from minigrad import datasets, training
from minigrad.training import extensions

X, T = np.zeros((6, 2, 3), 'f'), np.zeros(6, 'i')


def test_datasets():
    data = datasets.TupleDataset(X, T)
    assert repr(data) == '<TupleDataset: 6 examples of (float32 (2, 3), int32 ())>'
    assert repr(datasets.TupleDataset([1, 2])) == '<TupleDataset: 2 examples of (list)>'
    assert repr(datasets.SubDataset(data, 0, 4)) == '<SubDataset: 4 examples>'
    assert repr(datasets.DictDataset(x=X, t=T)) == '<DictDataset: 6 examples of x, t>'

    class Endless(minigrad.dataset.DatasetMixin):
        pass

    assert 'Endless object' in repr(Endless())


def test_optimizers():
    optimizer = minigrad.optimizers.MomentumSGD(lr=0.1)
    assert repr(optimizer) == '<MomentumSGD(lr=0.1, momentum=0.9), not set up>'
    model = L.Linear(2, 1)
    optimizer.setup(model).update(lambda: model(np.ones((1, 2), 'f'))[0, 0])
    assert repr(optimizer) == '<MomentumSGD(lr=0.1, momentum=0.9) of Linear, 1 updates>'


def test_trainer(tmp_path):
    optimizer = minigrad.optimizers.SGD().setup(L.Classifier(L.Linear(6, 2)))
    iterator = minigrad.iterators.SerialIterator(datasets.TupleDataset(X, T), 2)
    updater = training.StandardUpdater(iterator, optimizer)
    trainer = training.Trainer(updater, (2, 'epoch'), out='there')
    assert repr(trainer) == (
        "<Trainer: Classifier by SGD, iteration 0, stop IntervalTrigger(2, 'epoch'), "
        "out 'there'; extensions none>"
    )
    trainer.extend(extensions.LogReport())
    assert repr(trainer).endswith('extensions LogReport>')


def test_configuration():
    with minigrad.using_config('train', False):
        shown = repr(minigrad.config)
        assert shown.startswith('<config: allow_tf32=False, ')
        assert 'train=False' in shown
        assert 'train=True' in repr(minigrad.global_config)


def test_summary_is_shown_once(capsys):
    model = L.Linear(3, 2)
    printed = minigrad.summary(model, (1, 3))
    assert capsys.readouterr().out.count('Linear  Linear') == 1
    assert repr(printed) == '<ModelSummary Linear: 8 parameters>'
    assert printed._repr_html_() is None
    quiet = minigrad.summary(model, (1, 3), show=False)
    assert '<td>Linear</td>' in quiet._repr_html_()
    assert quiet == printed
    assert str(quiet) == str(printed)

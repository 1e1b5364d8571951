"""One process for each device; here all are the CPU, and pipes take NCCL's place."""

import numpy
import pytest

import minigrad
import minigrad.links as L
from minigrad.training.updaters import MultiprocessParallelUpdater
from tests.training.exchange_by_pipes import Picky, PipeUpdater, Talkative, make_data


def make(kind=L.Classifier, n=2, optimizer=None):
    numpy.random.seed(0)
    model = kind(L.Linear(3, 2))
    optimizer = minigrad.optimizers.SGD(0.5) if optimizer is None else optimizer
    optimizer.setup(model)
    data = make_data()
    iterators = [
        minigrad.iterators.SerialIterator(data[i::n], 4, shuffle=False)
        for i in range(n)
    ]
    with pytest.warns(UserWarning, match='for new batch size'):
        updater = PipeUpdater(iterators, optimizer, devices=[-1] * n)
    return updater, model


def test_two_processes_take_the_steps_of_one():
    updater, model = make()
    assert updater.get_optimizer('main').lr == 0.25
    for _ in range(3):
        updater.update()
    updater.finalize()

    numpy.random.seed(0)
    alone = L.Classifier(L.Linear(3, 2))
    optimizer = minigrad.optimizers.SGD(0.5).setup(alone)
    data = make_data()
    for step in range(3):
        batch = [data[i] for i in range(8 * step, 8 * step + 8)]
        optimizer.update(alone, *minigrad.dataset.concat_examples(batch))
    numpy.testing.assert_allclose(
        model.predictor.W.array, alone.predictor.W.array, rtol=1e-5
    )


def test_a_process_that_fails_is_named_with_its_traceback():
    updater, _ = make(Picky)
    with pytest.raises(
        RuntimeError, match=r'process 1 failed:\n(.|\n)*not in this proc'
    ):
        updater.update()
    updater.finalize()


def test_links_inside_may_report_in_every_process():
    updater, model = make(lambda linear: L.Classifier(Talkative(3, 2)))
    reporter = minigrad.Reporter()
    reporter.add_observer('main', model)
    reporter.add_observers('main', model.namedlinks(skipself=True))
    with reporter:
        updater.update()
    assert 'main/predictor/largest' in reporter.observation
    updater.update()  # all processes are still there
    updater.finalize()


@pytest.mark.parametrize(
    ('optimizer', 'name', 'value'),
    [
        (minigrad.optimizers.Adam(eps=1.0), 'eps', 2.0),
        (minigrad.optimizers.AdaDelta(eps=1.0), 'eps', 4.0),
        (minigrad.optimizers.MomentumSGD(1.0), 'lr', 0.5),
    ],
)
def test_the_rate_is_that_of_sums(optimizer, name, value):
    make(optimizer=optimizer)
    assert getattr(optimizer, name) == value


def test_mistakes():
    data = minigrad.iterators.SerialIterator(make_data(), 4)
    optimizer = minigrad.optimizers.SGD().setup(L.Linear(3, 2))
    if not MultiprocessParallelUpdater.available():
        with pytest.raises(
            RuntimeError, match=r'requires NCCL(.|\n)*minigrad\.chainermn'
        ):
            MultiprocessParallelUpdater([data], optimizer, devices=[0])
    with pytest.raises(ValueError, match='either dict, list or tuple'):
        PipeUpdater([data], optimizer)
    with pytest.raises(ValueError, match='GPU devices must be specified'):
        PipeUpdater([data], optimizer, devices={'main': None})
    with pytest.raises(ValueError, match='an iterator for each of the 2 devices'):
        PipeUpdater([data], optimizer, devices=[-1, -1])

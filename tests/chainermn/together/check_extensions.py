"""Trainer extensions of several processes."""

import pathlib
from types import SimpleNamespace

import numpy
import pytest

import minigrad
import minigrad.links as L
from minigrad import chainermn, training
from minigrad.chainermn.extensions import _multi_node_snapshot as snapshots

comm = chainermn.create_communicator('naive')
ranks = range(comm.size)


def make_trainer(out, steps=4):
    numpy.random.seed(comm.rank)
    model = L.Classifier(L.Linear(3, 2))
    optimizer = chainermn.create_multi_node_optimizer(
        minigrad.optimizers.MomentumSGD(), comm
    ).setup(model)
    data = minigrad.datasets.TupleDataset(
        numpy.random.rand(20, 3).astype('f'), numpy.random.randint(0, 2, 20)
    )
    iterator = minigrad.iterators.SerialIterator(data, 5)
    updater = training.StandardUpdater(iterator, optimizer)
    return training.Trainer(updater, (steps, 'iteration'), out=str(out))


@pytest.fixture
def folder(tmp_path_factory):
    path = str(tmp_path_factory.mktemp('together')) if comm.rank == 0 else None
    return pathlib.Path(comm.bcast_obj(path))


def test_evaluators_report_means_over_processes():
    class Ranks(L.Classifier):
        def forward(self, x):
            minigrad.report({'rank': numpy.float32(comm.rank + x.mean())}, self)

    model = Ranks(L.Linear(1, 1))
    n = 3 + comm.rank  # of data that are not even
    iterator = minigrad.iterators.SerialIterator(
        numpy.zeros((n, 1), 'f'), 2, repeat=False, shuffle=False
    )
    evaluator = chainermn.create_multi_node_evaluator(
        training.extensions.Evaluator(iterator, model), comm
    )
    assert evaluator.evaluate.__self__ is evaluator
    assert evaluator()['main/rank'] == (comm.size - 1) / 2

    class Collect(chainermn.extensions.GenericMultiNodeEvaluator):
        def calc_local(self, x):
            return x.shape[0]

        def aggregate(self, results):
            return sum(results)

    total = sum(3 + r for r in ranks)
    for _ in range(2):  # the iterator is rewound
        result = Collect(comm, iterator, None)(None)
        assert result == (total if comm.rank == 0 else None)
    with pytest.raises(ValueError, match='expected 0 <= root'):
        Collect(comm, iterator, None, root=comm.size)


def test_persistent_values_become_their_means():
    link = L.BatchNormalization(2)
    link.avg_mean[...] = comm.rank
    link.N = comm.rank
    chainermn.extensions.AllreducePersistent(link, comm)()
    assert link.avg_mean.tolist() == [(comm.size - 1) / 2] * 2
    assert comm.rank == link.N


def test_observations_become_their_means():
    aggregator = chainermn.extensions.ObservationAggregator(
        comm, 'x', 'mean', comm_trigger=(2, 'iteration')
    )
    trainer = SimpleNamespace(updater=SimpleNamespace(), observation={})
    for iteration in range(1, 5):
        trainer.updater.iteration = iteration
        trainer.observation = {'x': 10.0 * iteration + comm.rank}
        aggregator(trainer)
        if iteration % 2 == 0:
            mean = 10 * iteration - 5 + (comm.size - 1) / 2
            assert trainer.observation['mean'] == mean
        else:
            assert 'mean' not in trainer.observation


def test_all_stop_early_together(folder):
    trigger = chainermn.extensions.MultiNodeEarlyStoppingTrigger(
        comm,
        monitor='x',
        patience=2,
        check_trigger=(1, 'iteration'),
        max_trigger=(50, 'iteration'),
    )
    trainer = make_trainer(folder)
    trainer.stop_trigger = trigger

    @training.make_extension(priority=training.PRIORITY_WRITER)
    def worse_and_worse(trainer):
        trainer.observation['x'] = trainer.updater.iteration + 5 * comm.rank

    trainer.extend(worse_and_worse)
    trainer.run()
    assert len(set(comm.mpi_comm.allgather(trainer.updater.iteration))) == 1
    assert trainer.updater.iteration < 10


def test_times_are_observed(folder):
    trainer = make_trainer(folder)
    optimizer = trainer.updater.get_optimizer('main')
    trainer.extend(chainermn.extensions.StepTimes(optimizer))
    seen = []

    @training.make_extension(priority=-1)
    def note(trainer):
        seen.append(trainer.observation['time/computing'])

    trainer.extend(note)
    trainer.run()
    assert len(seen) == 4
    assert min(seen) > 0


@pytest.mark.parametrize(
    ('sets', 'size', 'expected'),
    [
        ([0], 4, [{0}, {1, 2, 3}]),
        ([], 3, [{0, 1, 2}]),
        ([range(0, 4, 2)], 4, [{0, 2}, {1, 3}]),
    ],
)
def test_replica_sets(sets, size, expected):
    assert snapshots._parse_replica_sets(sets, size) == expected
    with pytest.raises(ValueError, match='expected disjoint sets of ranks 0 to'):
        snapshots._parse_replica_sets([[0, 1], 1], size)
    with pytest.raises(ValueError, match='expected disjoint sets'):
        snapshots._parse_replica_sets([size], size)


def test_checkpointers_keep_the_newest_and_load_it(folder):
    def checkpointer(trainer):
        with pytest.warns(DeprecationWarning, match='multi_node_snapshot'):
            made = chainermn.create_multi_node_checkpointer('run', comm, cp_interval=2)
        trainer.extend(made, trigger=(1, 'iteration'))
        return made

    whole = make_trainer(folder / 'whole', 12)
    whole.run()

    trainer = make_trainer(folder / 'part', 9)
    first = checkpointer(trainer)
    files = []
    first.finalize = lambda: files.extend(first.files)  # as if it had been killed
    trainer.run()
    assert f'run.{comm.rank}.9' in files
    assert len(files) <= 2 + 5
    assert 'avg=' in first.get_stats()

    trainer = make_trainer(folder / 'part', 12)
    second = checkpointer(trainer)
    second.maybe_load(trainer, trainer.updater.get_optimizer('main'))
    assert trainer.updater.iteration == 9
    trainer.run()
    one, other = [
        t.updater.get_optimizer('main').target.predictor.W.array
        for t in (whole, trainer)
    ]
    numpy.testing.assert_array_equal(one, other)
    comm.mpi_comm.barrier()
    kept = [f for i in range(8, 13) for f in (folder / 'part').glob(f'run.*.{i}')]
    assert kept == [], 'what the run had listed is removed at its end'

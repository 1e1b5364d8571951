"""Trains a model on a dataset, and leaves everything that is needed to go on.

python -m models.train lenet
python -m models.train alexnet --dataset mnist --epoch 1
python -m models.train alexnet --variant owt --dataset FOLDER --augment
mpiexec -n 2 python -m models.train lenet --communicator naive
"""

from __future__ import annotations

import argparse
import json
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg
import minigrad.links as L
from minigrad import training
from minigrad.serializers import atomic_write
from minigrad.serializers.errors import SnapshotError
from minigrad.training import extensions, triggers
from minigrad.training.extensions._snapshot_files import find_snapshots
from minigrad.utils.program import ProgramError, run

from .advice import Advice
from .data import Data, load
from .options import OPTIMIZERS, SIZE_OF_FOLDERS, Architecture, choose, parse
from .processes import ManyProcesses, OneProcess
from .stopping import AnyTrigger
from .transforms import Prepare, statistics
from .weights import load_torchvision

# What may differ when a training goes on: everything else is part of the experiment.
FREE_TO_CHANGE = (
    'communicator',
    'doctor',
    'epoch',
    'resume',
    'device',
    'loaders',
    'out',
    'overwrite',
)
MISTAKEN = 2  # the status of a program that was asked for what cannot be
TEST_ACCURACY = 'validation/main/accuracy'


def make_model(
    options: argparse.Namespace, architecture: Architecture, n_classes: int
) -> L.Classifier:
    """Returns a classifier with new weights, or with torchvision's."""
    predictor: Any = architecture.make(n_out=n_classes)
    if options.weights is not None:
        keep = [] if n_classes == 1000 else ['fc8']
        load_torchvision(options.weights, predictor, skip=keep)
    return L.Classifier(predictor)


def make_optimizer(options: argparse.Namespace, architecture: Architecture) -> Any:
    """Returns the optimizer with its rate, and says which."""
    name = architecture.optimizer if options.optimizer is None else options.optimizer
    optimizer, argument, usual = OPTIMIZERS[name]
    rate = usual if options.lr is None else options.lr
    print(f'optimizer  {optimizer.__name__}({argument}={rate:g})')
    return optimizer(**{argument: rate})


def make_iterators(
    options: argparse.Namespace, data: Data, prepare: Any, processes: OneProcess
) -> list[Any]:
    """Returns the iterators over training and test set."""
    n_processes = options.loaders
    if n_processes is None:
        n_processes = mg.get_num_threads() if data.from_files else 0
    iterators = []
    sampler = processes.order_sampler(options.seed)
    for part, is_training in ((data.train, True), (processes.share(data.test), False)):
        dataset = mg.datasets.TransformDataset(part, prepare(is_training))
        arguments: dict[str, Any] = {'repeat': is_training, 'shuffle': is_training}
        if is_training and sampler is not None:
            arguments = {'order_sampler': sampler}
        if n_processes == 0:
            iterator: Any = mg.iterators.SerialIterator
        else:
            iterator = mg.iterators.MultiprocessIterator
            # A second batch ahead evens out images that take longer to read.
            arguments |= {'n_processes': n_processes, 'n_prefetch': 2}
        n = options.batchsize // processes.size
        iterators.append(iterator(dataset, n, **arguments))
    return iterators


def prepare_folder(options: argparse.Namespace, setup: dict[str, Any]) -> None:
    """Writes setup.json, after looking for leftovers of another training."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / 'setup.json'
    if options.resume is None and path.exists() and not options.overwrite:
        raise ProgramError(
            f'{options.out} holds another training: --resume goes on with it, --overwrite '
            'begins anew there, --out NAME takes another folder'
        )
    if options.resume is not None and path.is_file():
        before = json.loads(path.read_text())['options']
        for name, value in setup['options'].items():
            if name not in FREE_TO_CHANGE and before.get(name, value) != value:
                warnings.warn(
                    f'--{name} is {value} now and was {before[name]}: the training does '
                    'not go on as it would have',
                    stacklevel=2,
                )
    with atomic_write(path) as file:
        file.write(json.dumps(setup, indent=1).encode())


def save_plainly(path: str, target: Any) -> None:
    """Saves without compression, which weights hardly profit from and wait for."""
    mg.serializers.save_npz(path, target, compression=False)


def make_trainer(
    options: argparse.Namespace,
    architecture: Architecture,
    data: Data,
    model: Any,
    processes: OneProcess,
) -> training.Trainer:
    """Returns the trainer with all its extensions."""
    mean, deviation = statistics(data.train)
    size = architecture.size
    if size is None and data.from_files:
        size = SIZE_OF_FOLDERS

    def prepare(is_training: bool) -> Prepare:
        augment = is_training and options.augment
        return Prepare(size, architecture.channels, mean, deviation, augment, data.flip)

    setup = {
        'options': {key: _as_json(value) for key, value in vars(options).items()},
        'classes': data.classes,
        'size': size,
        'mean': mean,
        'deviation': deviation,
    }
    is_first = processes.rank == 0
    if is_first:
        prepare_folder(options, setup)

    optimizer = processes.optimizer(make_optimizer(options, architecture)).setup(model)
    iterator, test_iterator = make_iterators(options, data, prepare, processes)
    device = processes.device(options.device)
    updater = training.StandardUpdater(iterator, optimizer, device=device)
    stop = processes.stop_trigger((options.epoch, 'epoch'))
    trainer = training.Trainer(updater, stop, out=str(options.out))
    evaluator = extensions.Evaluator(
        test_iterator, model, device=device, progress_bar=is_first
    )
    trainer.extend(processes.evaluator(evaluator))
    processes.extend(trainer)
    if is_first:
        add_reports(trainer, architecture.log_interval)
        add_models(trainer, model.predictor)
        watcher = extensions.Doctor() if options.doctor else Advice(len(data.classes))
        trainer.extend(watcher)
    # Epochs may take hours.
    trigger = AnyTrigger((1, 'epoch'), triggers.TimeTrigger(600))
    trainer.extend(
        processes.snapshot(extensions.snapshot(save_plainly, n_retains=2)),
        name='snapshot',
        trigger=processes.trigger(trigger),
    )
    processes.seed(options.seed)
    return trainer


def add_reports(trainer: training.Trainer, log_interval: int | None) -> None:
    """Adds the log, the table, the curves and the progress bar."""

    def often() -> Any:
        if log_interval is None:
            return (1, 'epoch')
        return AnyTrigger((log_interval, 'iteration'), (1, 'epoch'))

    trainer.extend(extensions.LogReport(trigger=often(), filename='log.jsonl'))
    columns = ['epoch', 'iteration']
    for what in ('loss', 'accuracy'):
        keys = [f'main/{what}', f'validation/main/{what}']
        columns += keys
        plot = extensions.PlotReport(
            keys, 'iteration', trigger=often(), filename=f'{what}.png'
        )
        trainer.extend(plot)
    table = extensions.PrintReport([*columns, 'elapsed_time'])
    trainer.extend(table, trigger=often())
    trainer.extend(extensions.ProgressBar(update_interval=1))
    trainer.extend(extensions.FailOnNonNumber(), trigger=often())


def add_models(trainer: training.Trainer, predictor: mg.Link) -> None:
    """Adds what saves the model."""
    trainer.extend(
        extensions.snapshot_object(predictor, 'best.npz', save_plainly),
        name='best',
        trigger=triggers.MaxValueTrigger(TEST_ACCURACY),
    )
    trainer.extend(
        extensions.snapshot_object(predictor, 'last.npz', save_plainly),
        name='last',
        trigger=(1, 'epoch'),
    )


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def resume(
    options: argparse.Namespace, trainer: training.Trainer, processes: OneProcess
) -> None:
    """Loads a snapshot, if one is asked for."""
    if options.resume is None:
        return
    if options.resume == 'newest':
        # By their iterations: a clock may go back.
        fmt = 'snapshot_iter_{.updater.iteration}'
        # Several processes add the number of the one that wrote.
        names = find_snapshots(fmt, str(options.out))
        names = names or find_snapshots(f'{fmt}.0', str(options.out))
        found = [options.out / name for name in names]
        if not found:
            raise FileNotFoundError(f'{options.out}: no snapshot to go on from')
    else:
        found = [Path(options.resume)]
    for path in reversed(found):
        try:
            processes.load(path, trainer)
        except mg.serializers.DamagedFile as error:
            if path == found[0]:
                raise
            warnings.warn(f'{path} is damaged and passed over: {error}', stacklevel=2)
        else:
            done = trainer.updater.epoch
            left = 'nothing left to do, ' if done >= options.epoch else ''
            print(f'resuming   {path}: {left}{done} of {options.epoch} epochs')
            return


def seed_everything(options: argparse.Namespace, processes: OneProcess) -> None:
    """Seeds all generators that a training draws from."""
    random.seed(options.seed)
    np.random.seed(options.seed)
    device = mg.get_device(processes.device(options.device))
    device.use()
    if device.xp is not np:
        device.xp.random.seed(options.seed)


def train(options: argparse.Namespace, processes: OneProcess) -> int:
    """Trains as the options say; returns the exit status."""
    seed_everything(options, processes)
    architecture = choose(options)
    size = SIZE_OF_FOLDERS if architecture.size is None else architecture.size
    try:
        data = processes.first_then_others(
            lambda: load(options.dataset, size, options.skip_unreadable)
        )
    except ValueError as error:  # a folder that holds something else
        raise ProgramError(str(error)) from error
    model = make_model(options, architecture, len(data.classes))
    model = processes.model(model)
    print(
        f'model      {type(model.predictor).__name__}, {len(data.classes)} classes\n'
        f'data       {len(data.train)} images to learn from, {len(data.test)} to test'
    )
    trainer = make_trainer(options, architecture, data, model, processes)
    stop = trainer.stop_trigger
    resume(options, trainer, processes)
    print(f'output     {options.out}', flush=True)
    try:
        with stop:
            trainer.run()
    except KeyboardInterrupt:
        print(f'stopped at once; the newest snapshot in {options.out} is the last one')
        return 130
    if stop.interrupted:
        trainer.get_extension('snapshot')(trainer)
        if processes.rank == 0:
            trainer.get_extension('last')(trainer)
        print(f'stopped after iteration {trainer.updater.iteration}; --resume goes on')
        return 130
    if processes.rank > 0:
        return 0
    log = trainer.get_extension('LogReport').log
    tested = [row[TEST_ACCURACY] for row in log if TEST_ACCURACY in row]
    print(f'test accuracy {tested[-1]:.4f}, best {max(tested):.4f}; see {options.out}')
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns the exit status."""
    options = parse(arguments)
    processes = OneProcess()

    def program() -> int:
        nonlocal processes
        if options.communicator is not None:
            processes = ManyProcesses(options.communicator)
        if options.batchsize % processes.size:
            raise ProgramError(
                f'--batchsize: expected a multiple of {processes.size}, the number of '
                f'processes, got {options.batchsize}'
            )
        return train(options, processes)

    status = run(program, [mg.dataset.DatasetError, SnapshotError])
    if status == MISTAKEN:
        processes.end_all(status)
    return status


if __name__ == '__main__':
    raise SystemExit(main())

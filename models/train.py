"""Trains a model on a dataset, and leaves everything that is needed to go on.

python -m models.train lenet
python -m models.train alexnet --dataset mnist --epoch 1
python -m models.train alexnet --variant owt --dataset FOLDER --augment
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
import minigrad.links as L
from minigrad import training
from minigrad.serializers.atomic import atomic_write
from minigrad.training import extensions
from models.alexnet import VARIANTS
from models.data import NAMED, Data, load
from models.deepconvnet import DeepConvNet
from models.lenet import LeNet
from models.mlp import MLP
from models.stopping import AnyTrigger, UntilInterrupted
from models.transforms import Prepare, statistics
from models.weights import load_torchvision


class Architecture(NamedTuple):
    """A model, what it wants to be fed with, and what it learns well with."""

    make: Callable[..., mg.Link]
    size: int | None = None  # height and width; None takes images as they are
    channels: int | None = None
    optimizer: str = 'adam'
    log_interval: int | None = None  # iterations; None: an epoch


ARCHITECTURES = {
    'mlp': Architecture(MLP),
    'lenet': Architecture(LeNet),
    'deepconvnet': Architecture(DeepConvNet),
    'alexnet/2012': Architecture(VARIANTS['2012'], 227, 3, 'momentum', 20),
    'alexnet/owt': Architecture(VARIANTS['owt'], 224, 3, 'momentum', 20),
    'alexnet/cifar': Architecture(VARIANTS['cifar'], 32, 3, 'momentum'),
    'alexnet/small': Architecture(VARIANTS['small'], None, None, 'momentum'),
}
SIZE_OF_FOLDERS = 32  # for models that take images as they are: files have any size

# name: optimizer, name of its rate, the rate if none is given
OPTIMIZERS = {
    'sgd': (mg.optimizers.SGD, 'lr', 0.01),
    'momentum': (mg.optimizers.MomentumSGD, 'lr', 0.01),
    'nesterov': (mg.optimizers.NesterovAG, 'lr', 0.01),
    'adagrad': (mg.optimizers.AdaGrad, 'lr', 0.001),
    'rmsprop': (mg.optimizers.RMSprop, 'lr', 0.001),
    'adam': (mg.optimizers.Adam, 'alpha', 0.001),
    'adamw': (mg.optimizers.AdamW, 'alpha', 0.001),
    'amsgrad': (mg.optimizers.AMSGrad, 'alpha', 0.001),
}
# What may differ when a training goes on: everything else is part of the experiment.
FREE_TO_CHANGE = ('epoch', 'resume', 'device', 'loaders', 'out')


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Returns the options."""
    parser = argparse.ArgumentParser(
        prog='python -m models.train',
        description='Train a model on images.',
        epilog='The output folder receives log.jsonl (a line per row of the table), '
        'loss.png and accuracy.png, best.npz (the model with the best test accuracy) and '
        'last.npz, setup.json (options, classes, mean and deviation of the pixels), and '
        'snapshots. Ctrl-C stops after the running step and saves; the same command '
        'with --resume goes on from there, exactly.',
    )
    add = parser.add_argument
    add(
        'model',
        choices=['mlp', 'lenet', 'deepconvnet', 'alexnet'],
        help='what to train',
    )
    add(
        '--variant',
        choices=list(VARIANTS),
        default='2012',
        help='of alexnet: 2012 with local response normalization for 227x227 (default), '
        'owt as in torchvision for 224x224, cifar for 32x32, small for 28x28 and up',
    )
    add(
        '--dataset',
        default='digits',
        metavar='NAME',
        help=f'{", ".join(NAMED)}; or a folder with a folder of images for each class, '
        'or with train/ and test/ that hold those. digits (default) and shapes need no '
        'download',
    )
    add('--epoch', type=positive, default=10, help='passes over the data (10)')
    add('--batchsize', type=positive, default=32, help='images per step (32)')
    add(
        '--optimizer',
        choices=list(OPTIMIZERS),
        help='momentum for alexnet, adam for the others, unless given',
    )
    add(
        '--lr',
        type=float,
        help="rate of learning; the optimizer's usual one by default",
    )
    add('--device', default='@numpy', help='@numpy (default), or @cupy:0 for a GPU')
    add('--seed', type=int, default=0, help='of weights, order and crops (0)')
    add(
        '--augment',
        action='store_true',
        help='crop at random places, and mirror what is not writing',
    )
    add(
        '--loaders',
        type=int,
        help='processes that prepare images; 0 does it in between. By default one per '
        'core for folders, 0 for others',
    )
    add(
        '--weights',
        type=Path,
        metavar='FILE',
        help="torchvision's weights for --variant owt to start from (.pth, .safetensors)",
    )
    add(
        '--resume',
        nargs='?',
        const='newest',
        metavar='SNAPSHOT',
        help='go on from a snapshot; without a name, from the newest in --out',
    )
    add('--out', type=Path, default=Path('result'), help='output folder (result)')
    options = parser.parse_args(arguments)
    if options.weights is not None and (options.model, options.variant) != (
        'alexnet',
        'owt',
    ):
        parser.error('--weights is for alexnet --variant owt')
    if options.lr is not None and not options.lr > 0:
        parser.error(f'--lr: expected a number above 0, got {options.lr}')
    if options.loaders is not None and options.loaders < 0:
        parser.error(f'--loaders: expected 0 or more, got {options.loaders}')
    return options


def positive(text: str) -> int:
    """Returns a number of one or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'expected 1 or more, got {number}')
    return number


def choose(options: argparse.Namespace) -> Architecture:
    """Returns the architecture that the options name."""
    name = options.model
    return ARCHITECTURES[f'alexnet/{options.variant}' if name == 'alexnet' else name]


def make_model(
    options: argparse.Namespace, architecture: Architecture, n_classes: int
) -> L.Classifier:
    """Returns a classifier with new weights, or with torchvision's."""
    predictor = architecture.make(n_out=n_classes)
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


def make_iterators(options: argparse.Namespace, data: Data, prepare: Any) -> list[Any]:
    """Returns the iterators over training and test set."""
    n_processes = options.loaders
    if n_processes is None:
        n_processes = mg.get_num_threads() if data.from_files else 0
    iterators = []
    for part, is_training in ((data.train, True), (data.test, False)):
        dataset = mg.datasets.TransformDataset(part, prepare(is_training))
        arguments = {'repeat': is_training, 'shuffle': is_training}
        if n_processes == 0:
            iterator = mg.iterators.SerialIterator
        else:
            iterator = mg.iterators.MultiprocessIterator
            # As many batches ahead as there are processes keeps all of them busy.
            arguments |= {'n_processes': n_processes, 'n_prefetch': 2}
        iterators.append(iterator(dataset, options.batchsize, **arguments))
    return iterators


def prepare_folder(options: argparse.Namespace, setup: dict[str, Any]) -> None:
    """Writes setup.json, after looking for leftovers of another training."""
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / 'setup.json'
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
    options: argparse.Namespace, architecture: Architecture, data: Data, model: Any
) -> tuple[training.Trainer, UntilInterrupted]:
    """Returns the trainer with all its extensions, and its stop trigger."""
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
    prepare_folder(options, setup)

    optimizer = make_optimizer(options, architecture).setup(model)
    iterator, test_iterator = make_iterators(options, data, prepare)
    updater = training.StandardUpdater(iterator, optimizer, device=options.device)
    stop = UntilInterrupted((options.epoch, 'epoch'))
    trainer = training.Trainer(updater, stop, out=str(options.out))
    extend = trainer.extend

    def often() -> Any:
        if architecture.log_interval is None:
            return (1, 'epoch')
        return AnyTrigger((architecture.log_interval, 'iteration'), (1, 'epoch'))

    extend(
        extensions.Evaluator(
            test_iterator, model, device=options.device, progress_bar=True
        )
    )
    extend(extensions.LogReport(trigger=often(), filename='log.jsonl'))
    for what in ('loss', 'accuracy'):
        keys = [f'main/{what}', f'validation/main/{what}']
        extend(
            extensions.PlotReport(
                keys, 'iteration', trigger=often(), filename=f'{what}.png'
            )
        )
    columns = ['loss', 'accuracy']
    extend(
        extensions.PrintReport(
            [
                'epoch',
                'iteration',
                *[f'main/{what}' for what in columns],
                *[f'validation/main/{what}' for what in columns],
                'elapsed_time',
            ]
        ),
        trigger=often(),
    )
    extend(extensions.ProgressBar(update_interval=1))
    extend(extensions.FailOnNonNumber(), trigger=often())
    extend(
        extensions.snapshot_object(model.predictor, 'best.npz', save_plainly),
        name='best',
        trigger=training.triggers.MaxValueTrigger('validation/main/accuracy'),
    )
    extend(
        extensions.snapshot_object(model.predictor, 'last.npz', save_plainly),
        name='last',
        trigger=(1, 'epoch'),
    )
    extend(
        extensions.snapshot(save_plainly, n_retains=2, autoload=False),
        name='snapshot',
        # An epoch may take hours.
        trigger=AnyTrigger((1, 'epoch'), training.triggers.TimeTrigger(600)),
    )
    return trainer, stop


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def resume(options: argparse.Namespace, trainer: training.Trainer) -> None:
    """Loads a snapshot, if one is asked for."""
    if options.resume is None:
        return
    if options.resume == 'newest':
        found = sorted(
            options.out.glob('snapshot_iter_*'), key=lambda path: path.stat().st_mtime
        )
        if not found:
            raise FileNotFoundError(f'{options.out}: no snapshot to go on from')
    else:
        found = [Path(options.resume)]
    for path in reversed(found):
        try:
            mg.serializers.load_npz(path, trainer)
        except mg.serializers.DamagedFile as error:
            if path == found[0]:
                raise
            warnings.warn(f'{path} is damaged and passed over: {error}', stacklevel=2)
        else:
            print(f'resuming   {path}')
            return


def seed_everything(options: argparse.Namespace) -> None:
    """Seeds all generators that a training draws from."""
    random.seed(options.seed)
    np.random.seed(options.seed)
    device = mg.get_device(options.device)
    device.use()
    if device.xp is not np:
        device.xp.random.seed(options.seed)


def train(options: argparse.Namespace) -> int:
    """Trains as the options say; returns the exit status."""
    seed_everything(options)
    architecture = choose(options)
    size = SIZE_OF_FOLDERS if architecture.size is None else architecture.size
    data = load(options.dataset, size)
    model = make_model(options, architecture, len(data.classes))
    print(
        f'model      {type(model.predictor).__name__}, {len(data.classes)} classes\n'
        f'data       {len(data.train)} images to learn from, {len(data.test)} to test'
    )
    trainer, stop = make_trainer(options, architecture, data, model)
    resume(options, trainer)
    print(f'output     {options.out}', flush=True)
    try:
        with stop:
            trainer.run()
    except KeyboardInterrupt:
        print(f'stopped at once; the newest snapshot in {options.out} is the last one')
        return 130
    if stop.interrupted:
        trainer.get_extension('snapshot')(trainer)
        trainer.get_extension('last')(trainer)
        print(f'stopped after iteration {trainer.updater.iteration}; --resume goes on')
        return 130
    tested = [row['validation/main/accuracy'] for row in _tested_rows(trainer)]
    print(f'test accuracy {tested[-1]:.4f}, best {max(tested):.4f}; see {options.out}')
    return 0


def _tested_rows(trainer: training.Trainer) -> list[dict[str, Any]]:
    log = trainer.get_extension('LogReport').log
    return [row for row in log if 'validation/main/accuracy' in row]


def main(arguments: list[str] | None = None) -> int:
    """Runs the program; returns the exit status."""
    options = parse(arguments)
    try:
        return train(options)
    except (FileNotFoundError, mg.dataset.DatasetError) as error:
        sys.stderr.write(f'{error}\n')
        return 2


if __name__ == '__main__':
    raise SystemExit(main())

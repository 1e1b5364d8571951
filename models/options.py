"""The options of the training program, and what they choose from."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import minigrad as mg
from minigrad.utils.program import Parser, device, positive

from .alexnet import VARIANTS
from .data import NAMED
from .deepconvnet import DeepConvNet
from .lenet import LeNet
from .mlp import MLP


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
    'alexnet/strided': Architecture(VARIANTS['strided'], 224, 3, 'adam', 20),
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


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Returns the options."""
    parser = Parser(
        prog=f'python -m {__package__}.train',
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
    add(
        '--skip-unreadable',
        action='store_true',
        help='take the next image of a folder for one that cannot be read',
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
    add(
        '--device',
        type=device,
        default='@numpy',
        help='@numpy (default), or @cupy:0 for a GPU',
    )
    add(
        '--communicator',
        choices=['naive', 'flat', 'non_cuda_aware', 'pure_nccl'],
        help='train with all processes that mpiexec started (pip install '
        'mpi4py mpich): naive for CPUs, pure_nccl with a GPU each. --batchsize is that '
        'of all together',
    )
    add('--seed', type=int, default=0, help='of weights, order and crops (0)')
    add(
        '--augment',
        action='store_true',
        help='crop at random places, and mirror what is not writing',
    )
    add(
        '--doctor',
        action='store_true',
        help='watch the training, and say what is wrong with it (docs/doctor.md)',
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
    add(
        '--overwrite',
        action='store_true',
        help='begin anew in a folder that holds another training',
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


def choose(options: argparse.Namespace) -> Architecture:
    """Returns the architecture that the options name."""
    name = options.model
    return ARCHITECTURES[f'alexnet/{options.variant}' if name == 'alexnet' else name]

"""Weights of torchvision's AlexNet for `AlexNetOWT`.

    python -m models.train alexnet --variant owt --weights alexnet.pth --dataset FOLDER

starts from them. torchvision publishes the file as ``alexnet-owt-7be5be79.pth``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minigrad as mg

from .alexnet import AlexNetOWT
from .torch_file import read_torch_file

# torchvision counts the activations, poolings and dropouts between the layers too.
TORCHVISION_NAMES = {
    'conv1': 'features.0',
    'conv2': 'features.3',
    'conv3': 'features.6',
    'conv4': 'features.8',
    'conv5': 'features.10',
    'fc6': 'classifier.1',
    'fc7': 'classifier.4',
    'fc8': 'classifier.6',
}


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns the arrays of a state dict by name.

    Args:
        path: A ``.safetensors`` file, or a ``.pth`` or ``.pt`` file of PyTorch; a
            checkpoint that holds the state dict under ``'state_dict'`` will do.

    Raises:
        FileNotFoundError: There is no such file.
        UnsafeFile: The file asks for more than tensors, or is damaged.
        ValueError: The file holds no state dict.
    """
    if Path(path).suffix == '.safetensors':
        return dict(mg.serializers.read_safetensors(path))
    content = read_torch_file(path)
    if isinstance(content, dict) and isinstance(content.get('state_dict'), dict):
        content = content['state_dict']
    if not isinstance(content, dict) or not all(
        isinstance(value, np.ndarray) for value in content.values()
    ):
        raise ValueError(
            f'{os.fspath(path)}: expected a state dict, which is tensors by name\n'
            '  hint: torch.save(model.state_dict(), path)'
        )
    return dict(content)


def load_torchvision(
    path: str | os.PathLike[str], model: AlexNetOWT, skip: Sequence[str] = ()
) -> None:
    """Loads torchvision's weights into a network.

    Args:
        path: State dict of torchvision's AlexNet; see `read_state_dict`.
        model: The network; nothing of it changes unless everything fits.
        skip: Layers to leave as they are, such as ``['fc8']`` for other classes.

    Raises:
        ValueError: The file lacks an array, holds one too many, or one of another
            shape.
    """
    state = read_state_dict(path)
    params = dict(model.namedparams())
    found = {}
    for layer, theirs in TORCHVISION_NAMES.items():
        for ours, suffix in (('W', 'weight'), ('b', 'bias')):
            array = state.pop(f'{theirs}.{suffix}', None)
            if layer not in skip:
                found[f'/{layer}/{ours}'] = (f'{theirs}.{suffix}', array)
    problems = [f'{name!r} is not a part of AlexNet' for name in state]
    for name, (theirs, array) in found.items():
        shape = params[name].shape
        if array is None:
            problems.append(f'{theirs!r} is not there')
        elif array.shape != shape:
            hint = ' (another number of classes?)' if name.startswith('/fc8') else ''
            problems.append(f'{theirs!r} is {array.shape}, expected {shape}{hint}')
    if problems:
        raise ValueError(
            f"{os.fspath(path)}: not the weights of torchvision's AlexNet\n  "
            + '\n  '.join(problems)
        )
    for name, (_, array) in found.items():
        params[name].array[...] = params[name].xp.asarray(np.ascontiguousarray(array))

"""Weights of torchvision's AlexNet for `AlexNetOWT`.

    python -m models.train alexnet --variant owt --weights alexnet.pth --dataset FOLDER

starts from them. torchvision publishes the file as ``alexnet-owt-7be5be79.pth``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from minigrad.links.model.vision import foreign_weights

from .alexnet import AlexNetOWT

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


def load_torchvision(
    path: str | os.PathLike[str], model: AlexNetOWT, skip: Sequence[str] = ()
) -> None:
    """Loads torchvision's weights into a network.

    Args:
        path: State dict of torchvision's AlexNet; ``.pth`` or ``.safetensors``.
        model: The network; nothing of it changes unless everything fits.
        skip: Layers to leave as they are, such as ``['fc8']`` for other classes.

    Raises:
        SnapshotMismatch: The file lacks an array, holds one too many, or one of another
            shape, such as that of another number of classes.
    """
    names = {
        f'{layer}/{ours}': f'{theirs}.{suffix}'
        for layer, theirs in TORCHVISION_NAMES.items()
        for ours, suffix in (('W', 'weight'), ('b', 'bias'))
    }
    skipped = [names.pop(f'{layer}/{array}') for layer in skip for array in 'Wb']
    arrays = foreign_weights.read_state_dict(path)
    foreign_weights.load(model, arrays, names, path, ignored=tuple(skipped))

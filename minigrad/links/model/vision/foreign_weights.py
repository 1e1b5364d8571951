"""Weights that Caffe and torchvision published, under the names that networks have here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy

from minigrad.link import Link
from minigrad.serializers.errors import SnapshotMismatch
from minigrad.serializers.npz import NpzDeserializer, serialize
from minigrad.serializers.safetensors import read_safetensors
from minigrad.serializers.torch_file import read_torch_file
from minigrad.types import Array

# What torchvision's networks are given: RGB from 0 to 1, less a mean, over a deviation.
_MEAN = numpy.array([0.485, 0.456, 0.406])
_DEVIATION = numpy.array([0.229, 0.224, 0.225])


def read_caffemodel(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Returns the arrays of a Caffe network by the names of its layers.

    Args:
        path: The ``.caffemodel`` file.

    Returns:
        Arrays by names such as ``'conv1/W'``.

    Raises:
        DamagedFile: It is no such file.
        ImportError: The package protobuf is missing.
    """
    from minigrad.links.caffe.caffe_function import CaffeFunction

    return serialize(CaffeFunction(path))


def read_state_dict(path: str | os.PathLike[str]) -> dict[str, Array]:
    """Returns the arrays of a state dict of PyTorch by name.

    Args:
        path: A ``.safetensors`` file, or a ``.pth`` or ``.pt`` file of PyTorch; a
            checkpoint that holds the state dict under ``'state_dict'`` will do.

    Raises:
        FileNotFoundError: There is no such file.
        UnsafeFile: The file asks for more than tensors, or is damaged.
        ValueError: The file holds no state dict.
    """
    if os.fspath(path).endswith('.safetensors'):
        return dict(read_safetensors(path))
    content = read_torch_file(path)
    if isinstance(content, dict) and isinstance(content.get('state_dict'), dict):
        content = content['state_dict']
    if not isinstance(content, dict) or not all(
        isinstance(value, numpy.ndarray) for value in content.values()
    ):
        raise ValueError(
            f'{os.fspath(path)}: expected a state dict, which is tensors by name\n'
            '  hint: torch.save(model.state_dict(), path)'
        )
    return dict(content)


def load(
    model: Link,
    arrays: Mapping[str, Array],
    names: Mapping[str, str],
    path: str | os.PathLike[str],
    ignored: tuple[str, ...] = (),
) -> None:
    """Gives a model arrays that have other names; nothing changes unless all fit.

    Args:
        model: The network.
        arrays: What a file holds.
        names: The file's name of each array of the model: ``{'conv1/W':
            'features.0.weight'}``. What is not listed stays as it is.
        path: The file, for messages.
        ignored: Ends of names in the file that the model has no use for.

    Raises:
        SnapshotMismatch: The file lacks an array, holds one too many, or one of another
            shape; all of them are listed.
    """
    shapes = {name: array.shape for name, array in serialize(model).items()}
    used = set(names.values())
    problems = [
        f'{name!r} has no place in the model'
        for name in arrays
        if name not in used and not name.endswith(ignored)
    ]
    for ours, theirs in names.items():
        if theirs not in arrays:
            problems.append(f'{theirs!r} (for {ours}) is missing')
        elif arrays[theirs].shape != shapes[ours]:
            problems.append(
                f'{theirs!r} (for {ours}): expected shape {shapes[ours]}, got '
                f'{arrays[theirs].shape}'
            )
    if problems:
        raise SnapshotMismatch(
            f'{os.fspath(path)}: not the weights of {type(model).__name__}\n  '
            + '\n  '.join(problems)
        )
    found = {ours: arrays[theirs] for ours, theirs in names.items()}
    NpzDeserializer(found, strict=False).load(model)


def for_prepared_images(
    W: Array, b: Array | None, mean: tuple[float, float, float]
) -> tuple[Array, Array]:
    """Changes torchvision's first convolution to take what `prepare_image` returns.

    torchvision's networks see ``(p / 255 - m) / d`` of RGB pixels ``p``, ours ``p -
    mean`` of BGR. Both are linear in ``p``, so filters and bias take up the difference.
    At the border, where zeros are padded, what they stand for differs by at most half a
    grey level of 255.

    Args:
        W: Filters, shape ``(out, 3, kh, kw)``.
        b: Bias, or None for zeros.
        mean: What was subtracted from blue, green and red.

    Returns:
        Filters and bias, float32.

    Example:
        >>> W, b = for_prepared_images(np.ones((1, 3, 1, 1)), None, (0., 0., 0.))
        >>> W.ravel() * 255
        array([4.444444, 4.464286, 4.366812], dtype=float32)
    """
    W = numpy.asarray(W, numpy.float64) / _DEVIATION.reshape(3, 1, 1)
    shift = numpy.array(mean[::-1]) / 255 - _MEAN  # a zero of ours, seen by theirs
    extra = numpy.einsum('ockl,c->o', W, shift)
    bias = extra if b is None else b + extra
    W = numpy.ascontiguousarray(W[:, ::-1]) / 255
    return W.astype(numpy.float32), bias.astype(numpy.float32)


def batch_normalization_names(ours: str, theirs: str) -> dict[str, str]:
    """Returns torchvision's names of what a batch normalization holds."""
    pairs: dict[str, Any] = {
        'gamma': 'weight',
        'beta': 'bias',
        'avg_mean': 'running_mean',
        'avg_var': 'running_var',
    }
    return {f'{ours}/{our}': f'{theirs}.{their}' for our, their in pairs.items()}

"""Saving and loading in tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any


def save_and_load(
    src: Any,
    dst: Any,
    filename: str,
    saver: Callable[[str, Any], Any],
    loader: Callable[[str, Any], Any],
) -> None:
    """Saves one object to a temporary file and loads another from it.

    Args:
        src: What to save.
        dst: What to load into.
        filename: Name of the file.
        saver: Called with the path and ``src``.
        loader: Called with the path and ``dst``.

    Source: compatible with chainer.testing.save_and_load.

    Example:
        >>> model, other = L.Linear(3, 2), L.Linear(3, 2)
        >>> from minigrad.serializers import load_npz, save_npz
        >>> minigrad.testing.save_and_load(model, other, 'model.npz', save_npz, load_npz)
        >>> (model.W.array == other.W.array).all()
        np.True_
    """
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, filename)
        saver(path, src)
        loader(path, dst)


def save_and_load_npz(src: Any, dst: Any) -> None:
    """Copies the state of ``src`` to ``dst`` through an NPZ file.

    Args:
        src: What to save.
        dst: What to load into.

    Source: compatible with chainer.testing.save_and_load_npz.

    Example:
        >>> a, b = L.Linear(3, 2), L.Linear(3, 2)
        >>> minigrad.testing.save_and_load_npz(a, b)
        >>> bool((a.W.array == b.W.array).all())
        True
    """
    from minigrad.serializers import load_npz, save_npz

    save_and_load(src, dst, 'tmp.npz', save_npz, load_npz)


def save_and_load_hdf5(src: Any, dst: Any) -> None:
    """Copies the state of ``src`` to ``dst`` through an HDF5 file.

    Args:
        src: What to save.
        dst: What to load into.

    Source: compatible with chainer.testing.save_and_load_hdf5.

    Example:
        >>> model, other = L.Linear(3, 2), L.Linear(3, 2)
        >>> minigrad.testing.save_and_load_hdf5(model, other)
        >>> (model.W.array == other.W.array).all()
        np.True_
    """
    from minigrad.serializers import load_hdf5, save_hdf5

    save_and_load(src, dst, 'tmp.h5', save_hdf5, load_hdf5)

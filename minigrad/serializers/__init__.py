"""Saving objects to files and loading them again.

>>> import os, tempfile
>>> path = os.path.join(tempfile.mkdtemp(), 'model.npz')
>>> minigrad.serializers.save_npz(path, L.Linear(3, 2))
>>> minigrad.serializers.load_npz(path, L.Linear(3, 2))
"""

from minigrad.serializers.atomic import atomic_write
from minigrad.serializers.errors import (
    DamagedFile,
    MissingEntry,
    SnapshotError,
    SnapshotMismatch,
    UnsafeFile,
    WrongEntryType,
)
from minigrad.serializers.hdf5 import (
    HDF5Deserializer,
    HDF5Serializer,
    load_hdf5,
    save_hdf5,
)
from minigrad.serializers.npz import (
    DictionarySerializer,
    NpzDeserializer,
    load_npz,
    save_npz,
    serialize,
)
from minigrad.serializers.random_state import random_state_to_array, set_random_state
from minigrad.serializers.safetensors import (
    load_safetensors,
    read_safetensors,
    save_safetensors,
)
from minigrad.serializers.torch_file import read_torch_file

__all__ = [
    'DamagedFile',
    'DictionarySerializer',
    'HDF5Deserializer',
    'HDF5Serializer',
    'MissingEntry',
    'NpzDeserializer',
    'SnapshotError',
    'SnapshotMismatch',
    'UnsafeFile',
    'WrongEntryType',
    'atomic_write',
    'load_hdf5',
    'load_npz',
    'load_safetensors',
    'random_state_to_array',
    'read_safetensors',
    'read_torch_file',
    'save_hdf5',
    'save_npz',
    'save_safetensors',
    'serialize',
    'set_random_state',
]

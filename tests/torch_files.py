"""Writing what ``torch.save`` writes, and what it never would, without PyTorch."""

import io
import pickle
import zipfile
from collections import OrderedDict


class Named:
    """Is pickled as a global name."""

    def __init__(self, name):
        self.name = name


class Call:
    """Is pickled as a call."""

    def __init__(self, name, *args):
        self.name = name
        self.args = args


class Storage:
    def __init__(self, kind, key, size):
        self.saved_id = ('storage', Named(f'torch {kind}'), key, 'cpu', size)


class TorchPickler(pickle._Pickler):
    """Writes what torch.save writes, with names that need not exist here."""

    def persistent_id(self, obj):
        return obj.saved_id if isinstance(obj, Storage) else None

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Named):
            module, name = obj.name.split(' ')
            self.write(pickle.GLOBAL + f'{module}\n{name}\n'.encode())
        elif isinstance(obj, Call):
            self.save(Named(obj.name))
            self.save(obj.args)
            self.write(pickle.REDUCE)
        else:
            super().save(obj, save_persistent_id)


def tensor(kind, key, size, offset, shape, strides):
    return rebuild(Storage(kind, key, size), offset, shape, strides)


def rebuild(storage, offset, shape, strides):
    return Call(
        'torch._utils _rebuild_tensor_v2',
        storage, offset, shape, strides, False, OrderedDict(),
    )  # fmt: skip


def dump(content):
    stream = io.BytesIO()
    TorchPickler(stream, 2).dump(content)
    return stream.getvalue()


def write(path, content, storages, byteorder=b'little', compression=zipfile.ZIP_STORED):
    """Writes an archive; ``content`` is an object, or a whole pickle as bytes."""
    pickled = content if isinstance(content, bytes) else dump(content)
    with zipfile.ZipFile(path, 'w', compression) as archive:
        archive.writestr('archive/data.pkl', pickled)
        archive.writestr('archive/byteorder', byteorder)
        for key, array in storages.items():
            archive.writestr(f'archive/data/{key}', array.tobytes())
    return path


def write_stream(path, content, storages):
    """Writes the older format; its storages have a sixth item, None."""
    for storage in storages:
        storage.saved_id = (*storage.saved_id[:5], None)
    head = {'little_endian': True, 'protocol_version': 1001, 'type_sizes': {}}
    with open(path, 'wb') as file:
        for part in (0x1950A86A20F9469CFC6C, 1001, head, content):
            file.write(dump(part))
        file.write(dump([storage.saved_id[2] for storage in storages]))
        for array in storages.values():
            file.write(array.size.to_bytes(8, 'little') + array.tobytes())
    return path

"""Files of PyTorch, and files that are not what they seem."""

import ast
import os
import pickle
import re
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from minigrad.serializers import (
    DamagedFile,
    UnsafeFile,
    read_torch_file,
    torch_file,
)
from tests.torch_files import Call, Storage, rebuild, tensor, write, write_stream


def test_reads_tensors_of_every_type_and_layout(tmp_path):
    numbers = np.arange(12, dtype='f4')
    path = write(
        tmp_path / 'a.pth',
        OrderedDict(
            a=tensor('FloatStorage', '0', 12, 0, (3, 4), (4, 1)),
            transposed=tensor('FloatStorage', '0', 12, 0, (4, 3), (1, 4)),
            part=tensor('FloatStorage', '0', 12, 5, (2,), (2,)),
            scalar=tensor('LongStorage', '1', 1, 0, (), ()),
            empty=tensor('HalfStorage', '2', 0, 0, (0, 3), (3, 1)),
            epoch=7,
        ),
        {'0': numbers, '1': np.array([5]), '2': np.zeros(0, 'f2')},
    )
    content = read_torch_file(path)
    np.testing.assert_array_equal(content['a'], numbers.reshape(3, 4))
    np.testing.assert_array_equal(content['transposed'], numbers.reshape(3, 4).T)
    np.testing.assert_array_equal(content['part'], [5, 7])
    assert content['scalar'] == 5
    assert content['scalar'].dtype == np.int64
    assert content['empty'].shape == (0, 3)
    assert content['epoch'] == 7


def test_big_endian(tmp_path):
    path = write(
        tmp_path / 'a.pth',
        tensor('FloatStorage', '0', 2, 0, (2,), (1,)),
        {'0': np.array([1.5, -2.0], '>f4')},
        b'big',
    )
    np.testing.assert_array_equal(read_torch_file(path), [1.5, -2.0])


@pytest.mark.parametrize(
    'name',
    ['os system', 'builtins eval', 'torch load', 'torch.nn Linear', 'numpy load'],
)
def test_refuses_to_call_anything_else(tmp_path, name):
    mark = tmp_path / 'executed'
    path = write(tmp_path / 'bad.pth', Call(name, f'touch {mark}'), {})
    with pytest.raises(UnsafeFile, match=f'refused.*{name.replace(" ", ".")}'):
        read_torch_file(path)
    assert not mark.exists()


def test_refuses_malicious_pickle_of_the_standard_library(tmp_path):
    mark = tmp_path / 'executed'

    class Evil:
        def __reduce__(self):
            return os.system, (f'touch {mark}',)

    path = tmp_path / 'bad.pth'
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UnsafeFile, match=r'bad\.pth.*refused.*system'):
        read_torch_file(path)
    assert not mark.exists()


def test_storage_types_cannot_be_called(tmp_path):
    path = write(tmp_path / 'bad.pth', Call('torch FloatStorage', 10**12), {})
    with pytest.raises(UnsafeFile, match='not callable'):
        read_torch_file(path)


@pytest.mark.parametrize(
    ('offset', 'shape', 'strides'),
    [
        (0, (5,), (1,)),  # behind the end
        (3, (2,), (1,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (-1, -1), (1, 1)),
        (0, (10**9,), (0,)),  # a small file that fills the memory
        (0, (2, 2), (1,)),
    ],
)
def test_refuses_tensors_outside_of_their_storage(tmp_path, offset, shape, strides):
    content = tensor('FloatStorage', '0', 4, offset, shape, strides)
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(4, 'f4')})
    with pytest.raises(UnsafeFile, match=r'bad\.pth'):
        read_torch_file(path)


def test_refuses_storage_of_another_size(tmp_path):
    content = tensor('FloatStorage', '0', 4, 0, (4,), (1,))
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(3, 'f4')})
    with pytest.raises(UnsafeFile, match='expected a storage of 16 bytes, got 12'):
        read_torch_file(path)


@pytest.mark.parametrize('content', [b'', b'PK', b'hello', pickle.dumps([1, 2])])
def test_refuses_other_files(tmp_path, content):
    path = tmp_path / 'bad.pth'
    path.write_bytes(content)
    with pytest.raises(UnsafeFile, match=r'bad\.pth'):
        read_torch_file(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_torch_file(tmp_path / 'none.pth')


def tensor_of(numbers, key):
    """An int64 tensor with these numbers, and its storage."""
    size = len(numbers)
    return tensor('LongStorage', key, size, 0, (size,), (1,)), np.array(numbers)


def test_refuses_a_tensor_in_place_of_a_storage(tmp_path):
    # A long view of the last number passed for a storage of 64: 63 foreign floats.
    view = tensor('FloatStorage', '0', 64, 63, (64,), (0,))
    content = {'w': rebuild(view, 0, (64,), (1,))}
    path = write(tmp_path / 'bad.pth', content, {'0': np.full(64, 7, 'f4')})
    with pytest.raises(UnsafeFile, match=r'bad\.pth.*something else than a storage'):
        read_torch_file(path)


@pytest.mark.parametrize('place', ['offset', 'shape', 'strides'])
def test_refuses_tensors_in_place_of_numbers(tmp_path, place):
    # (2 ** 62 + 2 ** 40 - 1) * 3 overflows an int64 to a small number.
    shape, sizes = tensor_of([2**62 + 2**40], '1')
    strides, steps = tensor_of([3], '2')
    given = {'offset': 0, 'shape': (1,), 'strides': (1,)}
    given[place] = shape if place == 'shape' else strides
    content = rebuild(Storage('ByteStorage', '0', 8), *given.values())
    storages = {'0': np.full(8, 7, 'u1'), '1': sizes, '2': steps}
    path = write(tmp_path / 'bad.pth', content, storages)
    with pytest.raises(UnsafeFile, match='whole numbers'):
        read_torch_file(path)


@pytest.mark.parametrize('wrong', [True, 1.0, '1', None, (1,)])
def test_numbers_of_tensors_are_plain_whole_numbers(tmp_path, wrong):
    content = tensor('FloatStorage', '0', 4, 0, (wrong,), (1,))
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(4, 'f4')})
    with pytest.raises(UnsafeFile, match='whole numbers'):
        read_torch_file(path)


@pytest.mark.parametrize('size', [-1, 1.0, True, None])
def test_size_of_a_storage_is_a_plain_whole_number(tmp_path, size):
    content = tensor('FloatStorage', '0', size, 0, (1,), (1,))
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(1, 'f4')})
    with pytest.raises(UnsafeFile, match='what is no storage'):
        read_torch_file(path)


def test_huge_steps_along_axes_of_one_element(tmp_path):
    content = tensor('FloatStorage', '0', 2, 0, (1, 2), (2**80, 1))
    path = write(tmp_path / 'a.pth', content, {'0': np.array([1, 2], 'f4')})
    np.testing.assert_array_equal(read_torch_file(path), [[1, 2]])


def push(text):
    return b'X' + struct.pack('<I', len(text)) + text.encode()


REBUILD = b'ctorch._utils\n_rebuild_tensor_v2\n'
ONE = (
    REBUILD + b'((' + push('storage') + b'ctorch\nFloatStorage\n' + push('0')
    + push('cpu') + b'K\x01tQK\x00K\x01\x85K\x01\x85tR'
)  # fmt: skip
CRAFTED = {
    # state of a function: its defaults and code could be set
    'function': REBUILD + b'}' + push('__defaults__') + b')sb.',
    'slots': REBUILD + b'N}' + push('__defaults__') + b')s\x86b.',
    # state of an array: numpy.ndarray.__setstate__
    'array': ONE + b'(K\x01K\x01\x85NNNtb.',
    'storage type': b'ctorch\nFloatStorage\n}' + push('dtype') + push('f8') + b'sb.',
    'new object': b'ccollections\nOrderedDict\n)\x81.',
    'registered extension': b'\x82\x01.',
    'persistent name': b'Pstorage\n.',
    'array in a list': ONE + b'K\x01a.',
    'array as a dictionary': ONE + b'K\x00K\x01s.',
    'array as a function': ONE + b')R.',
    'array as a key': b'}' + ONE + b'K\x01s.',
    # The hash of nested tuples recurses until the process ends.
    'nested key': b'})' + b'\x85' * 1_000_000 + b'K\x01s.',
    'nested value in a call': REBUILD + b')' + b'\x85' * 100_000 + b'R.',
    'no beginning of a list': b't.',
    'an end in a list': b'(.',
    'no end': b'K\x01',
    'nothing': b'.',
    'unknown number in the memo': b'h\x07.',
    'a name that is no text': b'K\x01K\x02\x93.',
    'ordered dictionary of a number': b'ccollections\nOrderedDict\nK\x05\x85R.',
    'ordered dictionary of triples': b'ccollections\nOrderedDict\n](]K\x01aeR.',
}


@pytest.mark.parametrize('what', sorted(CRAFTED))
def test_refuses_other_instructions(tmp_path, what):
    path = tmp_path / 'bad.pth'
    write(path, b'\x80\x02' + CRAFTED[what], {'0': np.zeros(1, 'f4')})
    rebuild = torch_file._rebuild_tensor
    before = rebuild.__defaults__, rebuild.__code__, dict(vars(rebuild))
    with pytest.raises(UnsafeFile, match=r'bad\.pth'):
        read_torch_file(path)
    assert before == (rebuild.__defaults__, rebuild.__code__, dict(vars(rebuild)))


@pytest.mark.parametrize(
    ('name', 'code'),
    [
        ('EXT1', b'\x82\x01'),
        ('NEWOBJ', ONE + b')\x81'),
        ('POP', b'K\x01K\x020'),
        ('DUP', b'K\x012\x86'),
        ('POP_MARK', b'](K\x011'),
    ],
)
def test_names_the_instruction_that_it_refuses(tmp_path, name, code):
    path = tmp_path / 'bad.pth'
    write(path, b'\x80\x02' + code + b'.', {'0': np.zeros(1, 'f4')})
    with pytest.raises(UnsafeFile, match=f'the instruction {name}, which'):
        read_torch_file(path)


PLAIN = {'a': [1, 2.5, True], 'b': ('x', None, False, (1, 2), (3,), ()), 'c': b'y'}


@pytest.mark.parametrize('protocol', [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    'value',
    [
        PLAIN,
        {},
        [],
        [PLAIN, PLAIN],
        [[i] for i in range(2000)],
        {str(i): -i for i in range(2000)},
        [2**15, 2**31 - 1, 2**40, -1, 255, 256, 'x' * 300, 'ü', (1, 2, 3, 4)],
    ],
)
def test_plain_values_are_what_pythons_unpickler_makes(tmp_path, protocol, value):
    if protocol < 3:  # bytes would be a call there
        value = ast.literal_eval(repr(value).replace("b'y'", "'y'"))
    path = tmp_path / 'a.pth'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a/data.pkl', pickle.dumps(value, protocol))
        archive.writestr('a/byteorder', 'little')
    assert read_torch_file(path) == value


@pytest.mark.parametrize(
    'code',
    [
        b'(' + push('a') + b'K\x01' + push('b') + b'K\x02d.',
        b'(K\x01K\x02K\x03l.',
        b'(K\x01(K\x02lK\x03t.',
        b'(d(' + push('a') + b'K\x01u' + push('b') + b'K\x02s.',
        b'](K\x01K\x02eK\x03a.',
    ],
)
def test_every_instruction_does_what_pythons_unpickler_does(tmp_path, code):
    path = tmp_path / 'a.pth'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('a/data.pkl', b'\x80\x02' + code)
        archive.writestr('a/byteorder', 'little')
    assert read_torch_file(path) == pickle.loads(code)


@pytest.mark.parametrize(
    ('length', 'shown'),
    [(8, f'{"x" * 8}.f'), (98, f'{"x" * 98}.f'), (500, f'{"x" * 100}...')],
)
def test_what_it_refuses_is_named_in_a_line(tmp_path, length, shown):
    path = tmp_path / 'bad.pth'
    code = b'c' + b'x' * length + b'\nf\n.'
    write(path, b'\x80\x02' + code, {'0': np.zeros(1, 'f4')})
    with pytest.raises(UnsafeFile) as error:
        read_torch_file(path)
    (named,) = re.findall(r'asks for (x[^ ]*),', str(error.value))
    assert named == shown


def test_a_high_number_in_the_memo_takes_no_memory(tmp_path):
    # The memo of Python's unpickler is an array: 16 GiB for 9 bytes.
    path = tmp_path / 'small.pth'
    path.write_bytes(b'\x80\x02Nr\xff\xff\xff\x7f.')
    with pytest.raises(UnsafeFile, match=r'small\.pth.*damaged'):
        read_torch_file(path)


@pytest.mark.parametrize('length', [2**31, 2**63, 2**64 - 1])
def test_a_long_text_takes_no_memory(tmp_path, length):
    path = tmp_path / 'small.pth'
    path.write_bytes(b'\x80\x04\x8d' + struct.pack('<Q', length) + b'a.')
    with pytest.raises(UnsafeFile, match=r'small\.pth'):
        read_torch_file(path)


def test_refuses_compressed_storages(tmp_path):
    size = 1 << 22
    content = tensor('ByteStorage', '0', size, 0, (size,), (1,))
    storages = {'0': np.zeros(size, 'u1')}
    path = write(
        tmp_path / 'bad.pth', content, storages, compression=zipfile.ZIP_DEFLATED
    )
    assert path.stat().st_size < 10_000
    with pytest.raises(UnsafeFile, match='is compressed, which PyTorch never does'):
        read_torch_file(path)


def test_refuses_members_that_share_their_bytes(tmp_path):
    # Many names for one part of the file: each would take memory of its own.
    size, count = 100_000, 20
    content = [tensor('ByteStorage', str(i), size, 0, (), ()) for i in range(count)]
    path = write(tmp_path / 'bad.pth', content, {'0': np.zeros(size, 'u1')})
    with zipfile.ZipFile(path, 'a') as archive:
        first = archive.getinfo('archive/data/0')
        for i in range(1, count):
            other = zipfile.ZipInfo(f'archive/data/{i}')
            for name in ('header_offset', 'file_size', 'compress_size', 'CRC'):
                setattr(other, name, getattr(first, name))
            archive.filelist.append(other)
        archive._didModify = True
    with pytest.raises(UnsafeFile, match=r'bad\.pth'):
        read_torch_file(path)


def test_a_storage_of_the_older_format_is_no_larger_than_the_file(tmp_path):
    big = Storage('DoubleStorage', '0', 10**12)
    content = rebuild(big, 0, (1,), (1,))
    path = write_stream(tmp_path / 'bad.pth', content, {big: np.zeros(1)})
    with pytest.raises(UnsafeFile, match='larger than the file'):
        read_torch_file(path)


def test_older_format(tmp_path):
    storage = Storage('FloatStorage', '0', 3)
    content = rebuild(storage, 1, (2,), (1,))
    path = write_stream(
        tmp_path / 'a.pth', content, {storage: np.array([1, 2, 3], 'f4')}
    )
    np.testing.assert_array_equal(read_torch_file(path), [2, 3])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UnsafeFile, match=r'a\.pth.*cut short'):
        read_torch_file(path)


def test_what_older_files_hold(tmp_path):
    # Python 2 wrote the pairs of an ordered dictionary, and PyTorch its parameters, so.
    array = tensor('FloatStorage', '0', 2, 0, (2,), (1,))
    parameter = Call('torch._utils _rebuild_parameter', array, True, OrderedDict())
    content = Call('collections OrderedDict', [['w', parameter]])
    path = write(tmp_path / 'a.pth', content, {'0': np.array([1, 2], 'f4')})
    assert list(read_torch_file(path)) == ['w']
    np.testing.assert_array_equal(read_torch_file(path)['w'], [1, 2])


def test_arrays_are_in_the_byte_order_of_the_machine(tmp_path):
    content = tensor('FloatStorage', '0', 2, 0, (2,), (1,))
    storages = {'0': np.array([1.5, -2.0], '>f4')}
    path = write(tmp_path / 'a.pth', content, storages, b'big')
    assert read_torch_file(path).dtype.isnative


def test_damaged_numbers_are_noticed(tmp_path):
    content = tensor('FloatStorage', '0', 2, 0, (2,), (1,))
    path = write(tmp_path / 'a.pth', content, {'0': np.array([1.5, -2.0], 'f4')})
    raw = path.read_bytes()
    path.write_bytes(raw.replace(np.float32(1.5).tobytes(), np.float32(1.25).tobytes()))
    with pytest.raises(DamagedFile, match='CRC'):
        read_torch_file(path)


@pytest.mark.torch
@pytest.mark.parametrize('zipped', [True, False])
def test_reads_what_pytorch_writes(tmp_path, zipped):
    torch = pytest.importorskip('torch', reason='PyTorch is not installed')
    model = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2, 4, 4)).sum().backward()
    optimizer.step()
    state = {'model': model.state_dict(), 'optimizer': optimizer.state_dict()}
    state['layer'] = dict(model.named_parameters())
    path = tmp_path / 'a.pth'
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    content = read_torch_file(path)
    for part, expected in (('model', model.state_dict()), ('layer', state['layer'])):
        assert list(content[part]) == list(expected)
        for name, value in expected.items():
            np.testing.assert_array_equal(content[part][name], value.detach().numpy())
    assert content['optimizer']['param_groups'][0]['betas'] == (0.9, 0.999)

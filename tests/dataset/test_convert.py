import pickle

import numpy
import pytest

import minigrad.functions as F
from minigrad import backend, dataset


def test_arrays_get_a_new_first_axis():
    arrays = [numpy.full((2, 3), i, 'f') for i in range(4)]
    result = dataset.concat_examples(arrays)
    assert result.shape == (4, 2, 3)
    assert result.dtype == numpy.float32
    numpy.testing.assert_array_equal(result[:, 0, 0], [0, 1, 2, 3])


def test_tuples_and_dictionaries_keep_their_structure():
    batch = [(numpy.ones(2), numpy.int32(3)), (numpy.zeros(2), numpy.int32(4))]
    x, t = dataset.concat_examples(batch)
    numpy.testing.assert_array_equal(x, [[1, 1], [0, 0]])
    assert t.dtype == numpy.int32
    assert t.tolist() == [3, 4]

    named = dataset.concat_examples([{'x': 1.5, 't': 0}, {'x': 2.5, 't': 1}])
    assert list(named) == ['x', 't']
    assert named['x'].dtype == numpy.float64
    assert named['t'].dtype == numpy.int64


@pytest.mark.parametrize('device', [None, -1, '@numpy', backend.CpuDevice()])
def test_devices_on_the_cpu(device):
    result = dataset.concat_examples([1, 2, 3], device)
    assert isinstance(result, numpy.ndarray)
    assert result.tolist() == [1, 2, 3]


def test_padding_fills_to_the_largest_of_each_axis():
    arrays = [numpy.ones((3, 4)), numpy.ones((2, 5)), numpy.ones((4, 3))]
    result = dataset.concat_examples(arrays, padding=-1)
    assert result.shape == (3, 4, 5)
    assert (result[0, :3, :4] == 1).all()
    assert (result[0, 3:] == -1).all()
    assert (result[1, :, 5:] == -1).all()
    assert result[2, :4, :3].sum() == 12


def test_padding_per_place():
    batch = [(numpy.ones(1), numpy.ones(2)), (numpy.ones(2), numpy.ones(1))]
    x, y = dataset.concat_examples(batch, padding=(7, 8))
    assert x.tolist() == [[1, 7], [1, 1]]
    assert y.tolist() == [[1, 1], [1, 8]]
    named = [{'a': numpy.ones(1)}, {'a': numpy.ones(2)}]
    assert dataset.concat_examples(named, padding={'a': 5})['a'][0].tolist() == [1, 5]


def test_padding_of_numbers_changes_nothing():
    assert dataset.concat_examples([1, 2], padding=0).tolist() == [1, 2]


@pytest.mark.parametrize(
    ('dtype', 'padding'),
    [('u1', -1), ('u1', 256), ('i4', 0.5), ('i8', float('nan')), ('?', 2), ('e', 1e6)],
)
def test_padding_that_the_dtype_cannot_hold(dtype, padding):
    arrays = [numpy.ones(1, dtype), numpy.ones(2, dtype)]
    with pytest.raises(ValueError, match=f'{numpy.dtype(dtype)} can hold, got'):
        dataset.concat_examples(arrays, padding=padding)
    with pytest.raises(ValueError, match=f'{numpy.dtype(dtype)} can hold, got'):
        F.pad_sequence(arrays, padding=padding)


@pytest.mark.parametrize(
    ('dtype', 'padding'),
    [('u1', 255), ('i4', 2.0), ('?', 1), ('f', 0.1), ('f', -numpy.inf), ('e', 6e4)],
)
def test_padding_that_it_holds(dtype, padding):
    arrays = [numpy.ones(1, dtype), numpy.ones(2, dtype)]
    padded = dataset.concat_examples(arrays, padding=padding)
    assert padded.tolist() == [[1, numpy.array(padding, dtype)], [1, 1]]
    assert F.pad_sequence(arrays, padding=padding).array.tolist() == padded.tolist()


def test_pad_with_what_the_dtype_cannot_hold():
    with pytest.raises(ValueError, match='pad: expected a padding that float16 can'):
        F.pad(numpy.ones(2, 'e'), 1, 'constant', constant_values=1e9)


def test_empty_batch():
    with pytest.raises(ValueError, match='batch is empty'):
        dataset.concat_examples([])


@pytest.mark.parametrize(
    'batch',
    [
        [(0, numpy.ones(2)), (0, numpy.ones(2)), (0, numpy.ones(3))],
        [(0, [1, 2]), (0, [1, 2]), (0, [1, 2, 3])],
    ],
)
def test_different_shapes_are_named(batch):
    with pytest.raises(ValueError, match=r'example\[1\] has different shapes') as error:
        dataset.concat_examples(batch)
    assert '(2,) in example 0, (3,) in example 2' in str(error.value)
    assert 'padding=' in str(error.value)


def test_converter_turns_the_device_into_a_device():
    @dataset.converter()
    def collect(batch, device):
        return batch, device

    assert isinstance(collect, dataset.Converter)
    assert collect([1], -1) == ([1], backend.CpuDevice())
    assert collect([1], device='@numpy') == ([1], backend.CpuDevice())
    assert collect([1], None) == ([1], None)
    with pytest.raises(TypeError, match='got int'):
        dataset.converter()(3)


def test_concat_examples_is_a_converter_and_can_be_sent():
    assert isinstance(dataset.concat_examples, dataset.Converter)
    copy = pickle.loads(pickle.dumps(dataset.concat_examples))
    assert copy is dataset.concat_examples


def test_a_converter_must_define_call():
    with pytest.raises(NotImplementedError, match='Mine must define __call__'):
        type('Mine', (dataset.Converter,), {})()([], None)


def test_to_device():
    x = numpy.ones(2)
    assert dataset.to_device(None, x) is x
    assert dataset.to_device(-1, x) is x

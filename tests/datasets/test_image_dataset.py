import importlib
import pickle
import zipfile

import numpy
import pytest

from minigrad import datasets

Image = pytest.importorskip('PIL.Image', reason='images need Pillow')


@pytest.fixture
def folder(tmp_path):
    rng = numpy.random.RandomState(0)
    for i in range(3):
        pixels = rng.randint(0, 256, (4, 5, 3), dtype=numpy.uint8)
        Image.fromarray(pixels).save(tmp_path / f'{i}.png')
    Image.fromarray(pixels[..., 0]).save(tmp_path / 'grey.png')
    (tmp_path / 'paths.txt').write_text('0.png\ngrey.png\n')
    (tmp_path / 'pairs.txt').write_text('0.png 7\n2.png 3\n')
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.write(tmp_path / '0.png', '0.png')
        archive.write(tmp_path / '2.png', '2.png')
    with zipfile.ZipFile(tmp_path / 'b.zip', 'w') as archive:
        archive.write(tmp_path / '1.png', '1.png')
    return tmp_path


def pixels(path):
    with Image.open(path) as image:
        return numpy.asarray(image)


def test_colour_and_grey(folder):
    d = datasets.ImageDataset(['0.png', 'grey.png'], root=str(folder))
    assert len(d) == 2
    assert d[0].dtype == numpy.float32
    numpy.testing.assert_array_equal(d[0], pixels(folder / '0.png').transpose(2, 0, 1))
    assert d[1].shape == (1, 4, 5)


def test_paths_from_a_file(folder):
    d = datasets.ImageDataset(str(folder / 'paths.txt'), str(folder), numpy.uint8)
    assert [x.shape for x in d[:]] == [(3, 4, 5), (1, 4, 5)]
    assert d[0].dtype == numpy.uint8


def test_labels(folder):
    for pairs in ([('0.png', 7), ('2.png', 3)], str(folder / 'pairs.txt')):
        d = datasets.LabeledImageDataset(pairs, str(folder), label_dtype=numpy.int64)
        image, label = d[1]
        numpy.testing.assert_array_equal(
            image, pixels(folder / '2.png').transpose(2, 0, 1)
        )
        assert (label.dtype, label.shape, int(label)) == (numpy.int64, (), 3)


def test_a_line_that_is_no_pair(folder):
    path = folder / 'wrong.txt'
    path.write_text('0.png 1\n1.png\n')
    with pytest.raises(ValueError, match=r"line 2 in file .*wrong.txt.*got '1.png'"):
        datasets.LabeledImageDataset(str(path))


def test_zipped(folder):
    d = datasets.ZippedImageDataset(str(folder / 'a.zip'))
    assert len(d) == 2
    expected = pixels(folder / '2.png').transpose(2, 0, 1)
    numpy.testing.assert_array_equal(d[1], expected)
    numpy.testing.assert_array_equal(d.get_example('2.png'), expected)
    numpy.testing.assert_array_equal(pickle.loads(pickle.dumps(d))[1], expected)


def test_several_zip_files(folder):
    d = datasets.MultiZippedImageDataset([str(folder / n) for n in ('a.zip', 'b.zip')])
    assert len(d) == 3
    for i, name in enumerate(('0.png', '2.png', '1.png')):
        numpy.testing.assert_array_equal(d[i], pixels(folder / name).transpose(2, 0, 1))
    with pytest.raises(IndexError, match='no example 3; expected -3 <= index < 3'):
        d[3]


def test_zipped_with_labels(folder):
    d = datasets.LabeledZippedImageDataset(
        str(folder / 'a.zip'), str(folder / 'pairs.txt')
    )
    assert len(d) == 2
    image, label = d[0]
    assert int(label) == 7
    numpy.testing.assert_array_equal(image, pixels(folder / '0.png').transpose(2, 0, 1))


def test_without_pillow(monkeypatch):
    def no_module(name):
        raise ImportError('No module named PIL')

    monkeypatch.setattr(importlib, 'import_module', no_module)
    with pytest.raises(ImportError, match='Install Pillow') as error:
        datasets.ImageDataset([])
    assert 'pip install pillow' in str(error.value)

"""Files of datasets that cannot be read: the text says which, where and why."""

import gzip
import io
import pickle
import zipfile

import numpy
import pytest

from minigrad import datasets
from minigrad.dataset import DatasetError, UnreadableFile
from minigrad.datasets import cifar, data_file, ptb
from minigrad.datasets.data_file import DataFile
from minigrad.datasets.idx import parse_idx

Image = pytest.importorskip('PIL.Image', reason='Pillow is not installed')


@pytest.fixture
def folder(tmp_path):
    for i in range(3):
        Image.new('RGB', (4, 3), (i, 0, 0)).save(tmp_path / f'{i}.png')
    whole = (tmp_path / '1.png').read_bytes()
    (tmp_path / '1.png').write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        for i in range(3):
            archive.write(tmp_path / f'{i}.png', f'in/{i}.png')
    (tmp_path / 'pairs.txt').write_text('0.png 5\n1.png 6\n2.png 7\n')
    (tmp_path / 'zipped.txt').write_text('in/0.png 5\nin/1.png 6\nin/9.png 7\n')
    return tmp_path


def make(folder, kind, **options):
    if kind == 'images':
        names = ['0.png', '1.png', '2.png']
        return datasets.ImageDataset(names, str(folder), **options)
    if kind == 'labelled':
        pairs = str(folder / 'pairs.txt')
        return datasets.LabeledImageDataset(pairs, str(folder), **options)
    if kind == 'zipped':
        return datasets.ZippedImageDataset(str(folder / 'a.zip'), **options)
    if kind == 'several':
        return datasets.MultiZippedImageDataset([str(folder / 'a.zip')], **options)
    return datasets.LabeledZippedImageDataset(
        str(folder / 'a.zip'), str(folder / 'zipped.txt'), **options
    )


KINDS = ['images', 'labelled', 'zipped', 'several', 'zipped and labelled']


@pytest.mark.parametrize('kind', KINDS)
class TestImages:
    def test_the_error_names_the_image(self, folder, kind):
        dataset = make(folder, kind)
        with pytest.raises(UnreadableFile, match=r'1\.png: cannot be read') as error:
            dataset[1]
        assert str(folder) in str(error.value)
        assert 'skip_unreadable=True' in str(error.value)
        assert isinstance(error.value, (DatasetError, OSError))

    def test_or_the_next_one_is_taken(self, folder, kind):
        dataset = make(folder, kind, skip_unreadable=True)
        with pytest.warns(UserWarning, match='passed over') as warned:
            example = dataset[1]
        assert '1.png' in str(warned[0].message)
        image = example[0] if isinstance(example, tuple) else example
        # In the last kind image 2 is not there, and 0 comes after it.
        is_last = kind == 'zipped and labelled'
        assert image[0, 0, 0] == (0 if is_last else 2)
        assert len(warned) == (2 if is_last else 1)
        if isinstance(example, tuple):
            assert example[1] == (5 if is_last else 7)

    def test_unless_there_is_none(self, folder, kind):
        for i in (0, 2):
            (folder / f'{i}.png').write_bytes(b'')
        with zipfile.ZipFile(folder / 'a.zip', 'w') as archive:
            for i in range(3):
                archive.writestr(f'in/{i}.png', b'')
        dataset = make(folder, kind, skip_unreadable=True)
        with (
            pytest.warns(UserWarning, match='passed over'),
            pytest.raises(UnreadableFile, match='cannot be read'),
        ):
            dataset[0]


class TestZipFiles:
    @pytest.mark.parametrize('content', [b'', b'PK', b'hello'])
    def test_no_zip_file(self, tmp_path, content):
        (tmp_path / 'a.zip').write_bytes(content)
        with pytest.raises(UnreadableFile, match=r'a\.zip: not a zip file'):
            datasets.ZippedImageDataset(str(tmp_path / 'a.zip'))

    def test_a_name_that_is_not_there(self, folder):
        dataset = datasets.ZippedImageDataset(str(folder / 'a.zip'))
        with pytest.raises(UnreadableFile, match=r'a\.zip: no\.png: .*not there'):
            dataset['no.png']

    def test_a_small_file_that_unfolds_to_gigabytes(self, tmp_path):
        with (
            zipfile.ZipFile(tmp_path / 'a.zip', 'w', zipfile.ZIP_DEFLATED) as archive,
            archive.open('a.png', 'w') as member,
        ):
            for _ in range(80):
                member.write(bytes(1 << 20))
        with pytest.raises(UnreadableFile, match='unfolds to 83886080 bytes'):
            datasets.ZippedImageDataset(str(tmp_path / 'a.zip'))[0]


class TestLabelFiles:
    @pytest.mark.parametrize('line', ['b.png', 'b.png x', 'b.png 1.5', 'a b 1', ''])
    def test_the_line_is_named(self, tmp_path, line):
        path = tmp_path / 'pairs.txt'
        path.write_text(f'a.png 1\n{line}\nc.png 2\n')
        with pytest.raises(UnreadableFile, match=r'line 2 in file .*pairs\.txt') as e:
            datasets.LabeledImageDataset(str(path))
        assert isinstance(e.value, ValueError)

    @pytest.mark.parametrize(
        'read', [datasets.ImageDataset, datasets.LabeledImageDataset]
    )
    def test_another_encoding(self, tmp_path, read):
        path = tmp_path / 'pairs.txt'
        path.write_bytes(b'a.png 1\n\xff.png 2\n')
        with pytest.raises(
            UnreadableFile, match=r'pairs\.txt: line 2: no text in UTF-8'
        ):
            read(str(path))


class TestPickles:
    def test_cut_inside_of_an_example(self, tmp_path):
        path = tmp_path / 'a'
        with datasets.open_pickle_dataset_writer(str(path)) as writer:
            for i in range(3):
                writer.write((i, 'hello'))
        whole = path.read_bytes()
        for size in range(len(whole)):
            path.write_bytes(whole[:size])
            starts = [0, len(whole) // 3, len(whole) // 3 * 2]
            if size in starts:
                with datasets.open_pickle_dataset(str(path)) as dataset:
                    assert len(dataset) == starts.index(size)
            else:
                last = sum(start < size for start in starts) - 1
                match = rf'a: example {last}, at byte {starts[last]}, is damaged'
                with pytest.raises(UnreadableFile, match=match):
                    datasets.open_pickle_dataset(str(path))

    def test_the_docs_say_that_it_executes(self):
        for thing in (datasets.PickleDataset, datasets.open_pickle_dataset):
            assert 'execute' in thing.__doc__

    def test_a_class_that_is_gone(self, tmp_path):
        path = tmp_path / 'a'
        path.write_bytes(pickle.dumps(1) + b'cnowhere\nThing\n.')
        with pytest.raises(
            UnreadableFile, match=r"example 1.*No module named 'nowhere'"
        ):
            datasets.open_pickle_dataset(str(path))


class TestTexts:
    def test_another_encoding(self, tmp_path):
        path = tmp_path / 'a.txt'
        path.write_bytes(b'one\ntwo\n' + b'\xff\xfe\n')
        with pytest.raises(UnreadableFile, match=r'a\.txt: not text in utf-8') as error:
            datasets.TextDataset(str(path), encoding='utf-8')
        assert 'encoding=' in str(error.value)
        with datasets.TextDataset(str(path), 'utf-8', errors='replace') as dataset:
            assert len(dataset) == 3


class TestArchives:
    def test_idx_with_more_axes_than_numpy_has(self):
        content = bytes([0, 0, 8, 100]) + bytes([0, 0, 0, 1]) * 100 + b'x'
        with pytest.raises(DatasetError, match=r'a\.idx: it has 100 axes'):
            parse_idx(content, 'a.idx')

    def test_a_packed_file_that_unfolds_to_gigabytes(self, tmp_path):
        path = tmp_path / 'a.gz'
        path.write_bytes(gzip.compress(bytes(1 << 25)))
        assert path.stat().st_size < 1 << 16
        known = DataFile('a.gz', '0' * 64, (), '1' * 64)
        with pytest.raises(DatasetError, match=r'a\.gz: damaged \(it unfolds to more'):
            data_file.read(path, known)
        # Without a checksum of the content it is not even unpacked.
        path.write_bytes(b'\x1f\x8b' + bytes(100))
        with pytest.raises(DatasetError, match=r'a\.gz: not the published file'):
            data_file.read(path, known._replace(content_sha256=None))

    def test_ptb(self, monkeypatch):
        texts = {'train': b'a b\n', 'valid': b'a c\n', 'test': b'\xff\n'}

        def load(dataset, file):
            return texts[file.name.split('.')[1]]

        monkeypatch.setattr(data_file, 'load', load)
        with pytest.raises(DatasetError, match=r'ptb\.test\.txt: not text in UTF-8'):
            ptb.get_ptb_words()
        texts['test'] = b'a\n'
        with pytest.raises(
            DatasetError, match=r"ptb\.valid\.txt: the word 'c' is not in"
        ):
            ptb.get_ptb_words()

    def test_cifar(self, tmp_path):
        path = tmp_path / 'data_batch_1.bin'
        path.write_bytes(bytes(100))
        with pytest.raises(DatasetError, match=r'batch_1\.bin: expected 3073 bytes'):
            cifar._read(path, 3073)

    def test_images_of_odd_formats(self, tmp_path):
        stream = io.BytesIO()
        Image.fromarray(numpy.zeros((3, 4), 'f')).save(stream, 'tiff')
        (tmp_path / 'a.tiff').write_bytes(stream.getvalue())
        image = datasets.ImageDataset([str(tmp_path / 'a.tiff')])[0]
        assert image.shape == (1, 3, 4)

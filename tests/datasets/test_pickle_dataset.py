import io
import pickle

import pytest

from minigrad import datasets


def test_write_and_read(tmp_path):
    path = str(tmp_path / 'examples')
    with datasets.open_pickle_dataset_writer(path) as writer:
        writer.write(1)
        writer.write({'a': [2]})
        writer.flush()
    with datasets.open_pickle_dataset(path) as d:
        assert len(d) == 2
        assert d[1] == {'a': [2]}
        assert d[:] == [1, {'a': [2]}]
        assert d[[True, False]] == [1]
        with pickle.loads(pickle.dumps(d)) as copy:
            assert copy[0] == 1
            assert d[0] == 1
    with pytest.raises(ValueError, match='closed file'):
        d[0]


def test_file_objects():
    stream = io.BytesIO()
    writer = datasets.PickleDatasetWriter(stream)
    writer.write('a')
    d = datasets.PickleDataset(stream)
    assert d[0] == 'a'


def test_a_reader_must_seek():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    with pytest.raises(ValueError, match='random access'):
        datasets.PickleDataset(Pipe())

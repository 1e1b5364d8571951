import os
import pathlib
from unittest import mock

import pytest

from minigrad import dataset
from minigrad.dataset import download


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch, tmp_path):
    for name in ('MINIGRAD_DATASET_ROOT', 'CHAINER_DATASET_ROOT', 'MINIGRAD_OFFLINE'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('MINIGRAD_DATASET_ROOT', str(tmp_path / 'root'))


def test_where_the_root_comes_from(monkeypatch, tmp_path):
    monkeypatch.setenv('CHAINER_DATASET_ROOT', '/chainer')
    assert dataset.get_dataset_root() == str(tmp_path / 'root')
    monkeypatch.delenv('MINIGRAD_DATASET_ROOT')
    assert dataset.get_dataset_root() == '/chainer'
    monkeypatch.delenv('CHAINER_DATASET_ROOT')
    assert 'minigrad' in dataset.get_dataset_root()
    dataset.set_dataset_root('/mine')
    try:
        assert dataset.get_dataset_root() == '/mine'
    finally:
        dataset.set_dataset_root(None)
    assert dataset.get_dataset_root() != '/mine'


def test_directory_is_made_on_demand(tmp_path):
    path = dataset.get_dataset_directory('a/b', create_directory=False)
    assert path == str(tmp_path / 'root' / 'a/b')
    assert not os.path.exists(path)
    assert dataset.get_dataset_directory('a/b') == path
    assert os.path.isdir(path)


def _write(content):
    def urlretrieve(url, path):
        pathlib.Path(path).write_bytes(content)

    return mock.patch('urllib.request.urlretrieve', side_effect=urlretrieve)


def test_cached_download_asks_once(capsys):
    with _write(b'test') as fetch:
        first = dataset.cached_download('https://example.com/a')
        second = dataset.cached_download('https://example.com/a')
        other = dataset.cached_download('https://example.com/b')
    assert first == second != other
    assert pathlib.Path(first).read_bytes() == b'test'
    assert fetch.call_count == 2
    assert 'Downloading https://example.com/a' in capsys.readouterr().err


def test_offline_forbids_downloads(monkeypatch):
    monkeypatch.setenv('MINIGRAD_OFFLINE', '1')
    with (
        _write(b'') as fetch,
        pytest.raises(dataset.DatasetError, match='MINIGRAD_OFFLINE forbids') as error,
    ):
        dataset.cached_download('https://example.com')
    assert 'unset MINIGRAD_OFFLINE' in str(error.value)
    assert not fetch.called


def test_wrong_checksum_leaves_nothing_behind(tmp_path):
    path = tmp_path / 'file'
    with (
        _write(b'other') as fetch,
        pytest.raises(dataset.DatasetError, match='cannot download') as error,
    ):
        download.download('https://example.com', str(path), '0' * 64)
    assert fetch.called
    assert '0' * 64 in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_unreachable_server_is_named(tmp_path):
    with (
        mock.patch('urllib.request.urlretrieve', side_effect=OSError('no route')),
        pytest.raises(dataset.DatasetError, match=r'https://example.com \(no route\)'),
    ):
        dataset.cached_download('https://example.com')


def test_a_file_in_place_of_the_folder_is_an_os_error(tmp_path):
    (tmp_path / 'root').mkdir()
    (tmp_path / 'root' / '_dl_cache').write_text('')
    with pytest.raises(OSError, match='_dl_cache'):
        dataset.cached_download('https://example.com')


def test_cache_or_load_file(tmp_path):
    path = str(tmp_path / 'cache')

    def create(temporary):
        assert temporary != path
        pathlib.Path(temporary).write_text('made')
        return 'content'

    load = mock.Mock(return_value='loaded')
    assert dataset.cache_or_load_file(path, create, load) == 'content'
    assert not load.called
    assert pathlib.Path(path).read_text() == 'made'
    assert dataset.cache_or_load_file(path, None, load) == 'loaded'
    load.assert_called_once_with(path)
    assert os.listdir(tmp_path / 'root') == []


def test_cache_or_load_file_keeps_nothing_of_a_failure(tmp_path):
    def create(temporary):
        pathlib.Path(temporary).write_text('half')
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dataset.cache_or_load_file(str(tmp_path / 'cache'), create, None)
    assert [p.name for p in tmp_path.iterdir()] == ['root']


def test_root_that_is_a_file(tmp_path):
    (tmp_path / 'root').write_text('')
    with pytest.raises(RuntimeError, match='cannot make the folder'):
        dataset.cache_or_load_file(str(tmp_path / 'cache'), None, None)

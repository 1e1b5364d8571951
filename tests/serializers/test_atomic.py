import os
import stat
import threading

import pytest

from minigrad.serializers import atomic_write


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_replaces_the_file_as_a_whole(tmp_path):
    path = tmp_path / 'a'
    path.write_bytes(b'old')
    with atomic_write(path) as file:
        file.write(b'new')
        file.flush()
        assert path.read_bytes() == b'old'
    assert path.read_bytes() == b'new'
    assert names(tmp_path) == ['a']


@pytest.mark.parametrize('error', [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    path = tmp_path / 'a'
    path.write_bytes(b'old')

    def write():
        with atomic_write(path) as file:
            file.write(b'half')
            raise error

    with pytest.raises(error):
        write()
    assert path.read_bytes() == b'old'
    assert names(tmp_path) == ['a']


@pytest.mark.skipif(os.name != 'posix', reason='permissions of POSIX')
def test_permissions(tmp_path):
    mask = os.umask(0o027)
    try:
        with atomic_write(tmp_path / 'new'):
            pass
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / 'new').stat().st_mode) == 0o640
    (tmp_path / 'new').chmod(0o604)
    with atomic_write(tmp_path / 'new'):
        pass
    assert stat.S_IMODE((tmp_path / 'new').stat().st_mode) == 0o604


@pytest.mark.skipif(os.name != 'posix', reason='symbolic links of POSIX')
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'folder' / 'target')
    with atomic_write(tmp_path / 'link') as file:
        file.write(b'x')
    assert (tmp_path / 'link').is_symlink()
    assert (tmp_path / 'folder' / 'target').read_bytes() == b'x'


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / 'a'
    path.write_bytes(b'0' * 100_000)
    seen = set()
    is_over = threading.Event()

    def read():
        while not is_over.is_set():
            content = path.read_bytes()
            seen.add((len(content), len(set(content))))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(30):
        with atomic_write(path) as file:
            for _ in range(10):
                file.write(b'%d' % (i % 10) * 10_000)
    is_over.set()
    reader.join()
    assert seen == {(100_000, 1)}


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / 'no' / 'a'):
        pass

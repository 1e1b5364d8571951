import contextlib
import os
import stat
import subprocess
import sys
import textwrap
import threading

import pytest

import minigrad
from minigrad.serializers import atomic_write
from minigrad.serializers.atomic import remove_unfinished


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


class TestWhatAKilledProcessLeaves:
    @contextlib.contextmanager
    def writing(self, folder):
        """A process in the middle of a write."""
        script = f"""
            from minigrad.serializers import atomic_write
            with atomic_write({str(folder / 'a')!r}) as file:
                file.write(b'half')
                file.flush()
                print(flush=True)
                input()
        """
        root = os.path.dirname(os.path.dirname(minigrad.__file__))
        with subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(script)],
            env={**os.environ, 'PYTHONPATH': root},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            process.stdout.readline()
            yield process

    def clean(self, folder):
        remove_unfinished(str(folder), lambda name: name == 'a')
        return names(folder)

    @pytest.mark.skipif(os.name != 'posix', reason='locks of POSIX')
    def test_is_removed(self, tmp_path):
        with self.writing(tmp_path) as process:
            process.kill()
        assert len(names(tmp_path)) == 1
        assert self.clean(tmp_path) == []

    def test_those_of_the_living_stay(self, tmp_path):
        with self.writing(tmp_path) as process:
            assert len(self.clean(tmp_path)) == 1
            process.communicate('\n')
        assert process.returncode == 0
        with atomic_write(tmp_path / 'a'):
            assert len(self.clean(tmp_path)) == 2
        assert self.clean(tmp_path) == ['a']

    def test_other_files_stay(self, tmp_path):
        others = ['.a.notes.tmp', '.a.abcdefgh.tmp.txt', '.b.abcdefgh.tmp', 'a']
        for name in others:
            (tmp_path / name).write_text('mine')
        (tmp_path / '.a.iiiiiiii.tmp').mkdir()
        (tmp_path / '.a.jjjjjjjj.tmp').symlink_to(tmp_path / 'a')
        before = names(tmp_path)
        assert self.clean(tmp_path) == before
        assert (tmp_path / 'a').read_text() == 'mine'

    def test_no_folder(self, tmp_path):
        remove_unfinished(str(tmp_path / 'no'), lambda name: True)
        assert names(tmp_path) == []

import contextlib
import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy
import pytest

import minigrad
from minigrad.serializers import save_npz
from minigrad.training.extensions import snapshot_writers

WRITERS = [
    snapshot_writers.SimpleWriter,
    snapshot_writers.ThreadWriter,
    snapshot_writers.ProcessWriter,
    snapshot_writers.ThreadQueueWriter,
    snapshot_writers.ProcessQueueWriter,
]
PROCESSES = [snapshot_writers.ProcessWriter, snapshot_writers.ProcessQueueWriter]


def save_slowly(path, target):
    time.sleep(0.2)
    save_npz(path, target)


def fail(path, target):
    raise OSError('disk full')


def die(path, target):
    os._exit(3)


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'), reason='counts them on Linux')
def test_no_file_stays_open(tmp_path):
    writer = snapshot_writers.SimpleWriter()
    writer('first', str(tmp_path), {'x': 1})
    before = os.listdir('/proc/self/fd')
    for i in range(5):
        writer(f'file{i}', str(tmp_path), {'x': 1})
    assert len(os.listdir('/proc/self/fd')) == len(before)


@pytest.mark.parametrize('make', WRITERS)
class TestWriters:
    def test_all_files_are_written(self, make, tmp_path):
        writer = make()
        for i in range(3):
            writer(f'file{i}', str(tmp_path), {'x': numpy.full(4, i)})
        writer.finalize()
        writer.finalize()
        assert sorted(os.listdir(tmp_path)) == ['file0', 'file1', 'file2']
        for i in range(3):
            with numpy.load(tmp_path / f'file{i}') as file:
                numpy.testing.assert_array_equal(file['x'], numpy.full(4, i))

    def test_values_are_those_of_the_call(self, make, tmp_path):
        if make in PROCESSES:
            pytest.skip('one start of a process is enough: the copy is made before it')
        writer = make(save_slowly)
        x = numpy.zeros(4)
        writer('file', str(tmp_path), {'x': x})
        x += 1
        writer.finalize()
        with numpy.load(tmp_path / 'file') as file:
            numpy.testing.assert_array_equal(file['x'], numpy.zeros(4))

    def test_a_function_that_fails(self, make, tmp_path, capfd, monkeypatch):

        monkeypatch.setattr(threading, 'excepthook', lambda args: None)
        writer = make(fail)
        if make is snapshot_writers.SimpleWriter:
            with pytest.raises(OSError, match='disk full'):
                writer('file', str(tmp_path), {})
        elif issubclass(make, snapshot_writers.StandardWriter):
            writer('file', str(tmp_path), {})
            with pytest.warns(UserWarning, match='file could not be written'):
                writer.finalize()
        else:
            writer('file', str(tmp_path), {})
            writer('other', str(tmp_path), {})
            with pytest.warns(UserWarning, match='could not be written') as warned:
                writer.finalize()
            texts = sorted(str(w.message) for w in warned)
            for text, name in zip(texts, ('file', 'other'), strict=True):
                assert f'{tmp_path / name} could not be written' in text
                assert '(OSError: disk full)' in text
            assert capfd.readouterr().err.count('OSError: disk full') == 2
        assert os.listdir(tmp_path) == []

    def test_a_forgotten_writer_ends(self, make, tmp_path):
        writer = make()
        consumer = getattr(writer, '_consumer', None)
        del writer
        gc.collect()
        assert consumer is None or not consumer.is_alive()


def fail_at_first(path, target):
    if target['x'] == 0:
        raise OSError('disk full')
    save_npz(path, target)


class TestFailures:
    def test_told_while_the_training_goes_on(self, tmp_path):
        writer = snapshot_writers.ThreadQueueWriter(fail_at_first)
        writer('0', str(tmp_path), {'x': numpy.asarray(0)})
        writer._queue.join()
        with pytest.warns(UserWarning, match='disk full'):
            writer('1', str(tmp_path), {'x': numpy.asarray(1)})
        writer.finalize()
        assert os.listdir(tmp_path) == ['1']

    def test_a_thread_tells_why(self, tmp_path, monkeypatch):
        monkeypatch.setattr(threading, 'excepthook', lambda args: None)
        writer = snapshot_writers.ThreadWriter(fail)
        writer('file', str(tmp_path), {})
        with pytest.warns(UserWarning, match=r'file could not be .*OSError: disk full'):
            writer.finalize()

    @pytest.mark.parametrize('make', WRITERS)
    @pytest.mark.skipif(
        not os.path.exists('/dev/full'), reason='the system has no full device'
    )
    def test_a_full_disk(self, make, tmp_path, capfd, monkeypatch):
        monkeypatch.setattr(threading, 'excepthook', lambda args: None)
        (tmp_path / 'file').write_text('old')
        writer = make(fill_disk)
        with contextlib.ExitStack() as stack:
            if make is snapshot_writers.SimpleWriter:
                stack.enter_context(pytest.raises(OSError, match='No space left'))
            else:
                stack.enter_context(pytest.warns(UserWarning, match='could not be'))
            writer('file', str(tmp_path), {'x': numpy.zeros(100_000)})
            writer.finalize()
        assert os.listdir(tmp_path) == ['file']
        assert (tmp_path / 'file').read_text() == 'old'


def fill_disk(path, target):
    os.symlink('/dev/full', path)
    with open(path, 'wb') as file:
        save_npz(file, target, compression=False)


class TestProcesses:
    def test_a_worker_that_dies_does_not_hang(self, tmp_path):
        writer = snapshot_writers.ProcessQueueWriter(die)
        writer('file', str(tmp_path), {})
        with pytest.warns(UserWarning, match='exit code 3'):
            writer.finalize()

    def test_workers_are_processes_and_threads(self):
        arguments = ('file', 'folder', {})
        worker = snapshot_writers.ProcessWriter().create_worker(*arguments)
        assert isinstance(worker, multiprocessing.Process)
        worker = snapshot_writers.ThreadWriter().create_worker(*arguments)
        assert isinstance(worker, threading.Thread)

    def test_a_worker_ends_with_its_parent(self, tmp_path):
        script = tmp_path / 'script.py'
        script.write_text(
            textwrap.dedent("""
                import os
                from minigrad.training.extensions import snapshot_writers
                if __name__ == '__main__':
                    writer = snapshot_writers.ProcessQueueWriter()
                    print(writer._consumer.pid, flush=True)
                    os.kill(os.getpid(), 9)
            """)
        )
        root = os.path.dirname(os.path.dirname(minigrad.__file__))
        out = subprocess.run(
            [sys.executable, script],
            capture_output=True,
            text=True,
            env={**os.environ, 'PYTHONPATH': root},
        )
        pid = int(out.stdout)
        for _ in range(100):
            try:
                os.kill(pid, 0)
                with open(f'/proc/{pid}/stat') as file:
                    if file.read().split(')')[1].split()[0] == 'Z':
                        return  # dead, and nobody has asked for its exit code
            except OSError:
                return
            time.sleep(0.1)
        pytest.fail('the worker goes on without its parent')


class TestWriterBase:
    def test_save_and_hooks(self, tmp_path):
        called = []
        writer = snapshot_writers.Writer()
        writer._add_cleanup_hook(lambda: called.append(os.listdir(tmp_path)))
        writer.save(
            'file', str(tmp_path), {'x': numpy.ones(2)}, save_npz, compression=0
        )
        assert called == [['file']]

    def test_an_older_file_stays_when_saving_fails(self, tmp_path):
        (tmp_path / 'file').write_text('old')
        writer = snapshot_writers.SimpleWriter(fail)
        with pytest.raises(OSError, match='disk full'):
            writer('file', str(tmp_path), {})
        assert (tmp_path / 'file').read_text() == 'old'
        assert os.listdir(tmp_path) == ['file']

    def test_abstract_methods(self):
        with pytest.raises(NotImplementedError, match='__call__'):
            snapshot_writers.Writer()('file', '.', {})
        with pytest.raises(NotImplementedError, match='create_worker'):
            snapshot_writers.StandardWriter()('file', '.', {})
        with pytest.raises(NotImplementedError, match='create_queue'):
            snapshot_writers.QueueWriter()

import gc
import io
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import warnings
import zipfile

import numpy
import pytest

import minigrad
from minigrad import training
from minigrad.serializers import load_npz, save_npz
from minigrad.training import extensions
from minigrad.training.extensions import snapshot_writers
from minigrad.training.extensions._snapshot_files import (
    Retention,
    SnapshotNames,
    find_snapshots,
)
from minigrad.training.extensions._unfinished import unfinished_folder

ENV = {
    **os.environ,
    'PYTHONPATH': os.path.dirname(os.path.dirname(minigrad.__file__)),
}


class Weights:
    """Something to save: one array, and whether anybody loaded it."""

    def __init__(self, *values):
        self.w = numpy.array(values, 'f')

    def serialize(self, serializer):
        self.w = serializer('w', self.w)


def save_as_chainer(path, target):
    with open(path, 'wb') as file:
        numpy.savez_compressed(file, w=target.w)


def rewrite(change):
    """Writes the archive anew, with right checksums but one member changed."""

    def damage(content):
        stream = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(content)) as before,
            zipfile.ZipFile(stream, 'w') as after,
        ):
            name, member = change(before.read('w.npy'))
            after.writestr(name, member)
        return stream.getvalue()

    return damage


def set_field(place, *values):
    """Sets bytes of the header of the first entry, in both of its places."""

    def damage(content):
        content = bytearray(content)
        for start, offset in (
            (content.index(b'PK\3\4'), 0),
            (content.index(b'PK\1\2'), 2),
        ):
            content[start + offset + place : start + offset + place + len(values)] = (
                values
            )
        return bytes(content)

    return damage


DAMAGES = {
    'compression': set_field(8, 99, 0),  # NotImplementedError
    'encrypted': set_field(6, 1, 0),  # RuntimeError
    'name in UTF-8': lambda c: set_field(6, 0, 8)(c).replace(b'w.npy', b'\xff.npy'),
    'other name': lambda c: c.replace(b'w.npy', b'v.npy'),  # MissingEntry
    'huge shape': rewrite(
        lambda m: ('w.npy', m.replace(b'(2,), }                     ',
                                      b'(9999999999999999999999,), }'))
    ),
    'no header': rewrite(lambda m: ('w.npy', m[:10] + b'(' * 118)),
    'deep header': rewrite(lambda m: ('w.npy', m[:10] + b'-' * 117 + b'\n')),
    'other version': rewrite(lambda m: ('w.npy', m[:6] + b'\7' + m[7:])),
    'no bytes': lambda c: b'',
    'a half': lambda c: c[: len(c) // 2],
    'one bit': lambda c: c[:60] + bytes([c[60] ^ 4]) + c[61:],
}  # fmt: skip


def files(trainer):
    return sorted(os.listdir(trainer.out))


class TestSnapshot:
    def test_a_file_per_epoch(self, make_trainer):
        trainer = make_trainer((4, 'iteration'), 2)
        trainer.extend(extensions.snapshot())
        trainer.run()
        assert files(trainer) == ['snapshot_iter_2', 'snapshot_iter_4']
        assert trainer.get_extension('_Snapshot').priority == -100
        with numpy.load(os.path.join(trainer.out, 'snapshot_iter_4')) as file:
            assert file['updater/iteration'] == 4

    def test_options(self, make_trainer):
        answers = iter([True, False, True])
        saved = []

        def savefun(path, target):
            saved.append(target)
            save_npz(path, target)

        trainer = make_trainer((3, 'iteration'))
        trainer.extend(
            extensions.snapshot(
                savefun,
                lambda trainer: f'no{trainer.updater.iteration}',
                target=Weights(1, 2),
                condition=lambda: next(answers),
            ),
            trigger=(1, 'iteration'),
        )
        trainer.run()
        assert files(trainer) == ['no1', 'no3']
        numpy.testing.assert_array_equal(saved[0]['w'], [1, 2])

    def test_snapshot_object(self, make_trainer):
        trainer = make_trainer((1, 'iteration'), 1)
        trainer.extend(
            extensions.snapshot_object(Weights(1, 2), 'w_{.updater.epoch}.npz')
        )
        trainer.run()
        target = Weights(0, 0)
        load_npz(os.path.join(trainer.out, 'w_1.npz'), target)
        numpy.testing.assert_array_equal(target.w, [1, 2])

    def test_wrong_arguments(self):
        writer = snapshot_writers.SimpleWriter()
        with pytest.raises(TypeError, match='cannot be specified together'):
            extensions.snapshot(savefun=save_npz, writer=writer)
        with pytest.raises(TypeError, match="takes no argument 'foo'"):
            extensions.snapshot(foo=1)
        with pytest.warns(DeprecationWarning, match='use n_retains'):
            assert extensions.snapshot(num_retain=3).n_retains == 3

    @pytest.mark.parametrize(
        'writer',
        [None, snapshot_writers.ThreadWriter, snapshot_writers.ThreadQueueWriter],
    )
    def test_old_files_are_removed(self, make_trainer, writer):
        writer = None if writer is None else writer()
        trainer = make_trainer((9, 'iteration'))
        trainer.extend(
            extensions.snapshot(n_retains=2, writer=writer), trigger=(1, 'iteration')
        )
        trainer.run()
        assert files(trainer) == ['snapshot_iter_8', 'snapshot_iter_9']

    def test_nothing_is_left_when_saving_fails(self, make_trainer):
        def savefun(path, target):
            with open(path, 'w') as file:
                file.write('half')
            raise OSError('disk full')

        trainer = make_trainer((1, 'iteration'), 1)
        trainer.extend(extensions.snapshot(savefun))
        with pytest.raises(OSError, match='disk full'):
            trainer.run(show_loop_exception_msg=False)
        assert files(trainer) == []


class TestOnError:
    def run(self, make_trainer, raise_at, priority):
        def fail(trainer):
            if trainer.updater.iteration == raise_at:
                raise ZeroDivisionError

        trainer = make_trainer((9, 'iteration'), 2)
        trainer.extend(fail, priority=priority)
        trainer.extend(extensions.snapshot(snapshot_on_error=True))
        with pytest.raises(ZeroDivisionError):
            trainer.run(show_loop_exception_msg=False)
        return files(trainer)

    def test_a_snapshot_is_taken(self, make_trainer):
        names = self.run(make_trainer, 3, 300)
        assert names == ['snapshot_iter_2', 'snapshot_iter_3']

    def test_not_over_that_of_a_completed_iteration(self, make_trainer):
        trainer = make_trainer((9, 'iteration'), 2)

        def update():
            if trainer.updater.iteration == 2:
                raise ZeroDivisionError
            trainer.updater.iteration += 1

        written = []
        trainer.updater.update = update
        trainer.extend(
            extensions.snapshot(
                lambda path, target: (written.append(path), save_npz(path, target)),
                snapshot_on_error=True,
            )
        )
        with pytest.raises(ZeroDivisionError):
            trainer.run(show_loop_exception_msg=False)
        assert len(written) == 1

    def test_ctrl_c_waits_for_the_writer(self, make_trainer):
        release = threading.Event()

        def savefun(path, target):
            release.wait(10)
            save_npz(path, target)

        trainer = make_trainer((9, 'iteration'), 2)
        writer = snapshot_writers.ThreadWriter(savefun)
        trainer.extend(extensions.snapshot(writer=writer))

        @training.make_extension(trigger=(3, 'iteration'))
        def press_ctrl_c(trainer):
            release.set()
            raise KeyboardInterrupt

        trainer.extend(press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            trainer.run()
        assert files(trainer) == ['snapshot_iter_2']


class TestAutoload:
    def make(self, make_trainer, stop, target=None, **options):
        trainer = make_trainer((stop, 'iteration'), 2)
        trainer.extend(extensions.snapshot(autoload=True, target=target, **options))
        return trainer

    def test_the_training_goes_on(self, make_trainer):
        self.make(make_trainer, 4).run()
        seen = []
        trainer = self.make(make_trainer, 6)
        trainer.extend(lambda t: seen.append(t.updater.iteration), 'look')
        with pytest.warns(UserWarning, match='IntervalTrigger'):  # look is new
            trainer.run()
        assert seen == [5, 6]
        assert files(trainer)[-1] == 'snapshot_iter_6'

    def test_a_training_that_had_ended_says_so(self, make_trainer, capsys):
        self.make(make_trainer, 4).run()
        assert 'nothing left' not in capsys.readouterr().err
        self.make(make_trainer, 4).run()
        error = capsys.readouterr().err
        assert error.startswith('resumed from ')
        assert 'nothing left to do; the training that was loaded had ended' in error
        assert 'at iteration 4, epoch 2' in error

    def test_the_last_iteration_is_loaded_whatever_the_clock_says(self, make_trainer):
        trainer = self.make(make_trainer, 1, Weights(0))
        os.makedirs(trainer.out)
        for i, age in ((10, 3), (9, 1), (8, 2)):
            path = os.path.join(trainer.out, f'snapshot_iter_{i}')
            save_npz(path, Weights(i))
            os.utime(path, (1000 - age, 1000 - age))
        trainer.run()
        assert trainer.get_extension('_Snapshot')._target.w == [10]

    def test_a_clock_that_goes_back(self, make_trainer):
        self.make(make_trainer, 6).run()
        for i in (2, 4, 6):
            path = os.path.join(make_trainer().out, f'snapshot_iter_{i}')
            os.utime(path, (1000 - i, 1000 - i))
        seen = []
        trainer = self.make(make_trainer, 8, n_retains=2)
        trainer.extend(lambda t: seen.append(t.updater.iteration), 'look')
        with pytest.warns(UserWarning, match='IntervalTrigger'):  # look is new
            trainer.run()
        assert seen == [7, 8]
        assert 'snapshot_iter_8' in files(trainer)

    @pytest.mark.parametrize('damage', ['truncated', 'altered', 'empty', 'text'])
    def test_damaged_files_are_passed_over(self, make_trainer, damage):
        target = Weights(0)
        trainer = self.make(make_trainer, 1, target)
        os.makedirs(trainer.out)
        for i in (1, 2, 3):
            path = os.path.join(trainer.out, f'snapshot_iter_{i}')
            save_npz(path, Weights(i))
            os.utime(path, (i, i))
            with open(path, 'rb') as file:
                content = file.read()
            if i > 1:
                half = len(content) // 3
                content = {
                    'truncated': content[:half],
                    'altered': content.replace(content[half : half + 9], b'9' * 9),
                    'empty': b'',
                    'text': b'some text',
                }[damage]
                with open(path, 'wb') as file:
                    file.write(content)
                os.utime(path, (i, i))
        with pytest.warns(UserWarning, match='damaged') as warned:
            trainer.run()
        texts = [str(w.message) for w in warned]
        assert ['snapshot_iter_3' in t for t in texts] == [True, False]
        assert ['snapshot_iter_2' in t for t in texts] == [False, True]
        assert all('is damaged and is passed over' in t for t in texts)
        assert target.w == [1]

    @pytest.mark.parametrize('writer', ['minigrad', 'chainer'])
    @pytest.mark.parametrize('damage', sorted(DAMAGES))
    def test_whatever_the_damage_the_one_before_is_loaded(
        self, make_trainer, damage, writer
    ):
        target = Weights(0, 0)
        trainer = self.make(make_trainer, 1, target)
        os.makedirs(trainer.out)
        whole, damaged = (
            os.path.join(trainer.out, f'snapshot_iter_{i}') for i in (1, 2)
        )
        save_npz(whole, Weights(1, 1))
        save = save_npz if writer == 'minigrad' else save_as_chainer
        save(damaged, Weights(2, 2))
        with open(damaged, 'rb') as file:
            content = DAMAGES[damage](file.read())
        with open(damaged, 'wb') as file:
            file.write(content)
        with pytest.warns(
            UserWarning, match='snapshot_iter_2 .* passed over: .'
        ) as found:
            trainer.run()
        assert len(found) == 1
        assert target.w.tolist() == [1, 1]

    def test_a_snapshot_of_something_else_is_an_error(self, make_trainer):
        trainer = self.make(make_trainer, 1, Weights(0, 0))
        os.makedirs(trainer.out)
        save_npz(os.path.join(trainer.out, 'snapshot_iter_1'), Weights(1))
        with pytest.raises(ValueError, match='shape'):
            trainer.run(show_loop_exception_msg=False)

    def test_a_snapshot_of_something_else_is_passed_over_for_an_older_one(
        self, make_trainer
    ):
        target = Weights(0)
        trainer = self.make(make_trainer, 1, target)
        os.makedirs(trainer.out)
        save_npz(os.path.join(trainer.out, 'snapshot_iter_1'), Weights(5))
        save_npz(os.path.join(trainer.out, 'snapshot_iter_2'), {'other': numpy.ones(1)})
        with pytest.warns(UserWarning, match='snapshot_iter_2.*passed over.*no .w.'):
            trainer.run()
        assert target.w == [5]

    def leave(self, folder, number):
        """What a process leaves that is killed while it writes."""
        script = f"""
            import os
            from minigrad.training.extensions._unfinished import unfinished_folder
            with unfinished_folder('snapshot_iter_{number}', {str(folder)!r}) as name:
                open(os.path.join(name, 'snapshot_iter_{number}'), 'w').write('half')
                os._exit(9)
        """
        run = subprocess.run([sys.executable, '-c', textwrap.dedent(script)], env=ENV)
        assert run.returncode == 9

    def test_leftovers_of_a_killed_process_are_removed(self, make_trainer):
        trainer = self.make(make_trainer, 2)
        os.makedirs(os.path.join(trainer.out, 'tmpother'))
        self.leave(trainer.out, 7)
        assert len(files(trainer)) == 2
        trainer.run()
        assert files(trainer) == ['snapshot_iter_2', 'tmpother']

    def test_leftovers_of_a_worker_that_lives_a_little_longer(self, make_trainer):
        trainer = self.make(make_trainer, 2)
        trainer.extend(
            lambda trainer: self.leave(trainer.out, 7),
            name='leave',
            trigger=(1, 'iteration'),
            priority=300,
        )
        trainer.run()
        assert files(trainer) == ['snapshot_iter_2']

    def test_what_others_have_made_stays(self, make_trainer, tmp_path):
        trainer = self.make(make_trainer, 2)
        elsewhere = tmp_path / 'elsewhere'
        elsewhere.mkdir()
        (elsewhere / 'thesis').write_text('years')
        (elsewhere / '.unfinished').write_text('')
        out = tmp_path / 'out'
        trainer.out = str(out)
        names = ['tmpsnapshot_iter_best', 'tmpsnapshot_iter_7.abc.minigrad']
        for name in names:
            (out / name).mkdir(parents=True)
            (out / name / 'snapshot_iter_7').write_text('mine')
        links = ['tmpsnapshot_iter_x', 'tmpsnapshot_iter_8.abc.minigrad']
        for name in links:
            (out / name).symlink_to(elsewhere)
        (out / 'snapshot_iter_notes.txt').write_text('notes')
        trainer.run()
        assert files(trainer) == sorted(
            [*names, *links, 'snapshot_iter_2', 'snapshot_iter_notes.txt']
        )
        assert [(out / name / 'snapshot_iter_7').exists() for name in names]
        assert (elsewhere / 'thesis').read_text() == 'years'

    def test_what_is_being_written_stays(self, make_trainer):
        trainer = self.make(make_trainer, 2)
        os.makedirs(trainer.out)
        # Here by a thread of this process, in the next test by another process.
        with unfinished_folder('snapshot_iter_7', trainer.out) as folder:
            trainer.run()
            assert os.path.isdir(folder)
        assert files(trainer) == ['snapshot_iter_2']

    def test_what_another_process_is_writing_stays(self, make_trainer):
        trainer = self.make(make_trainer, 2)
        os.makedirs(trainer.out)
        script = f"""
            from minigrad.training.extensions._unfinished import unfinished_folder
            with unfinished_folder('snapshot_iter_7', {trainer.out!r}) as name:
                print(name, flush=True)
                input()
        """
        with subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(script)],
            env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            folder = other.stdout.readline().strip()
            trainer.run()
            assert os.path.isdir(folder)
            other.communicate('\n')
        assert other.returncode == 0
        assert files(trainer) == ['snapshot_iter_2']

    def test_a_function_as_name(self, make_trainer):
        trainer = self.make(make_trainer, 2, filename=lambda trainer: 'x', n_retains=1)
        trainer.run()
        assert files(trainer) == ['x']


class TestTwoTrainings:
    """Snapshots of two processes in one folder would be mixed up: refused."""

    def start(self, make_trainer):
        trainer = make_trainer((2, 'iteration'), 1)
        snapshot = extensions.snapshot(autoload=True)
        os.makedirs(trainer.out, exist_ok=True)
        snapshot.initialize(trainer)
        return trainer, snapshot

    def lock_file(self, trainer):
        return os.path.join(trainer.out, '.snapshot_iter_{.updater.iteration}.lock')

    def test_of_one_process(self, make_trainer):
        # The first one is neither finalized nor gone: a loop written by hand.
        first, snapshot = self.start(make_trainer)
        for _ in range(2):
            first.updater.update()
        snapshot(first)
        second, again = self.start(make_trainer)
        assert second.updater.iteration == 2
        again.finalize()
        assert os.path.exists(self.lock_file(first))
        snapshot.finalize()
        assert files(first) == ['snapshot_iter_2']

    def test_one_that_is_gone_claims_nothing(self, make_trainer):
        trainer, snapshot = self.start(make_trainer)
        assert os.path.exists(self.lock_file(trainer))
        del snapshot
        gc.collect()
        assert not os.path.exists(self.lock_file(trainer))

    def test_in_a_folder_that_was_made_anew(self, make_trainer):
        trainer, snapshot = self.start(make_trainer)
        shutil.rmtree(trainer.out)
        _, again = self.start(make_trainer)
        assert os.path.exists(self.lock_file(trainer))
        snapshot.finalize()
        again.finalize()
        assert files(trainer) == []

    @pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
    def test_of_a_fork(self, make_trainer):
        trainer, snapshot = self.start(make_trainer)
        with warnings.catch_warnings():  # of threads, from Python 3.12 on
            warnings.simplefilter('ignore', DeprecationWarning)
            pid = os.fork()
        if pid == 0:  # without the frames of pytest, which would go on
            status = 1
            try:
                snapshot.finalize()
                self.start(make_trainer)
            except RuntimeError as error:
                status = 0 if f'process {os.getppid()}' in str(error) else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert os.path.exists(self.lock_file(trainer))
        snapshot.finalize()

    def test_of_two_processes(self, make_trainer):
        trainer = make_trainer((2, 'iteration'), 1)
        trainer.extend(extensions.snapshot())
        os.makedirs(trainer.out)
        path = self.lock_file(trainer)
        script = f"""
            from minigrad.utils.file_lock import FileLock
            assert FileLock({path!r}).acquire()
            print(flush=True)
            input()
        """
        with subprocess.Popen(
            [sys.executable, '-c', textwrap.dedent(script)],
            env=ENV, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as other:  # fmt: skip
            other.stdout.readline()
            with pytest.raises(RuntimeError, match=f'process {other.pid}') as info:
                trainer.run(show_loop_exception_msg=False)
            assert 'give this one another folder' in str(info.value)
            other.kill()
        # Nothing is locked by a process that was killed.
        again = make_trainer((2, 'iteration'), 1)
        again.extend(extensions.snapshot())
        again.run()
        assert files(again) == ['snapshot_iter_1', 'snapshot_iter_2']

    def test_one_after_the_other_and_other_names(self, make_trainer):
        for _ in range(2):
            trainer = make_trainer((2, 'iteration'), 1)
            trainer.extend(extensions.snapshot())
            trainer.extend(extensions.snapshot(), name='again')
            trainer.extend(extensions.snapshot(filename='other_{.updater.epoch}'))
            trainer.run()
        assert len(files(trainer)) == 4


class TestRetention:
    def test_only_files_of_this_training_are_removed(self, make_trainer, tmp_path):
        trainer = make_trainer((4, 'iteration'), 1)
        trainer.extend(extensions.snapshot(n_retains=1))
        os.makedirs(trainer.out)
        others = ['snapshot_iter_notes.txt', 'snapshot_iter_0', 'snapshot_iter_77']
        for name in others:
            (tmp_path / name).write_text('mine')
            os.replace(tmp_path / name, os.path.join(trainer.out, name))
        trainer.run()
        assert files(trainer) == sorted([*others, 'snapshot_iter_4'])

    def test_those_before_a_resume_are_its_own(self, make_trainer):
        for n, last in ((4, 4), (7, 7)):
            trainer = make_trainer((n, 'iteration'), 1)
            trainer.extend(extensions.snapshot(n_retains=3, autoload=True))
            trainer.run()
            expected = [f'snapshot_iter_{i}' for i in range(last - 2, last + 1)]
            assert files(trainer) == expected

    def test_a_name_that_is_written_again_is_the_newest(self):
        retention = Retention(2)
        for name in 'abca':
            retention.add(name)
        assert retention.names == ['b', 'c', 'a']

    def test_never_through_links(self, tmp_path):
        (tmp_path / 'mine').write_text('mine')
        out = tmp_path / 'out'
        out.mkdir()
        (out / 'a').symlink_to(tmp_path / 'mine')
        retention = Retention(1)
        for name in 'abc':
            retention.add(name)
            if name != 'a':
                (out / name).write_text('')
        retention.removing(str(out))()
        assert sorted(os.listdir(out)) == ['a', 'c']
        assert (tmp_path / 'mine').read_text() == 'mine'

    def test_of_a_function_as_name(self, make_trainer):
        trainer = make_trainer((4, 'iteration'), 1)
        trainer.extend(
            extensions.snapshot(filename=lambda t: f'x{t.updater.epoch}', n_retains=2)
        )
        trainer.run()
        assert files(trainer) == ['x3', 'x4']


@pytest.mark.parametrize('fmt', ['snap_{}', 'snap_{}.npz', '{}_snap.npz', 'in/snap_{}'])
class TestFindSnapshots:
    def test_find(self, tmp_path, fmt):
        for i in range(1, 30):
            name = tmp_path / fmt.format(i)
            name.parent.mkdir(exist_ok=True)
            name.touch()
            os.utime(name, (1000 + (i * 7) % 30, 1000 + (i * 7) % 30))
            (tmp_path / f'other_{i}').touch()
        (tmp_path / f'tmp{fmt.format(1)}xyz').mkdir(parents=True)
        expected = [fmt.format(i) for i in range(1, 30)]
        assert find_snapshots(fmt, str(tmp_path)) == expected

    def test_time_decides_where_nothing_else_does(self, tmp_path, fmt):
        for i, name in enumerate('cab'):
            path = tmp_path / fmt.format(name)
            path.parent.mkdir(exist_ok=True)
            path.touch()
            os.utime(path, (1000 + i, 1000 + i))
        expected = [fmt.format(name) for name in 'cab']
        assert find_snapshots(fmt, str(tmp_path)) == expected

    def test_nothing(self, tmp_path, fmt):
        assert find_snapshots(fmt, str(tmp_path)) == []


def test_the_iteration_in_the_file_goes_before_the_name(tmp_path):
    for name, iteration in (('s_1', 30), ('s_2', 20), ('s_3', 10)):
        save_npz(tmp_path / name, {'updater/iteration': numpy.array(iteration)})
    assert find_snapshots('s_{.updater.epoch}', str(tmp_path)) == ['s_3', 's_2', 's_1']


def test_names():
    names = SnapshotNames('a{{b}}_{.updater.iteration:06d}_{.updater.epoch}.npz')
    assert names.match('a{b}_000012_3.npz')
    assert names.numbers('a{b}_000012_3.npz') == (12, 3)
    for other in ('a{b}_000012_3', 'a{b}_x_3.npz', 'xa{b}_12_3.npz'):
        assert not names.match(other)


def test_a_trainer_without_a_folder():
    """As ChainerMN's tests have: a mock of a trainer."""
    from unittest import mock

    snapshot = extensions.snapshot(writer=mock.MagicMock(), autoload=True)
    trainer = mock.MagicMock()
    trainer.out = 'no-such-folder'
    snapshot.initialize(trainer)

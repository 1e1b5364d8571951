import os
import threading

import numpy
import pytest

from minigrad import training
from minigrad.serializers import load_npz, save_npz
from minigrad.training import extensions
from minigrad.training.extensions import snapshot_writers
from minigrad.training.extensions._snapshot import (
    _find_latest_snapshot,
    _find_snapshot_files,
    _find_stale_snapshots,
)


class Weights:
    """Something to save: one array, and whether anybody loaded it."""

    def __init__(self, *values):
        self.w = numpy.array(values, 'f')

    def serialize(self, serializer):
        self.w = serializer('w', self.w)


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
        with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
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

    def test_the_newest_is_loaded(self, make_trainer):
        trainer = self.make(make_trainer, 1, Weights(0))
        os.makedirs(trainer.out)
        for i, age in ((10, 3), (9, 1), (8, 2)):
            path = os.path.join(trainer.out, f'snapshot_iter_{i}')
            save_npz(path, Weights(i))
            os.utime(path, (1000 - age, 1000 - age))
        trainer.run()
        assert trainer.get_extension('_Snapshot')._target.w == [9]

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
        assert all('is damaged and passed over' in t for t in texts)
        assert target.w == [1]

    def test_a_snapshot_of_something_else_is_an_error(self, make_trainer):
        trainer = self.make(make_trainer, 1, Weights(0, 0))
        os.makedirs(trainer.out)
        save_npz(os.path.join(trainer.out, 'snapshot_iter_1'), Weights(1))
        with pytest.raises(ValueError, match='shape'):
            trainer.run(show_loop_exception_msg=False)

    def test_leftovers_of_a_killed_process_are_removed(self, make_trainer):
        trainer = self.make(make_trainer, 2)
        for name in ('tmpsnapshot_iter_7abc', 'tmpother'):
            os.makedirs(os.path.join(trainer.out, name))
        left = os.path.join(trainer.out, 'tmpsnapshot_iter_7abc', 'snapshot_iter_7')
        with open(left, 'w') as file:
            file.write('half')
        trainer.run()
        assert files(trainer) == ['snapshot_iter_2', 'tmpother']

    def test_a_function_as_name(self, make_trainer):
        trainer = self.make(make_trainer, 2, filename=lambda trainer: 'x', n_retains=1)
        trainer.run()
        assert files(trainer) == ['x']


@pytest.mark.parametrize('fmt', ['snap_{}', 'snap_{}.npz', '{}_snap.npz'])
class TestFindSnapshots:
    def make(self, path, fmt):
        for i in range(1, 30):
            name = path / fmt.format(i)
            name.touch()
            os.utime(name, (1000 + (i * 7) % 30, 1000 + (i * 7) % 30))
            (path / f'other_{i}').touch()
            (path / f'tmp{fmt.format(i)}xyz').mkdir()
        return [fmt.format(i) for i in sorted(range(1, 30), key=lambda i: (i * 7) % 30)]

    def test_find(self, tmp_path, fmt):
        expected = self.make(tmp_path, fmt)
        found = [name for _, name in _find_snapshot_files(fmt, str(tmp_path))]
        assert found == expected
        assert _find_latest_snapshot(fmt, str(tmp_path)) == expected[-1]
        assert list(_find_stale_snapshots(fmt, str(tmp_path), 5)) == expected[:-5]
        assert list(_find_stale_snapshots(fmt, str(tmp_path), 50)) == []

    def test_nothing(self, tmp_path, fmt):
        assert _find_latest_snapshot(fmt, str(tmp_path)) is None

"""The training program in several processes."""

import json

import numpy
import pytest

COMMAND = ['-m', 'models.train', 'mlp', '--communicator', 'naive', '--out', 'result']


def losses(path):
    return [row['main/loss'] for row in map(json.loads, path.read_text().splitlines())]


@pytest.mark.slow
def test_two_processes_learn_what_one_does_and_resume(start, tmp_path):
    pytest.importorskip('matplotlib', reason='it draws the curves')
    code, _, error = start(1, *COMMAND, '--epoch', '1', '--optimizer', 'sgd')
    assert code == 0, error
    alone = losses(tmp_path / 'result' / 'log.jsonl')
    (tmp_path / 'result').rename(tmp_path / 'alone')

    code, out, error = start(2, *COMMAND, '--epoch', '2', '--optimizer', 'sgd')
    assert code == 0, error
    assert out.count('model      MLP') == 1, 'rank 0 alone speaks'
    both = losses(tmp_path / 'result' / 'log.jsonl')
    numpy.testing.assert_allclose(both[0], alone[0], rtol=1e-5)
    (tmp_path / 'result').rename(tmp_path / 'both')

    start(2, *COMMAND, '--epoch', '1', '--optimizer', 'sgd')
    code, out, error = start(
        2, *COMMAND, '--epoch', '2', '--optimizer', 'sgd', '--resume'
    )
    assert code == 0, error
    assert 'resuming' in out
    for name in ('last.npz', 'best.npz'):
        one = numpy.load(tmp_path / 'both' / name)
        other = numpy.load(tmp_path / 'result' / name)
        for key in one.files:
            numpy.testing.assert_array_equal(one[key], other[key])


def test_mistakes_end_all_processes(start):
    code, _, error = start(2, *COMMAND, '--batchsize', '33')
    assert code != 0
    assert 'expected a multiple of 2, the number of processes, got 33' in error
    code, _, error = start(2, *COMMAND, '--dataset', 'no-such-folder')
    assert code != 0
    assert 'no-such-folder' in error

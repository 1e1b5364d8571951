"""The training program in several processes."""

import json
import pathlib

import numpy
import pytest

ROOT = pathlib.Path(__file__).parents[2]
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


def test_the_example(start, tmp_path):
    program = ROOT / 'examples' / 'chainermn' / 'train_mnist.py'
    # 100 updates an epoch: by then the first weights, which differ, matter little.
    small = ('--unit', '30', '--batchsize', '20', '--out', 'first')
    code, out, error = start(2, program, '--epoch', '1', *small)
    assert code == 0, error
    assert '2 processes, communicator naive' in out
    code, out, error = start(2, program, '--test', *small[4:], '--autoload')
    assert code == 0, error
    log = json.loads((tmp_path / 'first' / 'log').read_text())
    assert [row['epoch'] for row in log] == [1, 2]
    assert log[1]['validation/main/accuracy'] > 0.8
    assert out.count('expected: more than 80 %') == 1
    code, _, error = start(2, program, '--gpu')
    assert code != 0
    assert 'requires NCCL, but' in error


@pytest.mark.parametrize('n', [1, 2])
@pytest.mark.parametrize('chosen', [None, '3'])
def test_cores_are_shared(start, n, chosen):
    code = (
        'import minigrad; from minigrad import chainermn; '
        "from minigrad.kernels import threads; c = chainermn.create_communicator('naive'); "
        "c = chainermn.create_communicator('naive'); "  # the second shares no more
        "print(f'has {minigrad.get_num_threads()} of {threads._cores}\\n', end='')"
    )
    environment = {} if chosen is None else {'MINIGRAD_NUM_THREADS': chosen}
    _, out, _ = start(n, '-c', code, environment=environment)
    for line in out.splitlines():
        _, has, _, cores = line.split()
        assert int(has) == (max(1, int(cores) // n) if chosen is None else 3)
    assert out.count('has') == n

"""A snapshot of several processes, resumed by as many, or by another number of them."""

import json
import pathlib
import shutil

import pytest

PROGRAM = pathlib.Path(__file__).parent / 'programs' / 'examples_seen.py'
KINDS = ['scatter', 'sampler']


def run(start, n, kind, size, out, end, how):
    code, _, error = start(n, PROGRAM, kind, size, out, end, how)
    assert code == 0, error
    return json.loads((out / f'{how}.json').read_text())


def keep_only(out, iteration):
    for path in out.glob('snapshot_iter_*'):
        if path.name != f'snapshot_iter_{iteration}.0':
            path.unlink()


@pytest.mark.parametrize('kind', KINDS)
def test_as_many_processes_go_on_bit_for_bit(start, kind, tmp_path):
    whole = run(start, 2, kind, 110, tmp_path / 'a', 15, 'new')
    names = sorted(path.name for path in (tmp_path / 'a').glob('snapshot*'))
    assert len(names) == 15, 'one file each time, whatever the number of processes'
    assert names[0].endswith('.0')
    shutil.copytree(tmp_path / 'a', tmp_path / 'b')
    keep_only(tmp_path / 'b', 6)  # in the first epoch; the second is shuffled after it
    rest = run(start, 2, kind, 110, tmp_path / 'b', 15, 'go-on')
    assert rest['seen'] == [seen[6:] for seen in whole['seen']]
    assert rest['weight'] == whole['weight']
    assert rest['detail'] == whole['detail']


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize(('before', 'after'), [(4, 2), (2, 3), (3, 1)])
def test_another_number_of_processes_sees_the_rest(
    start, kind, before, after, tmp_path
):
    size = 120
    first = run(start, before, kind, size, tmp_path, 5, 'new')
    second = run(start, after, kind, size, tmp_path, 10, 'go-on')
    seen = sorted(
        i for part in (first, second) for one in part['seen'] for b in one for i in b
    )
    assert seen == list(range(size))
    assert second['detail'] == 1


def test_shares_that_are_not_equal_repeat_what_they_must(start, tmp_path):
    size = 110
    first = run(start, 4, 'scatter', size, tmp_path, 5, 'new')  # of 28 each
    second = run(start, 2, 'scatter', size, tmp_path, 10, 'go-on')
    seen = [
        i for part in (first, second) for one in part['seen'] for b in one for i in b
    ]
    assert set(seen) == set(range(size))

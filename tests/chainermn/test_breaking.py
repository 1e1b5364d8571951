"""One process of several goes wrong: the others learn it, soon and by name."""

import pathlib

import pytest

PROGRAM = pathlib.Path(__file__).parent / 'programs' / 'breaking.py'


@pytest.mark.parametrize('case', ['raise', 'trainer'])
def test_a_process_that_raises_ends_all_with_its_traceback(start, case, tmp_path):
    code, _, error = start(2, PROGRAM, case, tmp_path)
    assert code != 0
    assert 'ValueError: the odd process fails' in error
    assert 'in main' in error
    assert 'uncaught ValueError on rank 1' in error


def test_a_process_that_is_killed_ends_all(start):
    code, out, error = start(2, PROGRAM, 'kill')
    assert code != 0
    assert 'signal 9' in out + error or 'Killed' in out + error
    assert 'made' not in out


@pytest.mark.parametrize(
    ('case', 'difference'),
    [
        ('another number', r'it has 6 parameters, the others 4; more: ['),
        ('another dtype', '/predictor/1/W is float64 (2, 3), there float32 (2, 3)'),
        ('another order', 'another order'),
    ],
)
def test_another_model_is_named_before_the_first_step(start, case, difference):
    code, out, error = start(2, PROGRAM, case)
    assert code != 0
    assert 'the model of rank 1 is not that of the others' in error
    if case != 'another order':
        assert difference in error
    assert 'all processes must build the same model' in error
    assert 'made' not in out


def test_a_process_that_drifts_is_named(start):
    code, _, error = start(3, PROGRAM, 'drift')
    assert code != 0
    assert 'the parameters of rank 2 are not those of the others any more' in error


@pytest.mark.parametrize('n', [2, 3])
def test_a_process_without_data_keeps_nobody_waiting(start, n):
    code, out, error = start(n, PROGRAM, 'uneven')
    assert code == 0, error
    assert [
        f'rank {r} made {steps} steps' in out for r, steps in enumerate([4, 5, 5][:n])
    ]
    assert 'rank 0 made 4 steps' in out
    assert 'rank 1 made 5 steps' in out
    assert 'have ended after fewer steps than 5' in error


def test_a_process_that_exits_keeps_nobody_waiting(start):
    _, out, _ = start(2, PROGRAM, 'exit')
    assert 'rank 0 made 4 steps' in out


def test_a_process_that_is_elsewhere_is_waited_for_so_long_only(start):
    code, _, error = start(
        2, PROGRAM, 'late', environment={'CHAINERMN_TIME_LIMIT': '3'}
    )
    assert code != 0
    assert 'has waited 3 s in' in error
    assert 'all processes must call the same methods in the same order' in error

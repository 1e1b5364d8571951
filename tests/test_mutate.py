"""The command ``python -m tests.mutate``: which faults it plants."""

import ast
import os
import signal

import pytest

from tests.mutate.__main__ import Diary, choose, interval, within
from tests.mutate.areas import AREAS, ROOT
from tests.mutate.coverage_map import CoverageMap, Judge
from tests.mutate.judge import Verdict, in_child, run_tests
from tests.mutate.mutants import Mutant, mutants_of


def after(source):
    """Returns all sources with one fault."""
    data = source.encode()
    return {mutant.apply(data).decode() for mutant in mutants_of(data)}


@pytest.mark.parametrize(
    ('source', 'expected'),
    [
        ('x < y', {'(x <= y)'}),
        ('x is None', {'(x is not None)'}),
        ('x and y and z', {'(x or y or z)'}),
        ('x + y', {'(x - y)'}),
        ('not x', {'(x)'}),
        ('x = 2', {'x = 3'}),
        ('x = 0.5', {'x = 1.0'}),
        ('x = 0.0', {'x = 1.0'}),
        ('x = True', {'x = False'}),
        ('x = a if b else c', {'x = (c if b else a)'}),
        ('f(x)', {'pass'}),
        ('x.y = z', {'pass'}),
        ('x += z', {'pass'}),
        ('def f(x=1): return x', {'def f(x=2): return x', 'def f(x=1): return None'}),
        ('π = "é" + x * y', {'π = "é" + (x / y)'}),
        ('for x in y:\n    break', {'for x in y:\n    continue'}),
        ('raise E("what")', {'pass'}),
    ],
)
def test_faults(source, expected):
    assert after(source) == expected


@pytest.mark.parametrize(
    'source',
    [
        '"""A docstring of 3 words."""',
        'x: Literal[1]',
        'def f(x: Literal[1]) -> Literal[2]: pass',
        '@cached(1)\ndef f(): pass',
        'import x',
        "__all__ = ['x'] + y",
        'if TYPE_CHECKING:\n    x = 1',
        "f'{x + 1}'",
        'return_none = None',
        'def f(): return None',
    ],
)
def test_what_is_left_alone(source):
    assert after(source) == set()


def test_every_fault_is_a_program():
    source = (ROOT / 'minigrad' / 'backprop.py').read_bytes()
    mutants = mutants_of(source)
    assert len(mutants) > 100
    for mutant in mutants:
        changed = mutant.apply(source)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), mutant


def test_a_seed_draws_the_same_faults():
    drawn = choose(['optimizers'], 1, 20)
    assert drawn == choose(['optimizers'], 1, 20) != choose(['optimizers'], 2, 20)
    assert {planted.area for planted in drawn} == {'optimizers'}
    (only,) = {p.file for p in choose(['minigrad/backprop.py'], 1, 20)}
    assert only == 'minigrad/backprop.py'
    with pytest.raises(SystemExit, match='nothing in nowhere; there are engine'):
        choose(['nowhere'], 1, 1)


def test_the_areas_name_what_is_there():
    for area in AREAS.values():
        assert area.files() != []
        for path in (*area.sources, *area.tests, *area.without, *area.compiled):
            assert (ROOT / path).exists(), path


def test_the_interval_is_wilsons():
    low, high = interval(95, 100)
    assert (round(low, 4), round(high, 4)) == (0.8882, 0.9785)
    assert interval(10, 10)[1] == pytest.approx(1)
    assert 0.69 < interval(10, 10)[0] < 0.73


SOURCE = b"""\
LIMIT = 3
class C:
    size = 1
    def f(self, x=2):
        if x > 1:
            return x + 4
        return self.size
def g():
    return LIMIT
"""
TESTS = [['a::wide', 1.0, 50, False], ['a::narrow', 2.0, 5, False],
         ['b::starts', 0.5, 9, True], ['c::other', 0.1, 1, False]]  # fmt: skip


@pytest.mark.parametrize(
    ('line', 'judges'),
    [
        (6, ['a::narrow']),  # what runs the line
        (5, ['a::narrow', 'a::wide']),
        (4, ['a::narrow', 'a::wide', 'b::starts', 'c::other']),  # a default
        (3, ['a::narrow', 'a::wide', 'b::starts', 'c::other']),
        (1, ['a::narrow', 'b::starts', 'a::wide', 'c::other']),
        (9, ['b::starts']),
    ],
)
def test_a_fault_is_shown_to_what_runs_it(line, judges):
    lines = {'5': [0, 1], '6': [1], '7': [0], '9': [2]}
    known = CoverageMap(TESTS, {'f.py': lines}, {'f.py': [1, 2, 3, 4, 8]}, [])
    found = known.judges('f.py', SOURCE, Mutant(line, 0, 1, '', ''))
    assert [test.name for test in found] == judges
    assert known.judges('unknown.py', SOURCE, Mutant(line, 0, 1, '', '')) == []
    assert [test.name for test in known.starting_processes()] == ['b::starts']


def test_within_takes_what_the_time_allows():
    tests = [Judge(name, 2.0, 1, False) for name in 'abc']
    assert within(tests, 1) == []
    assert within(tests, 4) == tests[:2]
    assert within(tests, 60) == tests


def test_the_diary_outlives_a_kill(tmp_path):
    path = tmp_path / 'verdicts.jsonl'
    verdict = Verdict('seen', 'a::narrow', 1.5, 2)
    Diary(path).write('x', verdict)
    with path.open('a') as file:
        file.write('["y", "se')  # cut off
    assert Diary(path).known == {'x': verdict}


class TestChild:
    def run(self, tmp_path, function, limit=60):
        root = tmp_path / 'repository'
        root.mkdir()
        return in_child(lambda: function(root), root, False, limit)

    def test_answers(self, tmp_path):
        found, late = self.run(
            tmp_path, lambda root: [os.getcwd(), os.environ['PYTHONPATH']]
        )
        assert not late
        assert found == [str(tmp_path / 'repository')] * 2
        assert os.getcwd() != found[0]

    def test_ends_in_time(self, tmp_path):
        # Without the limit the child would wait for ever.
        assert self.run(tmp_path, lambda root: signal.pause(), 0.2) == (None, True)

    def test_that_dies_has_no_answer(self, tmp_path):
        assert self.run(tmp_path, lambda root: os.kill(os.getpid(), 9)) == (None, False)

    def test_runs_tests_in_order_up_to_a_failure(self, tmp_path):
        def run(root):
            (root / 'test_x.py').write_text(
                'def test_a(): pass\ndef test_b(): assert False\ndef test_c(): pass\n'
            )
            names = [(f'test_x.py::test_{letter}', 0.1) for letter in 'cba']
            return [run_tests([names[:1]]), run_tests([names[:1], names[1:]])]

        assert self.run(tmp_path, run)[0] == [['', 1], ['test_x.py::test_b', 2]]

    def test_a_file_means_all_of_its_tests(self, tmp_path):
        def run(root):
            (root / 'test_x.py').write_text('def test_a(): pass\ndef test_b(): pass\n')
            return run_tests([[('test_x.py', 0.1)]])

        assert self.run(tmp_path, run)[0] == ['', 2]

    def test_a_test_that_never_ends_runs_out_of_its_time(self, tmp_path):
        def run(root):
            (root / 'test_x.py').write_text('def test_a():\n    while True: pass\n')
            return run_tests([[('test_x.py::test_a', -2.95)]])  # that is, in a second

        assert self.run(tmp_path, run) == (None, True)

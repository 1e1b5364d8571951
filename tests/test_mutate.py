"""The command ``python -m tests.mutate``: which faults it plants."""

import ast

import pytest

from tests.mutate.__main__ import choose
from tests.mutate.areas import AREAS, ROOT
from tests.mutate.mutants import mutants_of


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
        for path in (*area.sources, *area.tests, *area.without):
            assert (ROOT / path).exists(), path

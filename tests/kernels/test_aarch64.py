"""Formulas are compiled for another processor too: what they emit is LLVM's, not ours."""

import re

import pytest

pytest.importorskip('numba', reason='Numba is not installed')

import llvmlite.binding as llvm

from minigrad.functions.elementwise import ROWS
from minigrad.kernels.cpu import fused, rows, vectors
from minigrad.kernels.formula import trace
from minigrad.kernels.updates import UPDATES

TRIPLE = 'aarch64-unknown-linux-gnu'


@pytest.fixture
def machine(monkeypatch):
    monkeypatch.setattr(vectors, 'VECTOR_BYTES', 16)  # as where there is no AVX
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple(TRIPLE)
    except RuntimeError:
        pytest.skip('this LLVM has no backend for aarch64')
    return target.create_target_machine(cpu='neoverse-n1', opt=3)


def assembled(machine, module):
    parsed = llvm.parse_assembly(str(module))
    parsed.triple = TRIPLE
    parsed.verify()
    return machine.emit_assembly(parsed)


def programs():
    """Yields what is compiled in float32: functions, and steps of optimizers."""
    for name, row in ROWS.items():
        try:
            yield name, trace(row.array), None
        except Exception:  # what only arrays can do is left to arrays
            continue
    for name, update in UPDATES.items():
        targets = (0, *range(2, 2 + len(update.states)))
        yield name, trace(update.formula), targets


@pytest.mark.parametrize(
    ('program', 'targets'), [pytest.param(p, t, id=n) for n, p, t in programs()]
)
def test_one_pass_in_neon(program, targets, machine):
    if targets is None:
        first = len(program.arrays)
        targets = tuple(range(first, first + len(program.results)))
    text = assembled(machine, fused._module('loop', program, 'f', targets))
    assert '.4s' in text or 'q0' in text  # vectors of four
    # Nothing is called, but for sin and cos of numbers that are far from zero.
    called = set(re.findall(r'\tbl\t(\w+)', text))
    assert called <= {'sinf', 'cosf'}


@pytest.mark.parametrize('char', ['f', 'd'])
def test_along_rows(char, machine):
    def centred(xp, x, gamma):
        mean = x.mean(axis=-1, keepdims=True)
        return (x - mean) * gamma, mean, x.sum(axis=0)

    program = trace(centred, char)
    plan = rows._Plan(program, (rows.FULL, rows.ALONG))
    text = assembled(machine, rows._module('loop', program, char, plan))
    assert ('.4s' if char == 'f' else '.2d') in text

"""Programs are moved over: imports by the tool, the rest by a person who is told what."""

import textwrap

import pytest

pytest.importorskip('libcst')

from minigrad.chainer.alias import PACKAGES
from minigrad.migrate.__main__ import main

BEFORE = """\
#!/usr/bin/env python
import os, chainer  # two at once
import numpy as np
import chainer.functions as F   # the functions
import chainer.links.model.vision
from chainer import (
    training,  # a comment
    Variable as V,
)
import chainermn


def step(model, x):
    from chainer.training import extensions
    return F.relu(model(x))
"""

AFTER = """\
#!/usr/bin/env python
import os; import minigrad as chainer  # two at once
import numpy as np
import minigrad.functions as F   # the functions
import minigrad as chainer; import minigrad.links.model.vision
from minigrad import (
    training,  # a comment
    Variable as V,
)
import minigrad.chainermn as chainermn


def step(model, x):
    from minigrad.training import extensions
    return F.relu(model(x))
"""

OF_CHAINER_1 = """\
import numpy as np
import chainer
from collections import Iterable
from chainer import cuda, FunctionSet, Variable
import chainer.functions as F
import chainer.links as L


class Net(chainer.Chain):
    def __init__(self):
        super(Net, self).__init__(
            l1=L.Linear(784, 100, wscale=2 ** 0.5, bias=1),
            bn=L.BatchNormalization(100),
        )

    def __call__(self, x, train=True):
        h = self.bn(self.l1(x), test=not train)
        return F.dropout(F.relu(h, use_cudnn=False), train=train)


old = FunctionSet(l=F.Linear(2, 3))
x = Variable(cuda.zeros((2, 784), np.float), volatile='on')
optimizer.zero_grads()
print(x.volatile, np.product([1, 2]))
L.TheanoFunction([], [])
"""


@pytest.fixture
def check(tmp_path, capsys):
    def check(text, *options):
        path = tmp_path / 'program.py'
        path.write_text(textwrap.dedent(text))
        status = main([str(path), *options])
        out = capsys.readouterr().out
        lines = [line.removeprefix(f'{path}:') for line in out.splitlines()]
        return status, lines, path.read_text()

    return check


def test_imports_are_rewritten_and_the_layout_kept(check):
    status, lines, text = check(BEFORE)
    assert (status, lines) == (0, [])
    assert text == AFTER
    compile(text, 'program.py', 'exec')


def test_a_check_changes_nothing(check):
    status, lines, text = check(BEFORE, '--check')
    assert (status, text) == (1, BEFORE)
    assert lines == ['2: imports Chainer; to be rewritten']
    assert check(AFTER, '--check')[:2] == (0, [])


def test_what_a_person_has_to_change(check):
    status, lines, text = check(OF_CHAINER_1, '--check')
    assert (status, text) == (1, OF_CHAINER_1)
    expected = """
        3: collections.Iterable is gone; write `collections.abc.Iterable`
        4: FunctionSet is gone since Chainer 2; derive from `chainer.Chain`
        12: bias= of Linear is gone since Chainer 2; write `initial_bias=`
        12: wscale= is gone since Chainer 2; write `initialW=
        17: test= of BatchNormalization is gone since Chainer 2
        18: train= of dropout is gone since Chainer 2
        18: use_cudnn= is gone since Chainer 2
        21: FunctionSet is gone since Chainer 2
        21: functions.Linear is gone since Chainer 2: it has parameters
        22: cuda.zeros is gone since Chainer 2; write `cuda.cupy.zeros`
        22: numpy.float is gone; write `float`
        22: volatile= is gone since Chainer 2
        23: optimizer.zero_grads is gone since Chainer 2
        24: numpy.product is gone; write `numpy.prod`
        24: volatile is gone since Chainer 2
        25: chainer.links.TheanoFunction is not provided: Theano
        2: imports Chainer; to be rewritten
    """.strip().splitlines()
    assert len(lines) == len(expected)
    for line, start in zip(lines, expected, strict=True):
        assert line.startswith(start.strip()), (line, start)


def test_the_rest_is_told_after_the_imports_are_rewritten_too(check):
    _, first, text = check(OF_CHAINER_1)
    status, second, _ = check(text, '--check')
    assert status == 1
    assert second == first


@pytest.mark.parametrize('package', PACKAGES)
def test_imports_of_each_package(package, check):
    status, lines, _ = check(f'import {package}\nimport {package}.nothing\n', '--check')
    assert status == 1
    assert lines[0] == '1: imports Chainer; to be rewritten'


def test_python_2_is_named(check):
    status, lines, _ = check("import chainer\nprint 'loss'\n", '--check')
    assert status == 1
    assert lines[0].startswith('2: is not Python 3')
    assert 'expected one of' not in lines[0]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path, capsys):
    (tmp_path / 'a.py').write_bytes(b'x = "\xff"\n')
    (tmp_path / 'b.py').write_bytes(b'# coding: nonsense\n')
    (tmp_path / 'c.py').symlink_to(tmp_path / 'nowhere')
    (tmp_path / 'd.py').mkdir()
    (tmp_path / 'e.py').write_text('import chainer\n')
    assert main([str(tmp_path)]) == 0
    out, told = capsys.readouterr()
    assert 'a.py:1: is not text in the encoding' in out
    assert 'b.py:1: is not text in the encoding' in out
    assert '3 files, 1 rewritten, 2 places' in told


def test_folders_and_missing_files(tmp_path, capsys):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'one.py').write_text('import chainer\n')
    (tmp_path / 'two.py').write_text('import numpy\n')
    assert main([str(tmp_path)]) == 0
    assert '2 files, 1 rewritten, 0 places' in capsys.readouterr().err
    assert (tmp_path / 'a' / 'one.py').read_text() == 'import minigrad as chainer\n'
    with pytest.raises(SystemExit):
        main([str(tmp_path / 'none.py')])
    assert 'there is no file or folder' in capsys.readouterr().err

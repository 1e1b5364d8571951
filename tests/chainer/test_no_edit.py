"""Programs written for Chainer run as they are: from the shell, imported, spawned."""

import importlib.metadata
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import minigrad

PROGRAM = """
    import sys
    import chainer
    import chainer.functions as F
    import chainer.links as L
    import chainer.utils.experimental
    from chainer import cuda, training
    from chainer.training import extensions
    from chainer.functions.activation.relu import ReLU
    import chainerx
    import onnx_chainer

    assert callable(chainer.utils.experimental), 'a function of that name stays one'
    assert not chainerx.is_available()
    print(chainer.__version__, sys.argv[1:], L.Linear.__module__, __name__)
"""

SPAWNS = """
    import multiprocessing
    import numpy as np
    import chainer

    class Squares(chainer.dataset.DatasetMixin):
        def __len__(self):
            return 4

        def get_example(self, i):
            return np.float32(i * i)

    def work(queue):
        import chainer.links
        queue.put((chainer.__version__, chainer.links.Linear.__module__))

    if __name__ == '__main__':
        for method in ('spawn', 'forkserver'):
            context = multiprocessing.get_context(method)
            queue = context.Queue()
            process = context.Process(target=work, args=(queue,))
            process.start()
            print(method, *queue.get())
            process.join()
        squares = chainer.iterators.MultiprocessIterator(
            Squares(), 4, shuffle=False, n_processes=1)
        print(*[float(x) for x in squares.next()])
        squares.finalize()
"""

OLD = '''
    """A program of 2017."""
    from __future__ import print_function
    import collections
    import multiprocessing
    from collections import Iterable, OrderedDict
    import numpy as np
    from part import half

    def work(queue):
        queue.put(np.int(2.5))

    if __name__ == '__main__':
        assert isinstance([], Iterable) and isinstance({}, collections.Mapping)
        assert np.bool is bool and np.product([2, 3]) == 6 and np.ones(3).ptp() == 0
        assert float(np.ones((1, 1))) == 1 and int(np.array([2.5])) == 2
        context = multiprocessing.get_context('spawn')
        queue = context.Queue()
        process = context.Process(target=work, args=(queue,))
        process.start()
        print(half(3), queue.get())
        process.join()
        import library
        try:
            library.old()
        except AttributeError as error:
            print('the library:', error)
        np.no_such_name
'''


@pytest.fixture
def run(tmp_path):
    def run(*words, code=0, **files):
        for name, text in files.items():
            (tmp_path / f'{name}.py').write_text(textwrap.dedent(text))
        done = subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, 'PYTHONPATH': str(Path(minigrad.__file__).parents[1])},
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.parametrize('how', [['program.py'], ['-m', 'program']])
def test_a_script_and_a_module(run, how):
    out = run('-m', 'minigrad.chainer', *how, '--epoch', '3', program=PROGRAM)
    assert out == "7.8.1 ['--epoch', '3'] minigrad.links.connection.linear __main__\n"


def test_an_import_at_the_top(run):
    program = 'import minigrad.chainer.install\n' + textwrap.dedent(PROGRAM)
    assert run('program.py', program=program).startswith('7.8.1 []')


def test_spawned_children(run):
    out = run('-m', 'minigrad.chainer', 'program.py', program=SPAWNS)
    assert out.splitlines() == [
        'spawn 7.8.1 minigrad.links.connection.linear',
        'forkserver 7.8.1 minigrad.links.connection.linear',
        '0.0 1.0 4.0 9.0',
    ]


def test_children_of_a_program_that_imports_the_hook(run):
    program = 'import minigrad.chainer.install\n' + textwrap.dedent(SPAWNS)
    assert 'spawn 7.8.1' in run('program.py', program=program)


def test_old_names_are_seen_by_the_programs_files_only(run, tmp_path):
    library = tmp_path / 'site-packages'
    library.mkdir()
    (library / 'library.py').write_text('import numpy\ndef old(): numpy.int(1)\n')
    program = "import sys; sys.path.append('site-packages')\n" + textwrap.dedent(
        OLD
    ).replace('from __future__ import print_function\n', '')
    words = ['-m', 'minigrad.chainer', '--old-numpy', 'program.py']
    part = 'import numpy as np\ndef half(x): return np.float(x) / 2\n'
    out = run(*words, code=1, program=program, part=part)
    assert out.startswith("1.5 2\nthe library: module 'numpy' has no attribute 'int'")
    assert "AttributeError: module 'numpy' has no attribute 'no_such_name'" in out


def test_a_future_import_may_stay_first(run):
    words = ['-m', 'minigrad.chainer', '--old-numpy', 'program.py']
    part = 'import numpy as np\ndef half(x): return np.float(x) / 2\n'
    program = textwrap.dedent(OLD).replace('import library', 'raise SystemExit')
    assert run(*words, program=program, part=part) == '1.5 2\n'


def test_old_names_are_seen_by_tests(run):
    words = ['-m', 'minigrad.chainer', '--old-numpy', '-m', 'pytest', '-q', '-n', '0']
    test = 'import numpy as np\ndef test_int(): assert np.int(2.5) == 2\n'
    out = run(*words, 'test_it.py', test_it=test)
    assert '1 passed' in out


def test_an_installed_chainer_is_left_alone_unless_asked(run, tmp_path):
    (tmp_path / 'chainer.py').write_text("__version__ = 'real'\n")
    program = 'import minigrad.chainer.install, chainer; print(chainer.__version__)'
    out = run('program.py', program=program)
    assert out.startswith('real\n')
    assert 'RealChainer: Chainer itself is installed' in out
    asked = program.replace('.install', '; minigrad.chainer.enable(replace=True)')
    asked = asked.replace(', chainer;', '; import chainer;')
    assert run('asked.py', asked=asked) == '7.8.1\n'
    late = 'import chainer, minigrad.chainer\nminigrad.chainer.enable(replace=True)'
    assert 'has been imported already' in run('late.py', code=1, late=late)


def test_what_is_wrong_with_the_command_is_said(run):
    out = run('-m', 'minigrad.chainer', 'missing.py', code=2)
    assert 'python -m minigrad.chainer: error: there is no file missing.py' in out
    assert 'which script or module' in run('-m', 'minigrad.chainer', code=2)


@pytest.fixture
def chainer():
    from minigrad.chainer import alias

    finders, modules = list(sys.meta_path), set(sys.modules)
    assert alias.enable(replace=True)
    import chainer

    yield chainer
    sys.meta_path[:] = finders
    for name in set(sys.modules) - modules:
        if name.partition('.')[0] in alias.PACKAGES:
            del sys.modules[name]


def test_the_two_names_never_disagree(chainer, monkeypatch):
    assert chainer.__version__ == importlib.metadata.version('chainer') == '7.8.1'
    assert minigrad.__version__ != '7.8.1'
    chainer.disable_experimental_feature_warning = True
    assert minigrad.disable_experimental_feature_warning
    chainer.disable_experimental_feature_warning = False
    chainer.added = 1
    assert minigrad.added == 1
    del chainer.added
    assert not hasattr(minigrad, 'added')
    with pytest.raises(AttributeError, match="'chainer' has no attribute 'no_such'"):
        _ = chainer.no_such
    with pytest.raises(ModuleNotFoundError, match=r'chainer\.no_such'):
        import chainer.no_such


def test_modules_are_the_same_and_stay_as_they_were(chainer):
    import importlib

    names = [name for name in sys.modules if name.startswith('minigrad.')]
    before = {name: sys.modules[name].__spec__ for name in names}
    attributes = dict(vars(minigrad.utils))
    for name in names:
        alias = 'chainer' + name.removeprefix('minigrad')
        assert importlib.import_module(alias) is sys.modules[name]
    assert {name: sys.modules[name].__spec__ for name in names} == before
    assert dict(vars(minigrad.utils)) == attributes


def test_chainerx_says_that_it_is_not_there():
    from minigrad import chainerx

    assert not chainerx.is_available()
    assert not hasattr(chainerx, 'array')
    with pytest.raises(AttributeError, match='not available in minigrad'):
        _ = chainerx.array
    with pytest.raises(RuntimeError, match='not available in minigrad'):
        chainerx.ndarray((2,))

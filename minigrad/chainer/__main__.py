"""Runs a program written for Chainer on minigrad, without an edit.

``python -m minigrad.chainer [--old-numpy] script.py [its arguments]``, or ``-m module``
instead of the script.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import types
from pathlib import Path

from minigrad.chainer import alias, old_names

_USAGE = 'python -m minigrad.chainer [--old-numpy] (script.py | -m module) [arguments]'


def main(words: list[str]) -> None:
    """Runs a program.

    Args:
        words: The words of the command line.
    """
    ours, theirs = _split(words)
    parser = argparse.ArgumentParser(
        prog='python -m minigrad.chainer', usage=_USAGE, description=__doc__
    )
    parser.add_argument(
        '--old-numpy',
        action='store_true',
        help="let the program's own files, and no other code, see what NumPy 2 and "
        'Python 3.10 removed: np.int, np.product, collections.Iterable, ...',
    )
    options = parser.parse_args(ours)
    if not theirs or theirs == ['-m']:
        parser.error('say which script or module to run')
    # Whoever types this asks for minigrad, whether Chainer is installed or not.
    alias.enable(replace=True)
    if theirs[0] == '-m':
        _, name, *arguments = theirs
        sys.argv = [name, *arguments]
        sys.path[0] = str(Path.cwd())
        if options.old_numpy:
            old_names.enable(Path.cwd(), None)
            if name == 'pytest':  # which else compiles tests itself, and first
                sys.argv.insert(1, '--assert=plain')
        runpy.run_module(name, run_name='__main__', alter_sys=True)
    else:
        if not Path(theirs[0]).is_file():
            parser.error(f'there is no file {theirs[0]}')
        _run_script(theirs, options.old_numpy)


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    # Options before the program are ours, everything after it belongs to it.
    for i, word in enumerate(words):
        if word == '-m' or not word.startswith('-'):
            return words[:i], words[i:]
    return words, []


def _run_script(argv: list[str], old_numpy: bool) -> None:
    path = Path(argv[0])
    sys.argv = argv
    sys.path[0] = str(path.parent.resolve())
    if old_numpy:
        here = Path.cwd()
        root = path.resolve().parent
        # Programs with several folders are started from the one that holds them all.
        old_names.enable(here if root.is_relative_to(here) else root, path.resolve())
        code = old_names.compile_old(path.read_bytes(), str(path))
    else:
        code = compile(path.read_bytes(), str(path), 'exec', dont_inherit=True)
    # A module of its own, as Python makes: classes that the program pickles, and child
    # processes, look there.
    module = types.ModuleType('__main__')
    module.__dict__.update(__file__=str(path), __builtins__=__builtins__)
    sys.modules['__main__'] = module
    exec(code, module.__dict__)


if __name__ == '__main__':
    main(sys.argv[1:])

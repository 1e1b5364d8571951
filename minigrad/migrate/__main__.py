"""The command line of ``python -m minigrad.migrate``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path


def main(words: Sequence[str] | None = None) -> int:
    """Rewrites or checks programs.

    Args:
        words: The words of the command line; by default the program's.

    Returns:
        The exit status: with ``--check``, 1 if there is something to do.
    """
    parser = argparse.ArgumentParser(
        prog='python -m minigrad.migrate',
        description='Rewrites the imports of programs written for Chainer, and reports '
        'what else has to be changed, by hand.',
    )
    parser.add_argument('paths', nargs='+', type=Path, metavar='PATH')
    parser.add_argument(
        '--check',
        action='store_true',
        help='change nothing, and exit with 1 if there is something to do',
    )
    options = parser.parse_args(words)
    try:
        from minigrad.migrate.program import Program
    except ImportError as error:
        parser.error(f'{error}; pip install libcst')
    n_files = n_findings = n_imports = 0
    for path in _files(options.paths, parser):
        program = Program(path)
        for finding in program.findings:
            print(f'{path}:{finding.line}: {finding.text}')
        n_findings += len(program.findings)
        n_files += 1
        if program.changed:
            n_imports += 1
            if options.check:
                print(
                    f'{path}:{program.first_import}: imports Chainer; to be rewritten'
                )
            else:
                program.save()
    rewritten = 'to rewrite' if options.check else 'rewritten'
    print(
        f'{n_files} files, {n_imports} {rewritten}, {n_findings} places to change by hand',
        file=sys.stderr,
    )
    return int(options.check and n_imports + n_findings > 0)


def _files(paths: Sequence[Path], parser: argparse.ArgumentParser) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted([file for file in path.rglob('*.py') if file.is_file()])
        elif path.is_file():
            yield path
        else:
            parser.error(f'there is no file or folder {path}')


if __name__ == '__main__':
    raise SystemExit(main())

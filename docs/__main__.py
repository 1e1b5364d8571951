"""Builds the site and checks it: ``python -m docs``, then open the page it names."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from pathlib import Path

DOCS = Path(__file__).parent
LANGUAGES = ('en', 'ja')


def build(language: str, out: Path, other_language: str | None) -> int:
    """Builds the site in one language; warnings are errors."""
    from sphinx.cmd.build import main

    arguments = ['-W', '--keep-going', '-q', '-b', 'html', '-j', 'auto']
    arguments += ['-D', f'language={language}', '-d', str(out / 'doctrees' / language)]
    if other_language is not None:
        arguments += ['-A', f'other_language={other_language}']
    folder = out / 'html' if language == 'en' else out / 'html' / language
    return main([*arguments, str(DOCS), str(folder)])


def use_this_python(out: Path) -> None:
    """Makes notebooks run in this environment, whichever kernels a user has, quietly."""
    kernel = out / 'jupyter' / 'kernels' / 'python3'
    kernel.mkdir(parents=True, exist_ok=True)
    program = [sys.executable, '-m', 'ipykernel_launcher', '--log-level=ERROR']
    specification = {
        'argv': [*program, '-f', '{connection_file}'],
        'display_name': 'Python 3',
        'language': 'python',
    }
    (kernel / 'kernel.json').write_text(json.dumps(specification), encoding='utf-8')
    others = os.environ.get('JUPYTER_PATH')
    folders = [str(out.resolve() / 'jupyter'), *([others] if others else [])]
    os.environ['JUPYTER_PATH'] = os.pathsep.join(folders)
    logging.getLogger('traitlets').setLevel(logging.WARNING)


def extract(out: Path) -> int:
    """Updates the catalogues of the translations from the pages."""
    from sphinx.cmd.build import main
    from sphinx_intl.commands import main as intl

    pot = out / 'gettext'
    skip = '_build,extensions,locale,templates,reference/**,chainer-names.md'
    arguments = ['-q', '-b', 'gettext', '-D', f'exclude_patterns={skip}']
    status = main([*arguments, str(DOCS), str(pot)])
    if status == 0:
        intl(
            ['update', '-p', str(pot), '-d', str(DOCS / 'locale'), '-l', 'ja'],
            standalone_mode=False,
        )
    return status


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m docs', description=__doc__)
    parser.add_argument('--language', choices=LANGUAGES, action='append')
    parser.add_argument('--out', type=Path, default=DOCS / '_build')
    parser.add_argument(
        '--extract', action='store_true', help='update the catalogues to translate'
    )
    parser.add_argument(
        '--check', action='store_true', help='only check what was built before'
    )
    parser.add_argument(
        '--every',
        type=int,
        default=20,
        help='Chromium opens every Nth page of the reference (20; 1 takes minutes)',
    )
    options = parser.parse_args()
    try:
        import furo  # noqa: F401
        import myst_nb  # noqa: F401
    except ImportError as error:
        print(f'python -m docs: {error}\n  hint: pip install -e ".[docs]"')
        return 2
    use_this_python(options.out)
    if options.extract:
        return extract(options.out)
    from docs.check import check

    languages = [] if options.check else options.language or LANGUAGES
    for language in languages:
        others = [other for other in languages if other != language]
        start = time.perf_counter()
        print(f'{language}: building, a few minutes ...', flush=True)
        status = build(language, options.out, *others or [None])
        if status:
            return int(status)
        seconds = time.perf_counter() - start
        print(f'{language}: built in {seconds:.0f} s, no warnings')
    faults = check(options.out / 'html', options.every)
    print(f'open {options.out / "html" / "index.html"}')
    return int(faults > 0)


if __name__ == '__main__':
    sys.exit(main())

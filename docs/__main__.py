"""Builds the site: ``python -m docs``, then open ``docs/_build/html/index.html``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

DOCS = Path(__file__).parent
LANGUAGES = ('en', 'ja')


def build(language: str, out: Path) -> int:
    """Builds the site in one language; warnings are errors."""
    from sphinx.cmd.build import main

    arguments = ['-W', '--keep-going', '-q', '-b', 'html', '-j', 'auto']
    arguments += ['-D', f'language={language}', '-d', str(out / 'doctrees' / language)]
    folder = out / 'html' if language == 'en' else out / 'html' / language
    return main([*arguments, str(DOCS), str(folder)])


def extract(out: Path) -> int:
    """Updates the catalogues of the translations from the pages."""
    from sphinx.cmd.build import main
    from sphinx_intl.commands import main as intl

    pot = out / 'gettext'
    status = main(['-q', '-b', 'gettext', str(DOCS), str(pot)])
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
    options = parser.parse_args()
    try:
        import furo  # noqa: F401
        import myst_nb  # noqa: F401
    except ImportError as error:
        print(f'python -m docs: {error}\n  hint: pip install -e ".[docs]"')
        return 2
    if options.extract:
        return extract(options.out)
    for language in options.language or LANGUAGES:
        start = time.perf_counter()
        status = build(language, options.out)
        if status:
            return int(status)
        seconds = time.perf_counter() - start
        print(f'{language}: built in {seconds:.0f} s, no warnings')
    print(f'open {options.out / "html" / "index.html"}')
    return 0


if __name__ == '__main__':
    sys.exit(main())

"""Warns of what is not translated on the pages that are to be translated whole."""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Any

from sphinx.util import logging

WHOLE = ('index', 'core', 'course/')
_logger = logging.getLogger(__name__)


def _check(app: Any, doctree: Any) -> None:
    if app.config.language == 'en' or not app.env.docname.startswith(WHOLE):
        return
    folder = Path(app.srcdir) / app.config.locale_dirs[0]
    catalog = gettext.translation('pages', folder, [app.config.language])
    for node in doctree.findall():
        if getattr(node, 'attributes', {}).get('translated') is not False:
            continue
        text = ' '.join((node.rawsource or node.astext()).split())
        if catalog.gettext(text) == text and text not in catalog._catalog:
            _logger.warning('not translated: %s', text, location=node)


def setup(app: Any) -> dict[str, bool]:
    """Looks at each page when it has been read."""
    app.connect('doctree-read', _check)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}

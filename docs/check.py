"""Checks the site that was built: every link within it, and what its pages ask for.

Files and anchors are looked up in the HTML itself; a headless Chromium, where there is
one, opens pages and reports what they request and what their scripts complain about.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
_LOADED = {'img': 'src', 'script': 'src', 'iframe': 'src', 'source': 'src'}
_URL = re.compile(r'url\(\s*[\'"]?([^\'")]+)')


class _Page(HTMLParser):
    """Collects the links of a page, what it loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.cells = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or '' for name, value in attrs}
        self.anchors.update(values[key] for key in ('id', 'name') if key in values)
        self.cells += 'cell_input' in values.get('class', '').split()
        if 'style' in values:
            self.loaded += _URL.findall(values['style'])
        if tag == 'a' and 'href' in values:
            self.links.append(values['href'])
        elif tag == 'link' and 'href' in values:
            loads = {'stylesheet', 'icon', 'preload'} & {*values.get('rel', '').split()}
            (self.loaded if loads else self.links).append(values['href'])
        elif tag in _LOADED and _LOADED[tag] in values:
            self.loaded.append(values[_LOADED[tag]])


class Site:
    """The pages below a folder, read once.

    Args:
        folder: Holds ``index.html``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.pages = {
            path: _Page(path.read_text(encoding='utf-8'))
            for path in sorted(self.folder.rglob('*.html'))
        }

    @property
    def cells(self) -> int:
        """Number of notebook cells on all pages."""
        return sum(page.cells for page in self.pages.values())

    @property
    def links(self) -> int:
        """Number of links that stay within the site."""
        return sum(
            not urlsplit(link).scheme
            for page in self.pages.values()
            for link in page.links
        )

    def faults(self) -> list[str]:
        """Returns links that lead nowhere, and what is loaded from other hosts."""
        found = []
        for path, page in self.pages.items():
            for link in page.links:
                if not urlsplit(link).scheme and not self._leads_somewhere(path, link):
                    found.append(f'{self._name(path)}: {link} leads nowhere')
            found += self._loaded_faults(path, page.loaded)
        for path in sorted(self.folder.rglob('*.css')):
            urls = _URL.findall(path.read_text(encoding='utf-8'))
            found += self._loaded_faults(path, urls)
        return found

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self.folder))

    def _leads_somewhere(self, path: Path, link: str) -> bool:
        parts = urlsplit(link)
        if parts.netloc:
            return False
        target = path
        if parts.path:
            target = (path.parent / unquote(parts.path)).resolve()
            if not target.is_relative_to(self.folder) or not target.is_file():
                return False
        page = self.pages.get(target)
        anchor = unquote(parts.fragment)
        return not anchor or page is None or anchor in page.anchors

    def _loaded_faults(self, path: Path, urls: list[str]) -> list[str]:
        found = []
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme == 'data':
                continue
            if parts.scheme or parts.netloc:
                found.append(f'{self._name(path)}: {url} is on another host')
            elif not (path.parent / unquote(parts.path)).is_file():
                found.append(f'{self._name(path)}: {url} does not exist')
        return found


def browse(site: Site, every: int) -> tuple[int, list[str]] | str:
    """Opens pages in a headless Chromium.

    Args:
        site: The site.
        every: Every so many pages of the reference and of source are opened; of the
            others, all.

    Returns:
        The number of pages and what is wrong with them; or why there is no browser.
    """
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from tests.graph.browser import MISSING, Browser

    if MISSING is not None:
        return MISSING
    pages, many = [], 0
    for path in site.pages:
        if {'reference', '_modules'} & {*path.relative_to(site.folder).parts}:
            many += 1
            if many % every:
                continue
        pages.append(path)
    found = []
    with tempfile.TemporaryDirectory() as name:
        browser = Browser(Path(name))
        try:
            for path in pages:
                browser.open(path)
                title = path.relative_to(site.folder)
                found += [f'{title}: {message}' for message in browser.errors()]
                for url in browser.requests():
                    if not url.startswith(site.folder.as_uri()):
                        found.append(f'{title}: asks for {url}')
        finally:
            browser.close()
    return len(pages), found


def check(folder: Path, every: int = 20) -> int:
    """Prints what the site consists of and what is wrong with it.

    Args:
        folder: Holds ``index.html``.
        every: As `browse` takes it.

    Returns:
        Number of faults.
    """
    site = Site(folder)
    faults = site.faults()
    print(
        f'{len(site.pages)} pages, {site.cells} cells, '
        f'{site.links} links within the site, {len(faults)} faults'
    )
    seen = browse(site, every)
    if isinstance(seen, str):
        print(f'not opened in a browser: {seen}')
    else:
        print(f'{seen[0]} pages opened in Chromium, {len(seen[1])} faults')
        faults += seen[1]
    for fault in faults[:50]:
        print(f'  {fault}')
    return len(faults)

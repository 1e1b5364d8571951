"""SVG pictures follow the reader's colours."""

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.computational_graph import build_computational_graph
from minigrad.graph import draw, engines
from minigrad.graph.dark import COLOURS, with_dark_mode
from minigrad.graph.metrics import contrast
from tests.graph import browser

PAPER = [COLOURS['#ffffff'], COLOURS['#f6f8fa']]
LEGIBLE = {draw.INK: 7, draw.GREY: 4.5, draw.PATH: 4.5, draw.NAN: 4.5, draw.BOX: 2.5}


@pytest.mark.parametrize('paper', PAPER)
def test_what_is_drawn_can_be_read_in_the_dark(paper):
    for colour, least in LEGIBLE.items():
        assert contrast(COLOURS[colour], paper) >= least, colour
    assert set(draw.FILL) <= set(COLOURS)


def test_the_rules_are_bound_to_the_picture():
    svg = with_dark_mode(b'<?xml version="1.0"?>\n<svg width="4pt"><g/></svg>').decode()
    assert svg.startswith('<?xml version="1.0"?>\n<svg class="minigrad" width="4pt">')
    assert svg.endswith('</style><g/></svg>')
    rules = svg.partition('(prefers-color-scheme: dark) {\n')[2].partition('\n}\n')[0]
    assert all(rule.startswith('svg.minigrad ') for rule in rules.splitlines())
    assert with_dark_mode(b'no picture') == b'no picture'


def test_engines_give_it(monkeypatch):
    monkeypatch.setattr(
        engines, '_engines', lambda: iter([('dot', lambda *_: b'<svg></svg>')])
    )
    assert b'prefers-color-scheme: dark' in engines.render_dot('digraph {}')
    assert engines.render_dot('digraph {}', 'png') == b'<svg></svg>'


LOOK = """
const colours = what => [...document.querySelectorAll(what)].map(one => {
  const style = getComputedStyle(one);
  return [style.fill, style.stroke];
});
return [colours('.graph > polygon')[0][0], colours('.edge path')[0][1],
        colours('.node text')[0][0], colours('.node polygon, .node ellipse')[0][0]];
"""
DARK, LIGHT = 'rgb(13, 17, 23)', 'rgb(230, 237, 243)'


@pytest.mark.browser
@pytest.mark.skipif(browser.MISSING is not None, reason=str(browser.MISSING))
@pytest.mark.skipif(engines.engine_name() is None, reason='needs an engine')
@pytest.mark.parametrize('dark', [False, True])
def test_in_a_browser(tmp_path, dark):
    y = F.exp(minigrad.Variable(np.ones((2, 3), 'f')))
    for name, style in (('coloured', 'default'), ('plain', None)):
        graph = build_computational_graph(
            [y], variable_style=style, function_style=style
        )
        graph.render(tmp_path / f'{name}.svg')
    chromium = browser.Browser(tmp_path, dark=dark)
    try:
        found = {}
        for name in ('coloured', 'plain'):
            chromium.open(tmp_path / f'{name}.svg')
            found[name] = chromium.run(LOOK)
        assert chromium.errors() == []
    finally:
        chromium.close()
    black = 'rgb(0, 0, 0)'
    if not dark:
        assert found['plain'] == ['rgb(255, 255, 255)', black, black, 'none']
    else:
        assert found['plain'] == [DARK, LIGHT, LIGHT, 'none']
        # A box in a colour of its own keeps it, and the black text on it.
        assert found['coloured'] == [DARK, LIGHT, black, 'rgb(224, 224, 224)']

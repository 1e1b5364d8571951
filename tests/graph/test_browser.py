"""The page in a headless Chromium: what a user does, by mouse and by keys."""

import os
from pathlib import Path

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.graph import trace
from models.alexnet import AlexNet
from tests.graph import browser
from tests.graph.graph_models import Net, Poisoned, step

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser.MISSING is not None, reason=str(browser.MISSING)),
]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where pages and screenshots go; MINIGRAD_SCREENSHOTS keeps them."""
    kept = os.environ.get('MINIGRAD_SCREENSHOTS')
    return Path(kept) if kept else tmp_path_factory.mktemp('pages')


@pytest.fixture(scope='module')
def chromium(tmp_path_factory):
    chromium = browser.Browser(tmp_path_factory.mktemp('browser'))
    yield chromium
    chromium.close()


@pytest.fixture(scope='module')
def alexnet(folder):
    """The page of a training step of AlexNet."""
    model = AlexNet(n_out=10)
    optimizer = minigrad.optimizers.MomentumSGD().setup(model)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 3, 227, 227)).astype('f')
    with trace(model) as graph:
        loss = F.softmax_cross_entropy(model(x), np.zeros(1, 'i'))
        model.cleargrads()
        loss.backward()
        optimizer.update()
    return graph.render(folder / 'alexnet.html')


@pytest.fixture
def opened(chromium):
    """Opens a page; at the end it must have been quiet and offline."""

    def open_(path):
        chromium.requests()
        chromium.open(path)
        chromium.requested = [u for u in chromium.requests() if u != path.as_uri()]
        return chromium

    yield open_
    assert chromium.errors() == []
    assert chromium.requested + chromium.requests() == []


def test_alexnet_is_explored(opened, alexnet, folder):
    page = opened(alexnet)
    names = page.run('return viewer.visible()')
    assert names.count('convolution_2d') == 5
    assert page.run('return viewer.overlaps()') == 0
    assert page.run("return document.getElementById('title').textContent") == 'AlexNet'
    page.screenshot(folder / 'alexnet-1-open.png')

    x, y = page.run("return viewer.place('link:AlexNet/conv1')")
    page.click(x, y, times=2)  # folds the box
    assert '[AlexNet/conv1]' in page.run('return viewer.visible()')
    x, y = page.run("return viewer.place('link:AlexNet/conv1')")
    page.click(x, y, times=2)  # and unfolds it
    assert page.run('return viewer.visible()') == names
    page.run("document.getElementById('fold').click()")
    assert '[AlexNet/fc6]' in page.run('return viewer.visible()')
    page.screenshot(folder / 'alexnet-2-folded.png')

    page.type('#search', 'fc6 linear')
    assert page.run('return viewer.matches()') == 1
    page.press('Enter')  # goes there, unfolding what hides it
    selected = page.run('return viewer.state.selected.path.join("/")')
    assert selected == 'AlexNet/fc6'
    details = page.run("return document.getElementById('details').textContent")
    assert 'linear' in details
    assert 'fc6/W' in details
    assert 'MFLOP' in details
    page.screenshot(folder / 'alexnet-3-search.png')
    page.press('Escape')

    page.run("document.getElementById('unfold').click()")
    before = page.run('return viewer.colours()')
    page.run(
        "const m = document.getElementById('metric'); m.value = 'kept';"
        "m.dispatchEvent(new Event('change'))"
    )
    assert page.run('return viewer.state.metric') == 'kept'
    assert page.run('return viewer.colours()') != before
    assert 'MB' in page.run("return document.getElementById('legend').textContent")
    page.screenshot(folder / 'alexnet-4-kept.png')

    page.run("document.activeElement.blur(); document.getElementById('canvas').focus()")
    page.press('b')
    assert page.run('return viewer.state.phase') == 'apart'
    page.screenshot(folder / 'alexnet-5-apart.png')


def test_details_on_hover(opened, alexnet, folder):
    page = opened(alexnet)
    page.move(*page.run("return viewer.place('f0')"))
    tip = "const tip = document.getElementById('tip'); return tip.hidden ? '' : "
    text = page.run(f'{tip} tip.textContent')
    assert text.startswith('convolution_2d\nlink: AlexNet/conv1')
    assert '227\N{MULTIPLICATION SIGN}227' in text
    page.screenshot(folder / 'hover.png')
    page.move(1270, 5)
    assert page.run(f'{tip} tip.textContent') == ''


def test_pan_and_zoom(opened, alexnet):
    page = opened(alexnet)
    view = 'const v = viewer.state.view; return [v.x, v.y, v.k]'
    x, y, k = page.run(view)
    page.drag((900, 600), (960, 560))
    assert page.run(view) == [x + 60, y - 40, k]
    before = page.run("return viewer.place('f0')")
    page.wheel(round(before[0]), round(before[1]), -200)
    assert page.run(view)[2] > k
    after = page.run("return viewer.place('f0')")
    assert after == pytest.approx(before, abs=12)  # zooms where the mouse is


def test_fit_shows_everything(opened, alexnet, folder):
    page = opened(alexnet)
    script = (
        'const v = viewer.state.view, c = document.getElementById("canvas");'
        'return [v.x, v.y, v.x + size.w * v.k <= c.clientWidth, '
        'v.y + size.h * v.k <= c.clientHeight, v.k]'
    )
    assert page.run(script)[4] == pytest.approx(0.8)  # it opens readable
    page.press('0')
    x, y, wide_enough, high_enough, _ = page.run(script)
    assert min(x, y) >= 0
    assert wide_enough
    assert high_enough


def test_dark_mode(tmp_path, folder, alexnet):
    chromium = browser.Browser(tmp_path, dark=True)
    try:
        chromium.open(alexnet)
        assert chromium.run('return [PAPER, INK]') == ['#0d1117', '#e6edf3']
        background = 'getComputedStyle(document.body).backgroundColor'
        assert chromium.run(f'return {background}') == 'rgb(13, 17, 23)'
        pixel = 'return Array.from(pen.getImageData(1, 1, 1, 1).data)'
        assert chromium.run(f'paint(); {pixel}') == [13, 17, 23, 255]
        chromium.screenshot(folder / 'dark.png')
    finally:
        chromium.close()


def test_keys_alone_are_enough(opened, folder):
    graph = step(Net(n_blocks=2))
    page = opened(graph.render(folder / 'keys.html'))
    page.run("document.getElementById('canvas').focus()")
    page.press('ArrowRight', 'ArrowRight')
    assert page.run('return viewer.selected()') == 'f0'
    page.press('ArrowDown')
    assert page.run('return viewer.selected()') == 'f1'
    page.press('ArrowUp')
    assert page.run('return viewer.selected()') == 'f0'
    page.press('Backspace')
    assert page.run('return viewer.selected()') == 'Net/blocks/0/a'
    assert '[Net/blocks/0/a]' in page.run('return viewer.visible()')
    page.press('Enter')
    assert '[Net/blocks/0/a]' not in page.run('return viewer.visible()')
    page.press('f')
    assert '[Net/out]' in page.run('return viewer.visible()')
    page.press('u', 'm')
    assert page.run('return viewer.state.metric') == 'forward_time'
    page.press('/', 'r', 'e', 'l', 'u')
    assert page.run('return viewer.matches()') == 2
    page.press('Enter')
    first = page.run('return viewer.selected()')
    page.press('Enter')
    assert page.run('return viewer.selected()') != first
    page.press('Escape')
    assert page.run('return viewer.selected()') is None
    zoom = page.run('return viewer.state.view.k')
    page.press('+')
    assert page.run('return viewer.state.view.k') > zoom
    # every control can be reached with Tab, in order
    page.run("document.getElementById('search').focus()")
    page.press('Tab')
    assert page.run('return document.activeElement.id') == 'metric'
    page.press('Tab', 'Tab')
    assert page.run('return document.activeElement.id') == 'fit'


def test_skips_go_around_what_they_skip(opened, folder):
    page = opened(step(Net(n_blocks=3)).render(folder / 'skips.html'))
    assert page.run('return viewer.overlaps()') == 0
    assert page.run('return viewer.hidden()') == 0
    page.screenshot(folder / 'skips.png')


def test_nan_is_pointed_at(opened, folder):
    page = opened(step(Poisoned()).render(folder / 'nan.html'))
    text = page.run("return document.getElementById('trouble').textContent")
    assert text.startswith('first NaN: Poisoned/rotten: log')
    page.run("document.getElementById('trouble').click()")
    assert page.run('return viewer.state.selected.name') == 'log'
    page.screenshot(folder / 'nan.png')


def test_2000_nodes_without_lag(opened, folder):
    graph = step(Net(n_blocks=499))
    assert len(graph.calls) > 1990
    page = opened(graph.render(folder / 'large.html'))
    assert len(page.run('return viewer.visible()')) <= 501 + 3
    page.run("document.getElementById('unfold').click()")
    assert len(page.run('return viewer.visible()')) > 1990
    assert page.run('return viewer.overlaps()') == 0
    assert page.run('return viewer.layoutTime()') < 1000
    assert page.run('return viewer.time()') < 50  # of one frame, drawn without a GPU
    page.run('viewer.state.view = {x: 300, y: 10, k: 0.02}')
    assert page.run('return viewer.time()') < 100  # all of it at once
    page.run('viewer.state.view = {x: 300, y: -5000, k: 0.4}; viewer.time()')
    page.screenshot(folder / 'large.png')

import json
import re

import numpy as np
import pytest

import minigrad
import minigrad.functions as F
from minigrad.graph import trace
from minigrad.graph.metrics import METRICS, PALETTE, contrast
from minigrad.graph.page import _FOLDER, _PASSES, page
from tests.graph.graph_models import Fork, Net, Poisoned, Unrolled, data, step


def content(html):
    """Returns what the page was given to show."""
    (text,) = re.findall(
        '<script id="data" type="application/json">(.*)</script>', html
    )
    return json.loads(text)


def test_stands_alone():
    html = page(step(Net()))
    assert not re.search(r'(src|href)\s*=|@import|url\(|https?:', html)
    assert "default-src 'none'" in html
    assert not re.search(r'@\w+@', html)


@pytest.mark.parametrize('mark', ['@title@', '@style@', '@script@', '@data@'])
def test_a_title_that_looks_like_a_mark(mark):
    with trace(title=mark) as graph:
        F.exp(minigrad.Variable(np.ones(2, 'f')))
    html = page(graph)
    assert f'<title>{mark}</title>' in html
    assert content(html)['title'] == mark


def test_titles_of_odd_signs(tmp_path):
    title = 'a\ud800b\x00c &lt;'
    with trace(title=title) as graph:
        F.exp(minigrad.Variable(np.ones(2, 'f')))
    html = page(graph)
    assert '<title>a�b�c &amp;lt;</title>' in html
    graph.render(tmp_path / 'a.html')
    assert 'a�b' in (tmp_path / 'a.html').read_text()
    assert '\x00' not in graph.to_dot()
    graph.to_dot().encode()


def test_names_cannot_break_out():
    title = '</script><!-- <b> & "重み" \u2028'
    with trace(title=title) as graph:
        F.exp(minigrad.Variable(np.ones(2, 'f')))
    html = page(graph)
    assert html.count('</script>') == 2
    assert '<title>&lt;/script&gt;' in html
    assert content(html)['title'] == title
    assert '重み' in html


def test_holds_what_was_recorded():
    graph = step(Net())
    shown = content(page(graph))
    assert [call['id'] for call in shown['calls']] == [call.id for call in graph.calls]
    call = shown['calls'][0]
    assert call['kernels'] == list(graph.calls[0].kernels)
    assert call['time'] == pytest.approx(graph.calls[0].time)
    assert shown['critical'] == []  # there is no other path
    assert shown['measured'] == 'times: measured once'
    graph = step(Fork())
    shown = content(page(graph))
    assert shown['critical'] == [call.id for call in graph.critical_path]
    names = [v['name'] for v in shown['values'].values() if v['kind'] == 'input']
    assert names == ['image', 't']  # of the model, and of the loss
    assert shown['metric'] == 'time'
    assert shown['trouble'] is None
    assert shown['folded'] == []
    for metric in shown['metrics']:
        for key in (metric['key'], metric['forward'], metric['backward']):
            assert key is None or key in call


def test_every_metric_knows_its_passes():
    assert set(_PASSES) <= set(METRICS)


def test_nan_is_shown_and_is_valid_json():
    graph = step(Poisoned())
    shown = content(page(graph))
    assert shown['trouble']['call'] == graph.first_nan.call.id
    assert shown['trouble']['text'] == str(graph.first_nan)
    assert not np.isfinite([c.gradient_norm for c in graph.calls]).all()


def test_repeated_links_start_folded():
    model = Unrolled(20)
    with trace(model) as graph:
        model(data()[0])
    assert content(page(graph))['folded'] == [['Unrolled', 'cell']]


def test_many_loose_functions_get_boxes():
    x = minigrad.Variable(np.ones(1, 'f'))
    with trace(statistics=False) as graph:
        for _ in range(450):
            x = x + 1
    shown = content(page(graph))
    assert shown['folded'] == [
        [f'functions {first} to {last}']
        for first, last in ((1, 100), (101, 200), (201, 300), (301, 400), (401, 450))
    ]
    assert all(len(call['path']) == len(call['turns']) == 1 for call in shown['calls'])


def test_metric():
    assert content(page(step(Net()), 'flops'))['metric'] == 'flops'
    with pytest.raises(ValueError, match='unknown metric'):
        page(step(Net()), 'beauty')


def test_a_notebook_shows_the_page_in_a_frame():
    bundle = step(Net())._repr_mimebundle_()
    assert bundle['text/html'].startswith('<iframe sandbox="allow-scripts"')
    assert 'srcdoc="&lt;!DOCTYPE html&gt;' in bundle['text/html']
    assert bundle['text/plain'].startswith('<Graph Net: 10 functions')


def test_text_has_contrast():
    css = (_FOLDER / 'style.css').read_text()
    light, dark = css.split('@media (prefers-color-scheme: dark)')[:2]
    for part in (light, dark.split('\n*')[0]):
        names = dict(re.findall(r'--(\w+): (#\w{6})', part))
        for name in ('ink', 'grey', 'blue'):
            assert contrast(names[name], names['shade']) >= 4.5, name
    assert contrast('#ffffff', '#a40e26') >= 4.5  # the banner
    assert contrast('#57606a', '#ffffff') >= 4.5  # lines and borders of nodes
    assert len(set(PALETTE)) == 7

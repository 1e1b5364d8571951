import os
import stat

import pytest

from minigrad.graph import engines

DOT = 'digraph {\na [label="層"];\na -> b;\n}'


def program(folder, name, body):
    path = folder / name
    path.write_text(f'#!/bin/sh\n{body}\n')
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(path)


@pytest.fixture
def only(monkeypatch):
    """Makes the given engines the only ones."""

    def use(*names_and_draws):
        monkeypatch.setattr(engines, '_engines', lambda: iter(names_and_draws))

    return use


def test_svg_and_png(engine):
    svg = engines.render_dot(DOT, 'svg')
    assert b'<svg' in svg
    assert '層' in svg.decode()
    assert engines.render_dot(DOT, 'png').startswith(b'\x89PNG')


def test_the_text_goes_to_standard_input_without_a_shell(tmp_path, only):
    path = program(tmp_path, 'dot', 'echo "$# $1"; cat')
    only(('dot', engines._program(path)))
    text = 'digraph "$(touch /no) `x` ; &" {}'
    assert engines.render_dot(text) == b'1 -Tsvg\n' + text.encode()


def test_system_dot_is_tried_first(tmp_path, monkeypatch):
    program(tmp_path, 'dot', 'echo mine')
    monkeypatch.setenv('PATH', f'{tmp_path}{os.pathsep}{os.environ["PATH"]}')
    assert engines.engine_name() == 'dot'
    assert engines.render_dot(DOT) == b'mine\n'


def test_no_engine_names_the_command_that_brings_one(only):
    only()
    with pytest.raises(engines.EngineError, match=r'pip install .*graphviz-pure'):
        engines.render_dot(DOT)
    assert engines.engine_name() is None


def test_pdf_without_an_engine_that_can(only):
    def draw(text, format, timeout):
        raise AssertionError('not to be called')

    only(('graphviz-pure', draw))
    with pytest.raises(engines.EngineError, match='cannot write PDF') as info:
        engines.render_dot(DOT, 'pdf')
    assert 'pip install pygraphviz' in str(info.value)


def test_pdf_falls_to_the_next_engine(only):
    only(('graphviz-pure', None), ('pygraphviz', lambda text, format, timeout: b'%PDF'))
    assert engines.render_dot(DOT, 'pdf') == b'%PDF'


def test_a_hanging_engine_is_stopped(tmp_path, only):
    only(('dot', engines._program(program(tmp_path, 'dot', 'exec sleep 30'))))
    with pytest.raises(engines.EngineError, match=r'took longer than 0\.2 s'):
        engines.render_dot(DOT, timeout=0.2)


def test_a_failing_engine_is_quoted(tmp_path, only):
    body = 'echo "syntax error near line 3" >&2; exit 1'
    only(('dot', engines._program(program(tmp_path, 'dot', body))))
    with pytest.raises(engines.EngineError, match='syntax error near line 3'):
        engines.render_dot(DOT)


def test_unknown_format():
    with pytest.raises(ValueError, match="unknown format 'gif'"):
        engines.render_dot(DOT, 'gif')

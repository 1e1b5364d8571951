from hypothesis import given
from hypothesis import strategies as st

from minigrad.graph import dot


def unquoted(text):
    """Reads a quoted DOT string as Graphviz shows it."""
    assert text[0] == text[-1] == '"'
    shown, escaped = [], False
    for c in text[1:-1]:
        if escaped:
            shown.append('\n' if c == 'n' else c)
            escaped = False
        elif c == '\\':
            escaped = True
        else:
            assert c != '"', text
            shown.append(c)
    assert not escaped
    return ''.join(shown).replace('&amp;', '&')


@given(st.text())
def test_quoted_text_reads_back(text):
    quoted = dot.quote(text)
    assert '\n' not in quoted
    assert unquoted(quoted) == dot.clean(text).replace('\r', '')


def test_what_looks_like_an_entity_is_shown_as_it_is():
    assert dot.quote('a &lt; b &#60; &amp; c & d') == (
        '"a &amp;lt; b &amp;#60; &amp;amp; c & d"'
    )


def test_signs_that_no_file_can_hold_are_replaced():
    shown = dot.quote('a\x00b\x1b\ud800c\uffff\td')
    assert shown == '"a�b��c�\td"'
    shown.encode()


@given(st.text(alphabet='{}|<>\\"ab\n'))
def test_record_labels_have_no_bare_field_signs(text):
    quoted = dot.quote_label(text, 'record')
    assert unquoted(quoted) == text
    bare = quoted.replace('\\\\', '')
    for sign in '{}|<>':
        assert bare.count(sign) == bare.count(f'\\{sign}')


def test_attributes_pass_html_through():
    values = {'label': dot.Html('<B>x</B>'), 'shape': 'box'}
    assert dot.attributes(values) == '[label=<<B>x</B>>,shape="box"]'


def test_wide_characters_get_room():
    assert dot.room_for('ascii only', 14) == {}
    assert dot.room_for('é', 14) == {}
    assert float(dot.room_for('入力画像', 14)['width']) >= 4 * 14 / 72
    assert dot.padded('層') == '層   '
    assert dot.padded('conv1') == 'conv1'

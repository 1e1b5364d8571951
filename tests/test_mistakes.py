"""Every mistake of the table is answered in a sentence that holds the fix."""

import warnings

import pytest

import minigrad
from minigrad import configuration
from tests.mistakes import CORRECT, MISTAKES, run


@pytest.fixture(autouse=True)
def own_configuration(monkeypatch):
    monkeypatch.setattr(configuration, '_known', set(configuration._known))
    before = dict(vars(minigrad.global_config)), dict(vars(minigrad.config))
    yield
    for entries, old in zip(
        (minigrad.global_config, minigrad.config), before, strict=True
    ):
        for name in set(vars(entries)) - set(old):
            delattr(entries, name)


@pytest.mark.parametrize('mistake', MISTAKES, ids=lambda m: m.text)
def test_mistake(mistake):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        if issubclass(mistake.kind, Warning):
            run(mistake.program)
            said = [
                str(w.message) for w in caught if issubclass(w.category, mistake.kind)
            ]
        else:
            with pytest.raises(mistake.kind) as info:
                run(mistake.program)
            said = [str(info.value)]
    (text,) = [text for text in said if mistake.text in text] or ['; '.join(said)]
    assert mistake.text in text
    assert len(text) < 400, 'a sentence, not an array'


@pytest.mark.parametrize('name', CORRECT)
def test_a_correct_program_is_silent(name, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        run(CORRECT[name])
    assert capsys.readouterr().err == ''

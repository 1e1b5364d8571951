"""The pages of names: ours all have one, and those of others lead to something."""

import importlib
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import minigrad
from minigrad.other_names import OTHER_NAMES

sys.path.insert(0, str(Path(__file__).parents[2] / 'docs' / 'extensions'))
import other_names
import reference

sys.path.pop(0)


def test_what_a_package_gives_has_a_page():
    without = {'minigrad.cli', 'minigrad.exporters'}  # programs; the page of its module
    paths = {id(name.value) for name in reference.public_names()}
    missing = []
    for module in pkgutil.iter_modules(minigrad.__path__, 'minigrad.'):
        if not module.ispkg or module.name in without or '._' in module.name:
            continue
        package = importlib.import_module(module.name)
        for name in getattr(package, '__all__', []):
            value = getattr(package, name)
            if callable(value) and value.__doc__ and id(value) not in paths:
                missing.append(f'{module.name}.{name}')
    assert missing == []


def test_chainers_names_lead_to_our_pages():
    row = '| `chainer.functions` | `relu`, `sum`, `no_such_name` |'
    assert reference.link_names(row) == (
        '| `chainer.functions` | {doc}`relu <reference/functions/relu>`, '
        '{doc}`sum <reference/functions/sum>`, `no_such_name` |'
    )


def test_no_name_has_two_pages():
    pages = [name.page for name in reference.public_names()]
    assert len({*pages}) == len(pages) > 600


@pytest.mark.parametrize('owner', other_names.MODULES)
def test_counterparts_exist(owner):
    module = importlib.import_module(other_names.MODULES[owner])
    for theirs, ours in OTHER_NAMES[owner].items():
        assert not callable(vars(module).get(theirs)), f'{theirs} is there'
        if re.fullmatch(r'\w+', ours):
            assert hasattr(module, ours), (theirs, ours)
        for path in re.findall(r'minigrad(?:\.\w+)+', ours):
            found = minigrad
            for part in path.split('.')[1:]:
                found = getattr(found, part)


def test_the_page_has_a_line_for_each_name():
    lines = other_names.LIST.read_text().split()
    assert len({*lines}) == len(lines) > 600
    page = other_names.page()
    assert page.count('   * - ``') == len(lines)
    assert ':py:obj:`~minigrad.links.Convolution2D`' in page
    for path in other_names.OTHERWISE:
        assert path in lines


@pytest.mark.torch
def test_the_list_is_pytorchs():
    pytest.importorskip('torch', reason='PyTorch is not installed')
    for module, names in other_names.theirs().items():
        if module.startswith('torch'):
            there = vars(importlib.import_module(module))
            assert [name for name in names if name not in there] == []


def test_an_error_knows_them_too():
    with pytest.raises(AttributeError, match='here it is GlorotNormal'):
        minigrad.initializers.xavier_normal_  # noqa: B018
    with pytest.raises(AttributeError, match='here it is the function'):
        minigrad.links.GELU  # noqa: B018

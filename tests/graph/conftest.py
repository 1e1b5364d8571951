import pytest

from minigrad.graph.engines import engine_name


@pytest.fixture
def engine():
    """The name of the installed drawing engine."""
    name = engine_name()
    if name is None:
        pytest.skip('no Graphviz engine installed: pip install graphviz-pure')
    return name

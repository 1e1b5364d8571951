"""A GPU that is not there: the stand-in for CuPy, for one test."""

import pytest

from tests.gpu import stand_in


@pytest.fixture
def cupy():
    with stand_in.installed() as module:
        yield module

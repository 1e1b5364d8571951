"""What tests of kernels share."""

import pytest


@pytest.fixture
def tiles():
    """Takes Winograd's tiles for every convolution that they can compute."""
    from minigrad.kernels.cpu import ways

    with ways.taking(ways.WINOGRAD):
        yield

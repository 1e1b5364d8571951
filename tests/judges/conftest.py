"""CuPy without a card, for the tests of this folder; ``.ci/judges`` runs them.

They are asked for with ``MINIGRAD_JUDGES=1``, in a process of their own: where a card is,
the other tests must find the CuPy that uses it.
"""

import os

import pytest

from tests.judges import processor
from tests.judges.driver import driver, install

if 'MINIGRAD_JUDGES' in os.environ:
    installed = install()  # before anything else imports CuPy
    installed.cuda.set_allocator(None)  # memory that no kernel filled is zeros
else:
    collect_ignore_glob = ['test_*.py']


@pytest.fixture
def cupy(monkeypatch):
    """The module, without cuDNN; what goes wrong in the driver fails the test."""
    from minigrad.kernels import cudnn
    from tests.gpu import stand_in

    monkeypatch.setattr(cudnn, 'find_cudnn', lambda: stand_in.NO_CUDNN)
    driver.reset()
    yield installed
    assert driver.faults == []


@pytest.fixture
def computing(cupy, monkeypatch):
    """The module, whose kernels the CPU carries out."""
    if processor.COMPILER is None:
        pytest.skip('needs g++')
    monkeypatch.setattr(driver, 'launches', processor.run)
    return cupy

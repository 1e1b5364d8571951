"""Names that the examples in docstrings use without importing them."""

import numpy
import pytest


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace, request):
    import minigrad
    import minigrad.functions
    import minigrad.links

    doctest_namespace.update(
        np=numpy, minigrad=minigrad, F=minigrad.functions, L=minigrad.links
    )

import pytest

from minigrad import iterators

MAKERS = {
    'serial': iterators.SerialIterator,
    'multithread': lambda *a, **k: iterators.MultithreadIterator(*a, n_threads=3, **k),
    'multiprocess': lambda *a, **k: iterators.MultiprocessIterator(
        *a, n_processes=2, n_prefetch=2, **k
    ),
}


@pytest.fixture(params=list(MAKERS))
def make(request):
    """Makes iterators of one kind, and ends them after the test."""
    made = []

    def build(*args, **kwargs):
        made.append(MAKERS[request.param](*args, **kwargs))
        return made[-1]

    yield build
    for iterator in made:
        iterator.finalize()

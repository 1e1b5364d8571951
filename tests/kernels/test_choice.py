"""Which kernel set an array gets."""

import threading

import numpy as np
import pytest

from minigrad.kernels import kernels_for, using_kernels


def test_subclass_and_scalar():
    plain = kernels_for(np.ones(2))
    assert kernels_for(np.ones(2).view(np.recarray)) is plain
    assert kernels_for(np.float32(1)) is plain


def test_other_types_are_refused():
    with pytest.raises(TypeError, match=r'no kernels for builtins\.list'):
        kernels_for([1.0])


def test_using_kernels_nests_and_ends():
    before = kernels_for(np.ones(2))
    with using_kernels('reference'):
        assert kernels_for(np.ones(2)).name == 'reference'
        assert kernels_for(np.ones(2).view(np.recarray)).name == 'reference'
        with pytest.raises(KeyError), using_kernels('reference'):
            raise KeyError
        assert kernels_for(np.ones(2)).name == 'reference'
    assert kernels_for(np.ones(2)) is before


def test_using_kernels_holds_for_one_thread():
    before = kernels_for(np.ones(2))
    seen = []
    with using_kernels('reference'):
        thread = threading.Thread(target=lambda: seen.append(kernels_for(np.ones(2))))
        thread.start()
        thread.join()
    assert seen == [before]


def test_unknown_name():
    with pytest.raises(ValueError, match="unknown kernel set 'fast'"):
        using_kernels('fast').__enter__()

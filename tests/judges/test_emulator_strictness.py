"""The emulator is no more lenient than CuPy about what kernels are given."""

import itertools

import numpy as np
import pytest

from tests.gpu import emulator, stand_in


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch):
    """What arguments are refused does not turn on what a kernel computes."""

    class Library:
        def run(self, *args):
            pass

        def __getitem__(self, name):
            return self.run

    monkeypatch.setattr(emulator, '_library', lambda code: Library())


VALUES = {
    'e': lambda xp: xp.ones((2, 3), 'e'),
    'f': lambda xp: xp.ones((2, 3), 'f'),
    'd': lambda xp: xp.ones((2, 3), 'd'),
    'i': lambda xp: xp.ones((2, 3), 'i'),
    'row': lambda xp: xp.ones(3, 'f'),
    'long row': lambda xp: xp.ones(4, 'f'),
    'number': lambda xp: 2.0,
    'np.float32': lambda xp: np.float32(2),
    'np.float64': lambda xp: np.float64(2),
    'NumPy array': lambda xp: np.ones((2, 3), 'f'),
    'list': lambda xp: [1.0],
    'text': lambda xp: 'a',
}
SIGNATURES = [
    ('T x', 'T y'),
    ('T x, T s', 'T y'),
    ('T x, A s', 'T y'),
    ('T x, float32 s', 'T y'),
    ('float32 x, float32 s', 'float32 y'),
]


def refused(call):
    try:
        call()
    except Exception:
        return True
    return False


@pytest.mark.parametrize(('inputs', 'outputs'), SIGNATURES)
def test_elementwise(inputs, outputs, cupy):
    count = len(inputs.split(','))
    theirs = cupy.ElementwiseKernel(inputs, outputs, 'y = x', 'of_a_test')
    chosen = list(itertools.product(VALUES, repeat=count + 1))
    chosen += [('f',) * (count + 2), ('f',) * (count - 1)]
    wanted = {
        names: refused(lambda names=names: theirs(*[VALUES[n](cupy) for n in names]))
        for names in chosen
    }
    with stand_in.installed() as fake:
        ours = emulator.ElementwiseKernel(inputs, outputs, 'y = x', 'of_a_test')
        lenient = [
            names
            for names in chosen
            if wanted[names]
            and not refused(lambda names=names: ours(*[VALUES[n](fake) for n in names]))
        ]
    assert any(wanted.values())
    assert not all(wanted.values())
    assert lenient == []


SOURCE = r"""
extern "C" __global__ void of_a_test(const float* x, float* y, int n, float s) {
  if (threadIdx.x < n) y[threadIdx.x] = s * x[threadIdx.x];
}
"""


def test_raw(cupy):
    """Each argument in turn is another; what CuPy packs wrongly is refused, too."""
    right = ('f', 'f', 'int32', 'np.float32')
    values = VALUES | {
        'int32': lambda xp: np.int32(6),
        'int64': lambda xp: np.int64(6),
        'int': lambda xp: 6,
        'two': lambda xp: np.ones(2, 'f'),
    }
    chosen = [
        (*right[:i], other, *right[i + 1 :])
        for i, other in itertools.product(range(4), values)
    ]
    chosen += [right[:3], (*right, 'int32')]

    def launch(kernel, names, xp):
        kernel((1,), (32,), tuple(values[n](xp) for n in names))

    theirs = cupy.RawModule(code=SOURCE).get_function('of_a_test')
    wanted = {
        names: refused(lambda names=names: launch(theirs, names, cupy))
        for names in chosen
        if len(names) == 4 and names[2][:3] == 'int'
    }
    assert wanted[right] is False
    assert wanted[('two', *right[1:])] is True
    with stand_in.installed() as fake:
        ours = emulator.RawModule(SOURCE).get_function('of_a_test')
        taken = [
            names
            for names in chosen
            if not refused(lambda names=names: launch(ours, names, fake))
        ]
    floats = {'f', 'row', 'long row'}
    assert taken == [
        names
        for names in chosen
        if floats.issuperset(names[:2]) and names[2:] == right[2:]
    ]

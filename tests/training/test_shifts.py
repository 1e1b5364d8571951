from types import SimpleNamespace

import pytest

from minigrad.serializers import NpzDeserializer, serialize
from minigrad.training import extensions

CASES = {
    'exponential': (
        lambda **k: extensions.ExponentialShift('x', 0.5, 2.0, 0.4, **k),
        [2.0, 1.0, 0.5, 0.4, 0.4],
    ),
    'exponential upwards': (
        lambda **k: extensions.ExponentialShift('x', 2, 1, 3, **k),
        [1, 2, 3, 3, 3],
    ),
    'exponential, negative': (
        lambda **k: extensions.ExponentialShift('x', 0.5, -2.0, -0.4, **k),
        [-2.0, -1.0, -0.5, -0.4, -0.4],
    ),
    'exponential, no bound': (
        lambda **k: extensions.ExponentialShift('x', 0.5, 2.0, **k),
        [2.0, 1.0, 0.5, 0.25, 0.125],
    ),
    'exponential, as it is': (
        lambda **k: extensions.ExponentialShift('x', 0.5, **k),
        [8.0, 4.0, 2.0, 1.0, 0.5],
    ),
    'inverse': (
        lambda **k: extensions.InverseShift('x', 1, 1, 12.0, 3.5, **k),
        [12.0, 6.0, 4.0, 3.5, 3.5],
    ),
    'linear': (
        lambda **k: extensions.LinearShift('x', (2.0, 6.0), (1, 3), **k),
        [2.0, 2.0, 4.0, 6.0, 6.0],
    ),
    'multistep': (
        lambda **k: extensions.MultistepShift('x', 0.1, [2, 4], 100.0, **k),
        [100.0, 100.0, 10.0, 10.0, 100.0 * 0.1**2],
    ),
    'multistep, as it is': (
        lambda **k: extensions.MultistepShift('x', 0.5, [1, 2], None, **k),
        [8.0, 4.0, 2.0, 2.0, 2.0],
    ),
    'polynomial': (
        lambda **k: extensions.PolynomialShift('x', 1, 4, 4.0, 0.5, **k),
        [4.0, 3.0, 2.0, 1.0, 0.5],
    ),
    'polynomial, to zero': (
        lambda **k: extensions.PolynomialShift('x', 2, 2, 4.0, **k),
        [4.0, 1.0, 0.0, 0.0, 0.0],
    ),
    'step': (
        lambda **k: extensions.StepShift('x', 0.5, 2, 4.0, 1.5, **k),
        [4.0, 4.0, 2.0, 2.0, 1.5],
    ),
    'warmup': (
        lambda **k: extensions.WarmupShift('x', 1.0, 3, 4.0, **k),
        [1.0, 2.0, 3.0, 4.0, 4.0],
    ),
    'warmup, as it is': (
        lambda **k: extensions.WarmupShift('x', None, 2, 0.0, **k),
        [8.0, 4.0, 0.0, 0.0, 0.0],
    ),
}


def values(shift, optimizer, n):
    out = []
    for _ in range(n):
        shift(None)
        out.append(optimizer.x)
    return out


@pytest.mark.parametrize('name', CASES)
class TestShifts:
    def test_values(self, name):
        make, expected = CASES[name]
        optimizer = SimpleNamespace(x=8.0)
        shift = make(optimizer=optimizer)
        shift.initialize(None)
        first = optimizer.x
        assert [first, *values(shift, optimizer, 4)] == expected

    def test_resumed(self, name):
        # The new optimizer begins with another value, as if its constructor had changed.
        make, expected = CASES[name]
        for stop in range(5):
            optimizer, other = SimpleNamespace(x=8.0), SimpleNamespace(x=8.0)
            shift, again = make(optimizer=optimizer), make(optimizer=other)
            shift.initialize(None)
            values(shift, optimizer, stop)
            NpzDeserializer(serialize(shift)).load(again)
            other.x = 5.0
            again.initialize(None)
            assert type(other.x) in (int, float)
            resumed = [other.x, *values(again, other, 4 - stop)]
            assert resumed == expected[stop:], stop

    def test_the_main_optimizer_is_the_default(self, name):
        make, expected = CASES[name]
        optimizer = SimpleNamespace(x=8.0)
        updater = SimpleNamespace(get_optimizer={'main': optimizer}.__getitem__)
        shift = make()
        shift.initialize(SimpleNamespace(updater=updater))
        shift(SimpleNamespace(updater=updater))
        assert optimizer.x == expected[1]


@pytest.mark.parametrize('name', ['multistep', 'warmup'])
def test_chainers_snapshots_hold_less(name):
    make, expected = CASES[name]
    optimizer, other = SimpleNamespace(x=8.0), SimpleNamespace(x=8.0)
    shift, again = make(optimizer=optimizer), make(optimizer=other)
    shift.initialize(None)
    values(shift, optimizer, 3)
    state = serialize(shift)
    del state['_init'], state['_last_value']
    NpzDeserializer(state).load(again)
    again.initialize(None)
    assert [other.x, *values(again, other, 1)] == expected[3:]


def test_a_shift_takes_over_from_a_warmup():
    def make(optimizer):
        return (
            extensions.WarmupShift('x', 1.0, 2, 4.0, optimizer),
            extensions.ExponentialShift('x', 0.5, 4.0, optimizer=optimizer),
        )

    optimizer = SimpleNamespace(x=0.0)
    warmup, decay = make(optimizer)
    decay.initialize(None)
    warmup.initialize(None)
    values(warmup, optimizer, 2)
    values(decay, optimizer, 1)
    values(warmup, optimizer, 1)
    assert optimizer.x == 2.0


def test_wrong_arguments():
    with pytest.raises(ValueError, match='negative rate, got -1'):
        extensions.ExponentialShift('x', -1)
    with pytest.raises(ValueError, match='negative gamma, got -1'):
        extensions.InverseShift('x', -1, 1)

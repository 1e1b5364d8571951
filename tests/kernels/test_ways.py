"""Ways to compute convolutions and products: equal results, chosen by rates on disk."""

import json

import numpy as np
import pytest

pytest.importorskip('numba', reason='Numba is not installed')

from minigrad.kernels import calibrate
from minigrad.kernels.cpu import calibration, ways
from minigrad.kernels.numba_cpu import NumbaKernels
from minigrad.kernels.reference import Kernels
from minigrad.kernels.specs import ConvSpec
from minigrad.utils.processor import processor_name

fast, reference = NumbaKernels(), Kernels(np)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A place for a calibration of this test alone."""
    path = tmp_path / 'some' / 'calibration.json'
    monkeypatch.setenv(calibration.VARIABLE, str(path))
    calibration.load.cache_clear()
    ways.forget()
    yield path
    monkeypatch.undo()
    calibration.load.cache_clear()
    ways.forget()


def known(convolution=None, product=None, **changes):
    rates = {'convolution': convolution or ways.RATES, 'product': product or {}}
    version, name = calibration.VERSION, processor_name()
    return {
        'version': version,
        'processor': name,
        'threads': 2,
        'rates': rates,
    } | changes


def deep(product):
    """The way of a convolution of many channels over few pixels."""
    spec = ConvSpec.of((8, 512, 2, 2), (512, 512, 3, 3), 1, 1)
    return ways.fastest(product, spec, 8, 512, 512, False)


def test_rates_that_come_with_minigrad(kept):
    assert [deep(product) for product in ('y', 'gx', 'gW')] == [ways.COLUMNS] * 3
    # LeNet's first one; one of many pixels, whose windows would be copied nine times.
    spec = ConvSpec.of((16, 1, 28, 28), (20, 1, 5, 5))
    assert ways.fastest('y', spec, 16, 1, 20, False) == ways.DIRECT
    spec = ConvSpec.of((8, 128, 28, 28), (128, 128, 3, 3), 1, 1)
    assert ways.fastest('y', spec, 8, 128, 128, False) == ways.WINOGRAD
    assert ways.fastest('y', spec, 8, 128, 128, True) == ways.DIRECT
    assert ways.fastest_product('nn', 512, 512, 512) == ways.OWN
    assert not kept.exists()


def test_rates_of_this_processor_decide(kept):
    slow = {name: [1e9] * len(r) for name, r in ways.RATES.items() if 'dir' not in name}
    product = {'own nn': [1, 0, 0, 0, 0], 'blas nn': [0.5, 0, 0, 0, 0]}
    assert calibration.save(known({**ways.RATES, **slow}, product)) == kept
    ways.forget()
    assert deep('y') == ways.DIRECT
    assert ways.fastest_product('nn', 512, 512, 512) == ways.BLAS
    assert ways.fastest_product('nt', 512, 512, 512) == ways.OWN  # not measured
    a = np.ones((8, 8), 'f')
    np.testing.assert_array_equal(fast.matmul(a, a), a @ a)


@pytest.mark.parametrize(
    'text',
    [
        '', '{', '[]', 'null', '{"version": 1}',
        json.dumps(known(processor='another')),
        json.dumps(known(version=0)),
        json.dumps(known({'direct y': ['x']})),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_left_alone(kept, text):
    kept.parent.mkdir()
    kept.write_text(text)
    assert calibration.load() is None
    assert deep('y') == ways.COLUMNS
    assert kept.read_text() == text


def test_off(monkeypatch):
    monkeypatch.setenv(calibration.VARIABLE, calibration.OFF)
    assert calibration.path() is None


def test_measuring(kept, monkeypatch):
    monkeypatch.setattr(calibrate, 'ROUNDS', 1)
    monkeypatch.setattr(
        calibrate, 'CONVOLUTIONS', [(16, 16, 8, 16, 3, 1), (1, 2, 8, 3, 3, 1)]
    )
    monkeypatch.setattr(calibrate, 'PRODUCTS', [(4, 5, 6), (7, 20, 9)])
    lines = []
    measured = calibrate.measure(lines.append)
    written = json.loads(kept.read_text())
    assert written == measured
    assert written['processor'] == processor_name()
    assert written['rates']['convolution'].keys() == ways.RATES.keys()
    assert written['rates']['product'].keys() == {
        f'{way} {layout}'
        for way in (ways.OWN, ways.BLAS)
        for layout in ('nn', 'nt', 'tn')
    }
    assert len(lines) == 9 + 6
    assert calibration.load() == written
    assert any('8x8' in line for line in calibrate.table())


@pytest.mark.parametrize('product', [(30, 40, 50), (1, 7, 3)])
@pytest.mark.parametrize('dtype', ['float32', 'float64'])
def test_products_by_blas_are_numpys(product, dtype):
    M, K, N = product
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((M, K)), rng.standard_normal((K, N))
    a, b = a.astype(dtype), b.astype(dtype)
    with ways.taking(ways.BLAS):
        np.testing.assert_array_equal(fast.matmul(a, b), a @ b)


def test_rates_that_explain_the_times():
    rng = np.random.default_rng(0)
    done = rng.uniform(1, 100, (20, 3))
    rates = np.array([3.0, 0.0, 0.5])
    np.testing.assert_allclose(calibration.fit(done, done @ rates), rates, atol=1e-9)
    # No rate is negative, though a line through these points would fall.
    found = calibration.fit([[1, 1], [2, 1], [3, 1]], [3, 2.5, 2])
    assert min(found) >= 0
    assert found[1] > 0

import numpy
import pytest

from minigrad import datasets


def test_seeded():
    a, b = [datasets.make_shapes(9, withlabel=False) for _ in range(2)]
    numpy.testing.assert_array_equal(a, b)
    assert (a != datasets.make_shapes(9, seed=1, withlabel=False)).any()


def test_values_and_labels():
    shapes = datasets.make_shapes(30, size=20, scale=255.0, dtype=numpy.float64)
    images = numpy.stack([x for x, _ in shapes[:]])
    assert images.shape == (30, 3, 20, 20)
    assert images.dtype == numpy.float64
    assert images.min() >= 0
    assert 200 < images.max() <= 255
    assert [int(t) for _, t in shapes[:6]] == [0, 1, 2, 0, 1, 2]
    assert shapes[0][1].dtype == numpy.int32


def test_figures_differ_by_class():
    images = datasets.make_shapes(300, withlabel=False)
    area = (images.mean(axis=1) > 0.5).mean(axis=(1, 2))
    # A cross covers less than a circle or a square around it.
    assert area[2::3].mean() < 0.75 * area[0::3].mean()
    assert (area > 0).all()


def test_too_small():
    with pytest.raises(ValueError, match='size >= 8 pixels, got 4'):
        datasets.make_shapes(1, size=4)

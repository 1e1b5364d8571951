import pickle

import numpy as np
import pytest

from models.transforms import Prepare, resize, statistics


@pytest.mark.parametrize('shape', [(20, 30), (7, 9), (10, 10), (1, 1), (33, 5)])
def test_resize_as_pillow(rng, shape):
    image_module = pytest.importorskip('PIL.Image', reason='Pillow is not installed')
    image = rng.random((1, 10, 13), dtype=np.float32)
    expected = image_module.fromarray(image[0]).resize(
        shape[::-1], image_module.Resampling.BILINEAR
    )
    ours = resize(image, *shape)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours[0], np.asarray(expected), atol=1e-5)


def test_grey_becomes_three_channels(rng):
    image = rng.random((1, 28, 28), dtype=np.float32)
    prepared, label = Prepare(channels=3)((image, 4))
    assert label == 4
    np.testing.assert_array_equal(prepared, np.repeat(image, 3, axis=0))


def test_mean_and_deviation():
    image = np.array([[[1.0]], [[2.0]]], np.float32)
    prepared, _ = Prepare(mean=[0.5, 1.0], deviation=[2.0, 0.5])((image, 0))
    np.testing.assert_array_equal(prepared.ravel(), [0.25, 2.0])
    np.testing.assert_array_equal(image.ravel(), [1.0, 2.0])


def test_cuts_the_middle_out_of_larger_images():
    image = np.arange(24, dtype=np.float32).reshape(1, 4, 6)
    prepared, _ = Prepare(size=2)((image, 0))
    np.testing.assert_array_equal(prepared, image[:, 1:3, 2:4])


def test_square_images_without_a_size():
    assert Prepare()((np.zeros((3, 5, 9), 'f'), 0))[0].shape == (3, 5, 5)


def test_random_crop_stays_inside_and_moves(rng):
    np.random.seed(0)
    image = rng.random((3, 40, 50), dtype=np.float32)
    prepare = Prepare(size=32, augment=True)
    crops = {prepare((image, 0))[0].tobytes() for _ in range(20)}
    assert len(crops) > 10
    whole = {
        np.ascontiguousarray(image[:, i : i + 32, j : j + 32]).tobytes()
        for i in range(9)
        for j in range(19)
    }
    assert crops <= whole


def test_small_images_get_a_border(rng):
    np.random.seed(0)
    image = rng.random((1, 28, 28), dtype=np.float32)
    crops = [Prepare(augment=True)((image, 0))[0] for _ in range(10)]
    assert {crop.shape for crop in crops} == {(1, 28, 28)}
    assert len({crop.tobytes() for crop in crops}) > 5


def test_flip_only_where_allowed():
    np.random.seed(0)
    image = np.zeros((1, 16, 16), np.float32)
    image[..., :8] = 1.0  # a crop moves the edge by two pixels at most

    def is_mirrored(prepare):
        return [bool(prepare((image, 0))[0][0, 0, 0] == 0) for _ in range(40)]

    assert not any(is_mirrored(Prepare(augment=True)))
    assert not any(is_mirrored(Prepare(flip=True)))
    assert 5 < sum(is_mirrored(Prepare(augment=True, flip=True))) < 35


def test_travels_to_processes():
    prepare = pickle.loads(pickle.dumps(Prepare(size=8, mean=[1.0])))
    assert prepare((np.ones((1, 4, 4), 'f'), 0))[0].tolist() == [[[0.0] * 8] * 8]


def test_statistics(rng):
    images = rng.random((50, 3, 4, 5))
    mean, deviation = statistics([(image, 0) for image in images])
    np.testing.assert_allclose(mean, images.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(deviation, images.std(axis=(0, 2, 3)))


def test_statistics_of_one_colour_can_be_divided_by():
    assert statistics([(np.ones((1, 2, 2)), 0)])[1][0] > 0

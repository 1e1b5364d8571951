"""Output sizes and the messages of specs."""

import itertools

import numpy as np
import pytest

from minigrad.kernels.specs import (
    ConvSpec,
    PoolSpec,
    get_conv_outsize,
    get_deconv_outsize,
)


@pytest.mark.parametrize(
    ('size', 'k', 's', 'p', 'd'),
    list(itertools.product(range(1, 9), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2))),
)
def test_conv_outsize_counts_windows(size, k, s, p, d):
    span = (k - 1) * d + 1
    starts = [i for i in range(0, size + 2 * p, s) if i + span <= size + 2 * p]
    if starts:
        assert get_conv_outsize(size, k, s, p, d=d) == len(starts)


@pytest.mark.parametrize('cover_all', [False, True])
@pytest.mark.parametrize(
    ('out', 'k', 's', 'p'),
    list(itertools.product(range(1, 6), (2, 3, 4), (1, 2, 3), (0, 1))),
)
def test_deconv_outsize_is_the_smallest_inverse(out, k, s, p, cover_all):
    size = get_deconv_outsize(out, k, s, p, cover_all)
    assert get_conv_outsize(size, k, s, p, cover_all) == out
    assert get_conv_outsize(size - 1, k, s, p, cover_all) < out


def test_conv_spec_fields_and_hash():
    spec = ConvSpec.of((2, 3, 9, 8), (4, 3, 3, 2), (2, 1), (1, 0), dilate=(1, 2))
    assert spec == (9, 8, 3, 2, 5, 6, 2, 1, 1, 0, 1, 2, 1)
    assert hash(spec) == hash(ConvSpec(*spec))


def test_numpy_integers_are_integers():
    spec = PoolSpec.of((1, 1, 4, 4), np.int64(2), (np.int32(2), 2))
    assert spec.oh == 2
    assert type(spec.kh) is int


def test_transposed_spec_inverts():
    spec = ConvSpec.of_transposed((2, 4, 5, 5), (4, 3, 3, 3), 2, 1, (10, 9))
    assert (spec.h, spec.w, spec.oh, spec.ow) == (10, 9, 5, 5)
    assert ConvSpec.of((2, 3, 10, 9), (4, 3, 3, 3), 2, 1) == spec


def test_unpooling_spec():
    assert PoolSpec.of_unpooling((1, 1, 2, 2), 2)[:2] == (3, 3)
    assert PoolSpec.of_unpooling((1, 1, 2, 2), 2, outsize=(4, 4)).h == 4
    with pytest.raises(ValueError, match='does not belong to a 2x2 input'):
        PoolSpec.of_unpooling((1, 1, 2, 2), 2, outsize=(9, 9))


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (
            lambda: PoolSpec.of((1, 1, 2, 2), 5),
            'a 5x5 window does not fit into a 2x2 input with pad=0\n  hint: reduce ksize',
        ),
        (
            lambda: ConvSpec.of((1, 1, 4, 4), (1, 1, 3, 3), dilate=2),
            'convolution_2d: a 5x5 window',
        ),
        (
            lambda: ConvSpec.of((1, 1, 4, 4), (1, 1, 3, 3), stride=0),
            'convolution_2d: stride must be at least 1, got 0',
        ),
        (
            lambda: PoolSpec.of((1, 1, 4, 4), 2, pad=-1, function='average_pooling_2d'),
            'average_pooling_2d: pad must be at least 0, got -1',
        ),
        (
            lambda: PoolSpec.of((1, 1, 4, 4), (2, 2, 2)),
            r'ksize must have two numbers, got \(2, 2, 2\)',
        ),
        (
            lambda: ConvSpec.of_transposed((1, 1, 2, 2), (1, 1, 3, 3), outsize=(9, 9)),
            'outsize 9x9 does not belong to a 2x2 input',
        ),
        (
            lambda: ConvSpec.of_transposed((1, 1, 1, 1), (1, 1, 2, 2), pad=3),
            'the output would be -4x-4',
        ),
    ],
)
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_float_is_refused():
    with pytest.raises(TypeError, match=r'stride must be an integer .* got 1\.5'):
        ConvSpec.of((1, 1, 4, 4), (1, 1, 3, 3), stride=1.5)

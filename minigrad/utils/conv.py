"""Sizes of convolutions, under the path that Chainer programs import them from."""

from minigrad.kernels.specs import get_conv_outsize as get_conv_outsize
from minigrad.kernels.specs import get_deconv_outsize as get_deconv_outsize

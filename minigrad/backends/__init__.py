"""Backends by Chainer's names."""

from minigrad.backends import cuda as cuda
from minigrad.backends import intel64 as intel64

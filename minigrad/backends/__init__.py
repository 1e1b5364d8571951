"""Backends by Chainer's names."""

from minigrad.backends import cuda as cuda

"""What tests of ChainerMN programs use."""

from minigrad.chainermn.testing.device import get_device

__all__ = ['get_device']

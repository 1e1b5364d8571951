"""The reader of PyTorch files, which has moved to `minigrad.serializers`."""

from __future__ import annotations

from minigrad.serializers import UnsafeFile, read_torch_file

__all__ = ['UnsafeFile', 'read_torch_file']

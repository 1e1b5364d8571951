"""The CPU by the path that Chainer's own tests know it by."""

from minigrad.backend import CpuDevice as CpuDevice
from minigrad.backend import to_cpu as _to_cpu  # noqa: F401

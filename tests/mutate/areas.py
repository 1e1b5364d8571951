"""The parts of the library in which faults are planted, and the tests of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Area(NamedTuple):
    """A part of the library.

    Attributes:
        sources: Files and folders.
        tests: What judges it.
        without: Sources that are left out: they do not run here.
        interpreted: Whether kernels run as Python code: a fault in one is then neither
            compiled, for a minute, nor hidden from coverage.
        compiled: Sources that write machine code, and do nothing where kernels run as
            Python code.
        of_compiled: A pattern: what judges those, and lines that never run as Python
            code, besides the tests that need the compiler.
    """

    sources: Sequence[str]
    tests: Sequence[str]
    without: Sequence[str] = ()
    interpreted: bool = False
    compiled: Sequence[str] = ()
    of_compiled: str = ''

    def files(self) -> list[str]:
        """Returns the source files, by their paths in the repository."""
        found = []
        for source in self.sources:
            path = ROOT / source
            found += sorted(path.rglob('*.py')) if path.is_dir() else [path]
        names = [path.relative_to(ROOT).as_posix() for path in found]
        return [name for name in names if not name.startswith(tuple(self.without))]


_ALL = ('tests/test_signatures.py',)  # defaults of public names

AREAS = {
    'engine': Area(
        [
            f'minigrad/{name}.py'
            for name in (
                'variable', 'function_node', 'backprop', 'gradients', 'gradient_hook',
                'gradient_check', 'parameter', 'configuration', '_checks',
            )
        ],
        (
            'tests/core', 'tests/testing/test_detectors.py', 'tests/test_ops.py',
            'tests/gpu/test_training.py', *_ALL,
        ),
    ),
    'kernels': Area(
        ('minigrad/kernels',),
        ('tests/kernels', 'tests/test_ops.py', *_ALL),
        (
            'minigrad/kernels/gpu', 'minigrad/kernels/cudnn.py',
            'minigrad/kernels/cupy_gpu.py', 'minigrad/kernels/cpu/interpreted.py',
        ),
        interpreted=True,
        compiled=[
            f'minigrad/kernels/{name}.py'
            for name in (
                'cpu/blocks', 'cpu/elementary', 'cpu/exponential', 'cpu/fused',
                'cpu/jit', 'cpu/rows', 'cpu/team', 'cpu/vectors', 'formula',
            )
        ],
        of_compiled=r'tests/kernels/test_numba_cpu.py::test_(matmul|convolution)\b.*',
    ),
    'optimizers': Area(
        (
            'minigrad/optimizers', 'minigrad/optimizer_hooks', 'minigrad/optimizer.py',
            'minigrad/update_rule.py', 'minigrad/hyperparameter.py',
        ),
        (
            'tests/optimizers', 'tests/test_optimizer.py', 'tests/gpu/test_together.py',
            *_ALL,
        ),
        ('minigrad/optimizers/_recorded_update.py',),  # on a GPU
    ),
    'serializers': Area(
        ('minigrad/serializers', 'minigrad/serializer.py'),
        ('tests/serializers', *_ALL),
    ),
    'training': Area(('minigrad/training',), ('tests/training', *_ALL)),
}  # fmt: skip

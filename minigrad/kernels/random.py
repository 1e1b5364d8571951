"""Random numbers from ``numpy.random`` or ``cupy.random``, so that their seeds count."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.types import Array


class RandomKernels:
    """Draws; NumPy's global generators have float64 only, CuPy's no float16."""

    xp: Any

    def uniform(self, shape: tuple[int, ...]) -> Array:
        """Draws from [0, 1): float64, or float32 where a generator has it."""
        return self.draw('random_sample', shape, np.float32)

    def draw(
        self, name: str, shape: tuple[int, ...], dtype: Any, *parameters: Any
    ) -> Array:
        """Draws by a function of the module's ``random``.

        Args:
            name: Name of the function.
            shape: Shape of the result.
            dtype: What the result is wanted in; it has this dtype or a wider one.
            parameters: What the function takes before the size.
        """
        options = {}
        if self.xp is not np:
            options['dtype'] = np.promote_types(dtype, np.float32)
        return getattr(self.xp.random, name)(*parameters, size=shape, **options)

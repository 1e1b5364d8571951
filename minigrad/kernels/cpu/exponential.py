"""The exponential of float32 as an intrinsic, so that loops over it use vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from minigrad.kernels.cpu.elementary import Elementary
from minigrad.kernels.cpu.jit import intrinsic


@intrinsic(np.exp)
def exp(typing_context: Any, x: Any) -> Any:
    """Returns ``exp(x)``; NaN stays NaN. Other types than float32 take LLVM's."""

    def call(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        (x,) = args
        return builder.call(builder.module.declare_intrinsic('llvm.exp', [x.type]), [x])

    def codegen(context: Any, builder: Any, sig: Any, args: tuple[Any, ...]) -> Any:
        return Elementary(builder, args[0].type).exp(args[0])

    return x(x), codegen if x is types.float32 else call

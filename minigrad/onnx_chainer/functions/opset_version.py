"""The versions that a converter knows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any


def support(
    opset_versions: Sequence[int] | None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives a converter the newest version that it knows and the file allows.

    Args:
        opset_versions: Versions in which the operator changed; None passes on that of
            the file.

    Returns:
        A decorator of functions of a function, a version and more.

    Raises:
        RuntimeError: When called: the file is older than all of them.

    Source: compatible with onnx_chainer.functions.opset_version.support.

    Example:
        >>> from minigrad.onnx_chainer.functions.opset_version import support
        >>> @support((6, 8))
        ... def convert(func, opset_version, *names):
        ...     return opset_version
        >>> convert(None, 7), convert(None, 13)
        (6, 8)
    """

    def decorate(convert: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(convert)
        def call(func: Any, opset_version: int, *args: Any, **kwargs: Any) -> Any:
            if opset_versions is not None:
                known = [v for v in opset_versions if v <= opset_version]
                if not known:
                    raise RuntimeError(
                        f'ONNX-Chainer cannot convert `{type(func).__name__}` of Chainer '
                        f'with ONNX opset_version {opset_version}; it begins with '
                        f'{min(opset_versions)}'
                    )
                opset_version = max(known)
            return convert(func, opset_version, *args, **kwargs)

        return call

    return decorate

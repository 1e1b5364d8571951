"""The name of the processor, which every speed depends on."""

from __future__ import annotations

import platform
from pathlib import Path


def processor_name() -> str:
    """Returns what the processor calls itself.

    Example:
        >>> len(processor_name()) > 0
        True
    """
    try:
        for line in Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines():
            key, _, value = line.partition(':')
            if key.strip() == 'model name':
                return value.strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine() or 'unknown'

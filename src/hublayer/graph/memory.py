"""How much memory this process can still take."""

from __future__ import annotations

import math
import os
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None


def memory_left() -> float:
    """Bytes: what the machine has free, or less where the process is limited (``ulimit -v``)."""
    left = _free()
    if resource is not None:
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            left = min(left, limit - _mapped(resource.getpagesize()))
    return max(left, 0.0)


def _free() -> float:
    """What the machine has free; where it does not say, what it has."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return math.inf


def _mapped(page: int) -> float:
    try:
        return float(Path("/proc/self/statm").read_text("ascii").split()[0]) * page
    except (OSError, ValueError):
        return 0.0

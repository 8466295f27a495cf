"""Row splits that a graph computes are checked before rows are taken by them."""

from __future__ import annotations

import numpy as np


def check_splits(splits: np.ndarray, size: int) -> list[int]:
    """Row splits over `size` values as a list. Raises ValueError unless they rise from 0 to `size`."""
    listed = splits.ravel().tolist()
    if not listed or listed[0] != 0 or listed[-1] != size or (np.diff(splits.ravel()) < 0).any():
        raise ValueError(f"row splits must rise from 0 to {size}, but they are {listed[:8]}")
    return listed

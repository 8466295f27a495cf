"""Which row each value is of, for values that stand row by row."""

from __future__ import annotations

from typing import Any

import numpy as np


class RowIds(np.ndarray):
    """Ascending int64 row numbers that remember how many values each row has; what is made from them does not.

    They stay on the host, where arrays are never changed.
    """

    counts: np.ndarray | None

    @classmethod
    def of(cls, counts: np.ndarray) -> RowIds:
        """Row i as many times as counts[i] says."""
        rows = np.arange(len(counts)).repeat(counts).view(cls)
        rows.counts = counts
        return rows

    def __array_finalize__(self, other: Any) -> None:
        self.counts = None


def row_counts(rows: np.ndarray, size: int) -> np.ndarray:
    """int64: how many values each row has; `size` rows at least. Row numbers are not negative."""
    counts = rows.counts if isinstance(rows, RowIds) else None
    if counts is not None and len(counts) == size:
        return counts
    return np.bincount(rows, minlength=size)


def is_ascending(rows: np.ndarray) -> bool:
    """Whether no row number is smaller than the one before."""
    if isinstance(rows, RowIds) and rows.counts is not None:
        return True
    return not (rows[1:] < rows[:-1]).any()

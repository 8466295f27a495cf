"""The calls of the sample wide_ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "samples" / "wide_ids"
IDS = np.array([2**40 + 7, 5, -(2**35) - 1, 2**31, 2**62 + 3], "int64")
NAMES = ("count", "day", "hashed", "item", "repeated", "row", "unsigned")

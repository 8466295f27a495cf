"""An optional as a value: what TensorFlow's Optional ops make and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Optional:
    """present: a truth value. components: the values; None where it is known that there are none."""

    present: Any
    components: tuple[Any, ...] | None

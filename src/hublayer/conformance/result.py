"""What a comparison found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["match", "differs", "unsupported", "failed", "not compared"]


@dataclass(frozen=True)
class Result:
    """The verdict on one golden of one model. error: largest |Δ| over the output's scale; detail: what went wrong."""

    model: str
    endpoint: str
    verdict: Verdict
    error: float = 0.0
    detail: str = ""

"""What differs from TensorFlow and is known to: limits.json says where and why, open.json what is yet to be mended.

found/ holds an example of each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Limit:
    """Differences of some kinds, of some ops ("*" for any), on a backend (or "host", or "numpy"), and their reason."""

    backend: str
    kinds: tuple[str, ...]
    ops: tuple[str, ...]
    reason: str


@cache
def limits() -> tuple[Limit, ...]:
    """All limits."""
    entries = json.loads((FOLDER / "limits.json").read_text("utf-8"))
    return tuple(Limit(x["backend"], tuple(x["kinds"]), tuple(x["ops"]), x["reason"]) for x in entries)


@cache
def _known() -> frozenset[tuple[str, str, str]]:
    return frozenset((x.backend, op, kind) for x in limits() for op in x.ops for kind in x.kinds)


@cache
def open_faults() -> frozenset[tuple[str, str, str]]:
    """Backend, op and kind of the differences that are yet to be mended."""
    return frozenset(tuple(x) for x in json.loads((FOLDER / "open.json").read_text("utf-8")))


def is_limit(backend: str, op: str, kind: str) -> bool:
    """Whether a difference of this kind is a documented limit."""
    return bool({(backend, op, kind), (backend, "*", kind)} & _known())


def is_known(backend: str, op: str, kind: str) -> bool:
    """Whether a difference of this kind is a documented limit, or yet to be mended."""
    return is_limit(backend, op, kind) or (backend, op, kind) in open_faults()


def found_path(backend: str) -> Path:
    """The examples that differed once on `backend`."""
    return FOLDER / "found" / f"{backend}.jsonl"

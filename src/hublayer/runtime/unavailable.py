"""Outputs that only the host can give, in calls that are traced: labels beside the scores that a program trains on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hublayer.errors import EndpointError


@dataclass(frozen=True, eq=False)
class Unavailable:
    """Stands where such an output would. It may be left out (by output_key); taken, it is `error`."""

    error: EndpointError


def available(outputs: Any) -> Any:
    """`outputs`. Raises the EndpointError of the first that is unavailable."""
    if isinstance(outputs, Unavailable):
        raise outputs.error
    parts = outputs.values() if isinstance(outputs, dict) else outputs if isinstance(outputs, list | tuple) else ()
    for part in parts:
        available(part)
    return outputs

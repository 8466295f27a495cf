"""Resolve a handle in a process of its own: for clients that read their settings when they are imported."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

_CODE = """
import sys
from hublayer.errors import HubLayerError
from hublayer.hub.resolver import resolve_fully
try:
    resolved = resolve_fully(sys.argv[1])
except HubLayerError as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
print(resolved.folder)
print(resolved.source)
"""


@dataclass(frozen=True)
class Outcome:
    """``folder`` and ``source`` of what was resolved, "" after an error; all that was written on stderr."""

    folder: str
    source: str
    stderr: str


def resolve_in_a_process(handle: str, **environment: str | None) -> Outcome:
    """Resolve ``handle``; a variable that is None is taken out of the environment."""
    merged = os.environ | environment
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", _CODE, handle],
        env={name: value for name, value in merged.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    folder, source = done.stdout.splitlines() if done.stdout else ("", "")
    return Outcome(folder, source, done.stderr)

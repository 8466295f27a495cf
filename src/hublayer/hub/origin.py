"""Where bytes come from, as an error message tells it."""

from __future__ import annotations

from dataclasses import dataclass

ARCHIVE_EXPECTED = "a tar, tar.gz or zip archive of a SavedModel"


@dataclass(frozen=True)
class Origin:
    """A handle and the URL or path read for it; neither holds a secret (see ``handle.redacted``)."""

    handle: str
    url: str

    def message(self, came: str, *, advice: str, expected: str = ARCHIVE_EXPECTED) -> str:
        """Return a message with the handle, what was fetched, what was expected, what came and what to do."""
        fetched = "" if self.url == self.handle else f"\n  fetched:  {self.url}"
        return f"{self.handle}{fetched}\n  expected: {expected}\n  came:     {came}\n  to do:    {advice}"

"""Progress bars: bytes, speed and time left on a terminal, silence elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from tqdm import tqdm

VARIABLE = "TFHUB_DOWNLOAD_PROGRESS"


def is_shown() -> bool:
    """Tell whether to show progress: as TFHUB_DOWNLOAD_PROGRESS says, else if stderr is a terminal."""
    wish = os.environ.get(VARIABLE, "").strip().lower()
    if wish:
        return wish not in ("0", "false", "no", "off")
    return sys.stderr is not None and sys.stderr.isatty()


def byte_bar(title: str, total: int | None, initial: int = 0) -> tqdm:
    """Return a bar that counts bytes; ``total`` None if it is not known, ``initial`` what was there before."""
    return tqdm(
        total=total,
        initial=initial,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        desc=title,
        dynamic_ncols=True,
        disable=not is_shown(),
    )


@contextlib.contextmanager
def of_other_libraries() -> Iterator[None]:
    """Let the bars of other libraries be seen only where ours would be, and keep what they print off stdout."""
    with contextlib.ExitStack() as stack:
        if sys.stderr is not None:
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            if not is_shown():
                stack.enter_context(contextlib.redirect_stderr(_WithoutBars(sys.stderr)))
                stack.enter_context(contextlib.redirect_stdout(_Nowhere()))
        yield


class _Nowhere:
    """A text stream that keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


class _WithoutBars:
    """stderr without tqdm's bars: texts that begin with a carriage return, and moves of the cursor between them. What
    other threads write meanwhile passes."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._line_is_open = False

    def write(self, text: str) -> int:
        is_move = not text.replace("\x1b[A", "").strip("\n")
        if text.startswith("\r") or (is_move and not (text == "\n" and self._line_is_open)):
            return len(text)
        self._line_is_open = not text.endswith("\n")
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str):
        return getattr(self._stream, name)

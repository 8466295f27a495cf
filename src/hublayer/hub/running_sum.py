"""SHA-256 of files while they are written, in a thread beside the one that unpacks."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

_PENDING = 8  # chunks; so memory stays constant however slow the sum is


class RunningSums:
    """The sums of files that are read one after another, each from its beginning to its end."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hublayer-sha256")
        self._pending: deque[Future[None]] = deque()
        self._sums: dict[str, RunningSum] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[RunningSum]:
        """Yield the sum of one more file."""
        self._sums[name] = running_sum = RunningSum(self)
        yield running_sum

    def results(self) -> dict[str, tuple[int, str]]:
        """Wait for all of them and return size and SHA-256, in hexadecimal digits, by name."""
        while self._pending:
            self._pending.popleft().result()
        return {name: (running.size, running.sha256.hexdigest()) for name, running in self._sums.items()}

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    def submit(self, sha256: hashlib._Hash, chunk: bytes) -> None:
        """Add ``chunk`` to a sum, later."""
        if len(self._pending) >= _PENDING:
            self._pending.popleft().result()
        self._pending.append(self._pool.submit(sha256.update, chunk))


class RunningSum:
    """The sum of one file so far."""

    def __init__(self, sums: RunningSums):
        self.size = 0
        self.sha256 = hashlib.sha256()
        self._sums = sums

    def update(self, chunk: bytes) -> None:
        """Add the next bytes, which must not change afterwards."""
        self.size += len(chunk)
        self._sums.submit(self.sha256, chunk)

"""Two processes that are measured in turn, each idle while the other works: what runs beside a timing changes it.

TensorFlow's threads go on spinning after a call, and one interpreter need not have both libraries.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median


def answer(call: Callable[[str, int], object]) -> None:
    """In a worker: serve rounds on standard input until it ends. A line is a number of calls and what to call.

    call: takes what came and the number of the call in its round.
    """
    for line in sys.stdin:
        repeats, what = line.rstrip("\n").split(" ", 1)
        start = time.perf_counter()
        for number in range(int(repeats)):
            call(what, number)
        print(json.dumps((time.perf_counter() - start) / int(repeats)), flush=True)


class Worker:
    """A process that measures when it is asked to; its program ends in `answer`."""

    def __init__(self, *command: str):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def seconds(self, what: str, repeats: int) -> float:
        """Seconds of one call, the mean of a round of `repeats`. Raises RuntimeError if the process has ended."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{repeats} {what}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} has ended")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def compare(ours: Worker, peer: Worker, what: str, repeats: int, rounds: int = 11) -> tuple[float, float]:
    """Seconds of one call of ours and of the peer's: the median of `rounds`, after two that are not counted."""
    times = [(ours.seconds(what, repeats), peer.seconds(what, repeats)) for _ in range(rounds + 2)][2:]
    return median(a for a, _ in times), median(b for _, b in times)

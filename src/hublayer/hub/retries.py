"""How often, and after how long, a failed attempt is made again."""

from __future__ import annotations

import logging
import math
import os
import random
from collections.abc import Callable

from hublayer.errors import ConfigError
from hublayer.hub.web import TemporaryError

COUNT_VARIABLE = "HUBLAYER_RETRIES"
WAIT_VARIABLE = "HUBLAYER_RETRY_WAIT"
RETRIES = 5
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
LONGEST_RETRY_AFTER = 300.0

_PROGRESS = 1 << 20
_log = logging.getLogger("hublayer.hub")


def with_retries(attempt: Callable[[], None], received: Callable[[], int], wait: Callable[[float], None]) -> None:
    """Call ``attempt`` until it returns; a ``TemporaryError`` failure is tried again HUBLAYER_RETRIES times.

    The wait doubles from HUBLAYER_RETRY_WAIT seconds up to half a minute, a random part of it left out so that clients
    do not come back all at once; a host that sends Retry-After is obeyed. An attempt that brought a MiB starts the
    count anew, so that a long download survives any number of broken connections.

    Arguments:
        attempt: makes one attempt.
        received: tells how many bytes there are.
        wait: waits for so many seconds.
    Raises:
        ResolveError: the error of the last attempt.
        ConfigError: one of the variables has no such value.
    """
    retries = _number(COUNT_VARIABLE, RETRIES)
    first_wait = _number(WAIT_VARIABLE, FIRST_WAIT)
    failures = 0
    while True:
        before = received()
        try:
            return attempt()
        except TemporaryError as failure:
            if received() - before >= _PROGRESS:
                failures = 0
            asked = failure.retry_after
            if failures >= retries or (asked is not None and asked > LONGEST_RETRY_AFTER):
                raise failure.error from failure.__cause__
            seconds = min(LONGEST_WAIT, first_wait * 2**failures) * random.uniform(0.5, 1)
            if asked is not None:
                seconds = max(seconds, asked)
            failures += 1
            _log.info("Attempt %d of %g in %.1f seconds: %s", failures + 1, retries + 1, seconds, failure.error)
        wait(seconds)


def _number(variable: str, default: float) -> float:
    text = os.environ.get(variable)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1000:  # also refuses nan
        raise ConfigError(f"{variable} is {text!r}; expected a number from 0 to 1000, as {default:g}.")
    return number

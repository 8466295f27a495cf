"""Print ops: what they would print goes to the log of this module, at level INFO."""

from __future__ import annotations

import logging

from hublayer.host.registry import host_op
from hublayer.host.strings_format import printed

_log = logging.getLogger(__name__)


@host_op("Print")
def print_(input, data, *, U=(), message="", first_n=-1, summarize=3):
    """The input, after the message and the data have been logged."""
    if _log.isEnabledFor(logging.INFO):
        _log.info("%s%s", message, "".join(printed(value, summarize).decode("utf-8", "replace") for value in data))
    return input


@host_op("PrintV2")
def print_v2(input, *, output_stream="stderr", end="\n"):
    """Nothing, after the string has been logged."""
    if input.shape != ():
        raise ValueError(f"what is printed must be one string, but its shape is {input.shape}")
    _log.info("%s", input.item().decode("utf-8", "replace"))
    return []

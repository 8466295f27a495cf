"""HUBLAYER_OFFLINE: use what the cache holds and never the network."""

from __future__ import annotations

import os

from hublayer.errors import ConfigError

VARIABLE = "HUBLAYER_OFFLINE"


def is_offline() -> bool:
    """Tell whether HUBLAYER_OFFLINE forbids the network.

    Raises:
        ConfigError: it has no such value.
    """
    text = os.environ.get(VARIABLE, "").strip().lower()
    if text in ("", "0", "false", "no", "off"):
        return False
    if text in ("1", "true", "yes", "on"):
        return True
    raise ConfigError(f"{VARIABLE} is {text!r}; expected 1 or 0.")

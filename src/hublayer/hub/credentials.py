"""Names and passwords for plain hosts, from ~/.netrc: each for its own host and no other."""

from __future__ import annotations

import netrc
import os
from pathlib import Path

import httpx

from hublayer.errors import ConfigError

VARIABLE = "NETRC"


def for_host(host: str) -> httpx.Auth | None:
    """Return the login for ``host`` in the file that NETRC names, else ``~/.netrc`` or ``~/_netrc``; None without one.

    The file's ``default`` entry is not used, as it would send a password to any host.

    Raises:
        ConfigError: the file cannot be read as a netrc file.
    """
    path = _file()
    if path is None:
        return None
    try:
        logins = netrc.netrc(str(path)).hosts
    except netrc.NetrcParseError as error:
        # The parser's own message may quote a password.
        raise ConfigError(
            f"{path} is malformed at line {error.lineno}; expected machine HOST login USER password WORD"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {type(error).__name__}") from None
    if host == "default" or host not in logins:
        return None
    user, _, password = logins[host]
    return httpx.BasicAuth(user, password or "")


def _file() -> Path | None:
    chosen = os.environ.get(VARIABLE)
    candidates = [Path(chosen).expanduser()] if chosen else [Path.home() / ".netrc", Path.home() / "_netrc"]
    return next((path for path in candidates if path.is_file()), None)

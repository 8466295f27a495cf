"""Runs the application with uvicorn until it is told to stop."""

from __future__ import annotations

import socket

import uvicorn
from starlette.types import ASGIApp

from hublayer.errors import ConfigError
from hublayer.serve.access import is_loopback

_ANYWHERE = ("0.0.0.0", "::")
_SECONDS_TO_FINISH = 5


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address of this machine; port 0 takes any that is free.

    Raises:
        ConfigError: the address is not of this machine, or the port is taken or needs rights.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"The server cannot listen at {host}, port {port}: {error}\n"
            "  to do:    choose another port (0 takes any that is free) or an address of this machine"
        ) from error


def url_of(listening: socket.socket, host: str) -> str:
    """Return the URL of a socket from ``listen``."""
    name = socket.gethostname() if host in _ANYWHERE else host
    return f"http://{f'[{name}]' if ':' in name else name}:{listening.getsockname()[1]}"


def answered_hosts(host: str, public_host: str | None) -> frozenset[str] | None:
    """Return the host names that a server at ``host`` answers to; None, for any, unless that is loopback."""
    if not is_loopback(host):
        return None
    return frozenset({"localhost", "127.0.0.1", "::1", host} | ({public_host} if public_host else set()))


def uvicorn_server(app: ASGIApp, *, access_log: bool = False) -> uvicorn.Server:
    """Return a server; run it with ``run(sockets=[socket])``.

    It ends on SIGINT and SIGTERM, downloads that are under way five seconds later, or when ``should_exit`` is set.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="off",
            ws="none",
            log_level="info" if access_log else "warning",
            access_log=access_log,
            server_header=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
    )

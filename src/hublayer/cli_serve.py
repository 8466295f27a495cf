"""`hublayer serve`: the models of a folder or of the cache, for programs and browsers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from hublayer.cli_errors import errors_in_red
from hublayer.errors import MissingPackageError

_HIGHEST_PORT = 65535
_PACKAGES = ("jinja2", "starlette", "uvicorn")


def serve_command(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            help="Where the models are, at any depth; without it, what the cache holds.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 for all.", metavar="HOST")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="0 takes any that is free.", min=0, max=_HIGHEST_PORT, metavar="PORT")
    ] = 8501,
    token: Annotated[
        str | None,
        typer.Option(
            help="What every request has to bring. The variable keeps it out of the list of processes.",
            envvar="HUBLAYER_SERVE_TOKEN",
            metavar="TOKEN",
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Where clients reach the server, if it is behind a proxy.", metavar="URL")
    ] = None,
    location: Annotated[
        str | None,
        typer.Option(
            help="Where the same folder is in an object store, as gs://bucket/models; for clients that ask for models "
            "uncompressed.",
            metavar="URL",
        ),
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Print every request.")] = False,
) -> None:
    """Serve models to other machines, and show them in a browser."""
    _check(host, token, url, location)
    with errors_in_red():
        _require_packages()
        from hublayer.hub.cache import Cache
        from hublayer.serve import server
        from hublayer.serve.access import is_loopback
        from hublayer.serve.app import application
        from hublayer.serve.cached_models import CachedModels, is_cache
        from hublayer.serve.catalogue import ModelsInFolder

        if folder is None or is_cache(folder):
            if location is not None:
                raise typer.BadParameter("goes with a folder of models, not with a cache", param_hint="--location")
            cache = Cache.from_environment() if folder is None else Cache(folder.absolute())
            catalogue, shown = CachedModels(cache), f"the cache {cache.root}"
        else:
            catalogue, shown = ModelsInFolder(folder, location), str(folder)
        hosts = server.answered_hosts(host, urlsplit(url).hostname if url else None)
        running = server.uvicorn_server(
            application(catalogue, token=token, hosts=hosts, public_url=url), access_log=log
        )
        listening = server.listen(host, port)
    with listening:
        count = len(catalogue.models())
        typer.echo(f"{count} model{'s' * (count != 1)} of {shown} at {url or server.url_of(listening, host)}")
        if token is None and not is_loopback(host):
            typer.echo("Whoever reaches this address can read them: there is no --token.", err=True)
        try:
            running.run(sockets=[listening])
        except KeyboardInterrupt:
            return  # the way to end it


def _check(host: str, token: str | None, url: str | None, location: str | None) -> None:
    if token is not None and not re.fullmatch(r"[\x21-\x7e]+", token):
        raise typer.BadParameter("expected visible ASCII characters without spaces", param_hint="--token")
    if not host:
        raise typer.BadParameter("expected an address, as 127.0.0.1", param_hint="--host")
    if url is not None and not re.fullmatch(r"https?://[^\s/?#@]+[^\s?#]*", url):
        raise typer.BadParameter("expected a URL as https://models.example.org", param_hint="--url")
    if location is not None and not re.fullmatch(r"(gs|s3)://[^\s?#]+", location):
        raise typer.BadParameter("expected a URL as gs://bucket/models or s3://bucket/models", param_hint="--location")


def _require_packages() -> None:
    import importlib

    for name in _PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise MissingPackageError(
                f"hublayer serve\n  expected: the packages {', '.join(_PACKAGES)}\n  came:     {error}\n"
                '  to do:    pip install "hublayer[serve]"'
            ) from error

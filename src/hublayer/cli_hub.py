"""The commands `resolve` and `lock`: a handle's folder, and which content it has to have from now on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hublayer.cli_errors import DAMAGED, complain, errors_in_red
from hublayer.cli_handles import cached_handles

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]


def resolve_command(
    handle: Annotated[
        str,
        typer.Argument(metavar="HANDLE", help="Any handle; @sha256:… pins it.", autocompletion=cached_handles),
    ],
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask the source again, whatever the cache holds.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Use what the cache holds and never the network.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the folder of a model, fetching it if need be."""
    from hublayer.hub.manifest import measure
    from hublayer.hub.resolver import resolve_fully

    with errors_in_red():
        resolved = resolve_fully(handle, refresh=refresh, offline=True if offline else None)
    if as_json:
        facts = {
            "handle": resolved.handle,
            "folder": str(resolved.folder),
            "digest": resolved.digest or measure(resolved.folder).digest,
            "source": resolved.source,
            "url": resolved.url,
        }
        typer.echo(json.dumps(facts, indent=2))
    else:
        typer.echo(str(resolved.folder))


def lock_command(
    handles: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[HANDLE]...",
            help="Handles to fetch and to write down; without any, those in the file are checked.",
            autocompletion=cached_handles,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="The lock file; by default HUBLAYER_LOCK, else ./hublayer.lock.", metavar="FILE"),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write down again what every handle in the file stands for now.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write into hublayer.lock which content each handle has; from then on no other is accepted."""
    from hublayer.errors import ConfigError, ContentMismatchError
    from hublayer.hub import lock_file
    from hublayer.hub.locking import checked, lock

    path = file or lock_file.path()
    with errors_in_red():
        known = lock_file.read(path) if path.exists() else {}
        if handles or update:
            models = lock(known, handles or [], update)
            try:
                lock_file.write(path, models)
            except OSError as error:
                raise ConfigError(f"The lock file {path} cannot be written: {error}") from error
            wrong: list[ContentMismatchError] = []
        else:
            if not known:
                raise ConfigError(f"There is nothing to check in {path}; name handles: hublayer lock HANDLE…")
            models, wrong = known, checked(known)
    if as_json:
        locked = {key: {"digest": entry.digest, "source": entry.source or key} for key, entry in models.items()}
        typer.echo(
            json.dumps({"file": str(path), "models": locked, "errors": [str(error) for error in wrong]}, indent=2)
        )
    else:
        for key, entry in sorted(models.items()):
            typer.echo(f"{entry.digest}  {key}")
        for error in wrong:
            complain(str(error))
    if wrong:
        raise typer.Exit(DAMAGED)

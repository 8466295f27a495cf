"""The commands of `hublayer cache`: what it holds, whether it is whole, and what can go."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hublayer.cli_errors import DAMAGED, EXIT_CODES_HELP, complain, errors_in_red
from hublayer.cli_handles import cached_handles
from hublayer.hub.cache import Cache
from hublayer.hub.inventory import Inventory, KeptModel, Removable, damages, prunable, removable, remove
from hublayer.info_tables import printable

cache_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="See, check and clear the cache of models.",
    epilog=f"Example: hublayer cache list\n\n{EXIT_CODES_HELP}",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print as JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would go.")]
_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}


def _size_in_bytes(text: str) -> int:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].upper() not in _UNITS:
        raise typer.BadParameter("expected a size as 500MB or 20GiB")
    return int(float(match[1]) * _UNITS[match[2].upper()])


@cache_app.command("list", epilog="Example: hublayer cache list --json")
def list_command(as_json: AsJson = False) -> None:
    """List the models, the largest first."""
    inventory = _inventory()
    if as_json:
        typer.echo(
            json.dumps({"cache": str(inventory.cache.root), "models": [*map(_facts, inventory.models)]}, indent=2)
        )
        return
    table = _table("Size", "Files", "Last used", "Handles", "Digest")
    for model in inventory.models:
        handles = Text(printable("\n".join(kept.asked for kept in model.handles) or "none"))
        if not model.is_complete:
            handles.append("\nfiles are missing", "red")
        files = "?" if model.manifest is None else str(len(model.manifest.files))
        used = time.strftime("%Y-%m-%d", time.localtime(model.last_used))
        table.add_row(in_words(model.size), files, used, handles, model.digest[7:19])
    console = Console()
    console.print(table if inventory.models else f"No models in {inventory.cache.root}", highlight=False)


@cache_app.command("size", epilog="Example: hublayer cache size")
def size_command(as_json: AsJson = False) -> None:
    """Print where the cache is and how much it takes."""
    inventory = _inventory()
    models, unfinished = sum(model.size for model in inventory.models), inventory.unfinished_size
    if as_json:
        facts = {"cache": str(inventory.cache.root), "models": len(inventory.models), "bytes": models}
        typer.echo(json.dumps(facts | {"unfinished_bytes": unfinished}, indent=2))
        return
    typer.echo(f"{inventory.cache.root}\n{len(inventory.models)} models, {in_words(models)}")
    if unfinished:
        typer.echo(f"{in_words(unfinished)} of downloads that are not finished")


@cache_app.command("verify", epilog=f"Example: hublayer cache verify\n\n{EXIT_CODES_HELP}")
def verify_command(
    handles: Annotated[
        list[str] | None,
        typer.Argument(metavar="[HANDLE]...", help="Handles or digests; all if none.", autocompletion=cached_handles),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read every file and compare it with the SHA-256 it had when it was fetched."""
    inventory = _inventory()
    with errors_in_red():
        chosen = [inventory.find(handle) for handle in handles] if handles else inventory.models
        wrong = {model.digest: damages(model) for model in chosen}
    if as_json:
        models = [{**_facts(model), "damages": wrong[model.digest]} for model in chosen]
        typer.echo(json.dumps({"cache": str(inventory.cache.root), "models": models}, indent=2))
    else:
        for model in chosen:
            name = model.handles[0].asked if model.handles else model.digest
            if wrong[model.digest]:
                mend = f"to do: hublayer resolve --refresh {name}" if model.handles else "to do: hublayer cache prune"
                complain("\n  ".join([f"{name} is damaged", *wrong[model.digest], mend]))
            else:
                typer.echo(f"whole  {name}")
    if any(wrong.values()):
        raise typer.Exit(DAMAGED)


@cache_app.command("prune", epilog="Example: hublayer cache prune --unused-for 90 --max-size 20GB")
def prune_command(
    unused_for: Annotated[
        float | None,
        typer.Option(help="Also models that nobody has read for so many days.", min=0, metavar="DAYS"),
    ] = None,
    max_size: Annotated[
        str | None,
        typer.Option(help="Also the models read longest ago, until the rest takes so much.", metavar="SIZE"),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove broken-off downloads, damaged models, and what nothing leads to."""
    inventory = _inventory()
    limit = None if max_size is None else _size_in_bytes(max_size)
    _remove(inventory, prunable(inventory, unused_for, limit), dry_run, as_json)


@cache_app.command("rm", epilog="Example: hublayer cache rm https://tfhub.dev/google/nnlm-en-dim128/2")
def rm_command(
    handles: Annotated[
        list[str],
        typer.Argument(metavar="HANDLE...", help="Handles, or digests or beginnings.", autocompletion=cached_handles),
    ],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Remove handles, and each model with the last handle that leads to it."""
    inventory = _inventory()
    with errors_in_red():
        gone = removable(inventory, handles)
    _remove(inventory, gone, dry_run, as_json)


def in_words(size: int) -> str:
    """Return a number of bytes as people write it, as ``1.2 GB``."""
    number, unit = float(size), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if number < 999.5 or unit == "TB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" or number >= 99.5 else f"{number:.1f} {unit}"


def _inventory() -> Inventory:
    with errors_in_red():
        return Inventory(Cache.from_environment())


def _remove(inventory: Inventory, gone: list[Removable], dry_run: bool, as_json: bool) -> None:
    if not dry_run and gone:
        with errors_in_red():
            remove(inventory.cache, gone)
    size = sum(item.size for item in gone)
    if as_json:
        items = [{"path": str(item.path), "why": item.why, "bytes": item.size} for item in gone]
        typer.echo(json.dumps({"removed": items, "bytes": size, "dry_run": dry_run}, indent=2))
        return
    for item in gone:
        typer.echo(f"{_relative(item.path, inventory.cache.root)}: {item.why}")
    typer.echo(f"{'Would free' if dry_run else 'Freed'} {in_words(size)}.")


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _facts(model: KeptModel) -> dict[str, Any]:
    return {
        "digest": model.digest,
        "folder": str(model.folder),
        "bytes": model.size,
        "files": None if model.manifest is None else len(model.manifest.files),
        "complete": model.is_complete,
        "last_used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(model.last_used)),
        "handles": [
            {"handle": kept.asked, "source": kept.handle, "url": kept.url, "time": kept.time} for kept in model.handles
        ],
    }


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column in ("Size", "Files") else "left")
    return table

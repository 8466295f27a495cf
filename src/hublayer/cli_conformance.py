"""``hublayer conformance FOLDER… [--backend B]``: how each endpoint compares with TensorFlow, as a table."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from hublayer.cli_backend import import_keras
from hublayer.cli_errors import complain, errors_in_red
from hublayer.errors import HubLayerError

if TYPE_CHECKING:
    from hublayer.conformance.result import Result

_STYLES = {"match": "", "differs": "red", "unsupported": "yellow", "failed": "red", "not compared": "dim"}


def conformance_command(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of SavedModels.", exists=True, file_okay=False, metavar="FOLDER…")
    ],
    backend: Annotated[str, typer.Option(help="Keras's backend: tensorflow, jax or torch.", metavar="NAME")] = "",
    tolerance: Annotated[
        float, typer.Option(help="The largest difference, as a share of an output's scale, that is a match.")
    ] = 1e-4,
) -> None:
    """Compare every endpoint of models with TensorFlow's results.

    The results come from the golden*.npz in a model's folder, or from TensorFlow if it is installed. The exit code is 0
    if all endpoints that were compared match, and every model had one.
    """
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    with errors_in_red():
        import_keras()
    results = [result for folder in folders for result in _results(folder, tolerance)]
    Console().print(_table(results))
    compared = [result for result in results if result.verdict != "not compared"]
    good = sum(result.verdict == "match" for result in compared)
    if compared:
        typer.echo(f"{good} of {len(compared)} endpoints that were compared match")
    models = {result.model for result in compared}
    empty = {result.model: result.detail for result in results if result.model not in models}
    for model, detail in empty.items():
        complain(f"Nothing of {model} was compared: {detail}.")
    raise typer.Exit(0 if good == len(compared) and not empty else 1)


def _results(folder: Path, tolerance: float) -> list[Result]:
    """What the comparison of one model found; an endpoint without a golden is in it as "not compared"."""
    from hublayer.conformance.compare import compare
    from hublayer.conformance.goldens import read_goldens
    from hublayer.conformance.make import make_goldens
    from hublayer.conformance.result import Result
    from hublayer.savedmodel import read

    without: dict[str, str] = {}
    try:
        read(folder)  # what is no model shows before TensorFlow, which takes seconds, is started
        goldens = read_goldens(folder)
        if not goldens and importlib.util.find_spec("tensorflow"):
            goldens, without = make_goldens(folder)
    except (HubLayerError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        return [Result(folder.name, "(goldens)", "failed", float("inf"), first)]
    if not goldens and not without:
        detail = "there is no golden*.npz in the folder, and TensorFlow is not installed to make one"
        return [Result(folder.name, "", "not compared", float("inf"), detail)]
    return compare(folder, goldens, tolerance=tolerance, without=without)


def _table(results: list[Result]) -> Table:
    import keras

    table = Table(box=None, title=f"Keras on {keras.config.backend()}", title_justify="left", expand=True)
    for name in ("Model", "Endpoint", "Verdict", "|Δ| / scale"):
        table.add_column(name, min_width=max([len(name), *(len(_cells(result)[name]) for result in results)]))
    table.add_column("Detail", no_wrap=True, overflow="ellipsis", ratio=1)
    for result in results:
        table.add_row(*_cells(result).values(), result.detail, style=_STYLES[result.verdict])
    return table


def _cells(result: Result) -> dict[str, str]:
    error = f"{result.error:.1e}" if result.error < float("inf") else ""
    return {"Model": result.model, "Endpoint": result.endpoint, "Verdict": result.verdict, "|Δ| / scale": error}

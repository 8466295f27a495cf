"""``python -m hublayer.conformance FOLDER… [--backend B]``: a table of endpoints and how they compare with TensorFlow."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

_MARK = {"match": "[green]match[/]", "differs": "[red]differs[/]", "unsupported": "[yellow]unsupported[/]", "failed": "[red]failed[/]"}


def main(
    folders: Annotated[list[Path], typer.Argument(help="Folders of SavedModels.", exists=True, file_okay=False)],
    backend: Annotated[str, typer.Option(help="Keras's backend: tensorflow, jax or torch.")] = "",
    tolerance: Annotated[float, typer.Option(help="Largest |Δ| over an output's scale that is a match.")] = 1e-4,
) -> None:
    """Compare every endpoint of the models with TensorFlow's results.

    Results come from the golden*.npz in a model's folder, or from TensorFlow if it is installed.

    Example: python -m hublayer.conformance ~/models/encoder --backend jax
    """
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from hublayer.conformance.compare import Result, compare
    from hublayer.conformance.goldens import read_goldens
    from hublayer.conformance.make import make_goldens

    results: list[Result] = []
    for folder in folders:
        goldens = read_goldens(folder)
        if not goldens and importlib.util.find_spec("tensorflow"):
            try:
                goldens = make_goldens(folder)
            except OSError as error:
                results.append(Result(folder.name, "(goldens)", "failed", float("inf"), str(error)))
                continue
        if not goldens:
            results.append(Result(folder.name, "(goldens)", "failed", float("inf"), "no goldens, and no TensorFlow"))
            continue
        results += compare(folder, goldens, tolerance=tolerance)

    import keras

    table = Table("Model", "Endpoint", "Verdict", "|Δ| / scale", "Detail", title=f"Keras on {keras.config.backend()}")
    for result in results:
        shown = f"{result.error:.1e}" if result.error < float("inf") else ""
        table.add_row(result.model, result.endpoint, _MARK[result.verdict], shown, result.detail[:120])
    Console().print(table)
    good = sum(result.verdict == "match" for result in results)
    print(f"{good} of {len(results)} match")
    sys.exit(0 if good == len(results) else 1)


if __name__ == "__main__":
    typer.run(main)

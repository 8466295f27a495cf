"""``python -m hublayer.conformance FOLDER… [--backend B]``: how each endpoint compares with TensorFlow, as a table."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hublayer.conformance.result import Result

_STYLES = {"match": "", "differs": "red", "unsupported": "yellow", "failed": "red", "no golden": "dim"}


def _cells(result: Result) -> dict[str, str]:
    error = f"{result.error:.1e}" if result.error < float("inf") else ""
    return {"Model": result.model, "Endpoint": result.endpoint, "Verdict": result.verdict, "|Δ| / scale": error}


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
    from hublayer.conformance.compare import compare
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
            detail = "no golden*.npz in the folder, and no TensorFlow to make one"
            results.append(Result(folder.name, "", "no golden", float("inf"), detail))
            continue
        results += compare(folder, goldens, tolerance=tolerance)

    import keras

    table = Table(box=None, title=f"Keras on {keras.config.backend()}", title_justify="left", expand=True)
    for name in ("Model", "Endpoint", "Verdict", "|Δ| / scale"):
        table.add_column(name, min_width=max([len(name), *(len(_cells(result)[name]) for result in results)]))
    table.add_column("Detail", no_wrap=True, overflow="ellipsis", ratio=1)
    for result in results:
        table.add_row(*_cells(result).values(), result.detail, style=_STYLES[result.verdict])
    Console().print(table)
    judged = [result for result in results if result.verdict != "no golden"]
    good = sum(result.verdict == "match" for result in judged)
    print(f"{good} of {len(judged)} match")
    sys.exit(0 if good == len(judged) else 1)


if __name__ == "__main__":
    typer.run(main)

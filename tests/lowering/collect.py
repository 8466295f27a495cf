"""All cases of all families: each module of tests/lowering/cases has a list CASES."""

from __future__ import annotations

import importlib
from pathlib import Path

from lowering.case import Case

FOLDER = Path(__file__).parent


def families() -> dict[str, list[Case]]:
    """The cases by family."""
    names = sorted(path.stem for path in (FOLDER / "cases").glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"lowering.cases.{name}").CASES for name in names}


def golden_path(family: str) -> Path:
    """Where TensorFlow's results for a family are kept."""
    return FOLDER / "goldens" / f"{family}.npz"

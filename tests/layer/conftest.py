"""SavedModels written once for all tests of the layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import exports
import pytest


@pytest.fixture(scope="session")
def export(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A function from the name of a writer in exports.py to the folder of its model, written on first use."""
    root = tmp_path_factory.mktemp("exports")

    def folder(name: str) -> str:
        path: Path = root / name
        if not path.exists():
            writer = exports.HALF_PLUS_ONE.get(name) or getattr(exports, name)
            writer(path)
        return str(path)

    return folder

"""Programs of several ops that share a table, a list or another object: TensorFlow runs them as a graph of its own."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class File:
    """The name of a file of the model, as a scalar string: relative to the model's folder."""

    name: str


@dataclass(frozen=True)
class Step:
    """One op. inputs: arrays, Files, names of earlier steps ("table", or "table:1" for another output), or lists."""

    name: str
    op: str
    inputs: tuple[Any, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """steps: run one after another. outputs: what is compared. files: by name, put into the model's folder.

    raises: what our error says (a regular expression) where TensorFlow raises too; then there are no outputs. rows: the
    outputs are compared in any order of their rows, all in the same order.
    """

    name: str
    steps: tuple[Step, ...]
    outputs: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    raises: str = ""
    rows: bool = False
    rtol: float = 1e-6

    @property
    def digest(self) -> str:
        """Changes with anything that the result depends on."""
        text = hashlib.sha256(repr((self.outputs, sorted(self.files.items()), self.raises)).encode())
        for step in self.steps:
            shown = [_shown(item) for item in step.inputs]
            text.update(repr((step.op, shown, sorted(step.attrs.items(), key=str))).encode())
        return text.hexdigest()[:16]


def _shown(item: Any) -> Any:
    if isinstance(item, list):
        return [_shown(each) for each in item]
    return item if isinstance(item, str | File) else (str(item.dtype), item.shape, item.tolist())


def programs() -> dict[str, list[Program]]:
    """The programs by family: each module of tests/host/programs has a list PROGRAMS."""
    names = sorted(path.stem for path in (FOLDER / "programs").glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"host.programs.{name}").PROGRAMS for name in names}


def program_golden_path(family: str) -> Path:
    """Where TensorFlow's results for a family of programs are kept."""
    return FOLDER / "goldens" / f"programs_{family}.npz"

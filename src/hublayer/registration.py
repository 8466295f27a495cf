"""Make KerasLayer known to Keras as soon as both are imported.

keras.models.load_model finds a custom layer only if its class was registered, and registering needs Keras. Importing
hublayer must not import Keras (resolving and inspecting work without), so the class is registered right away if Keras
is there already, and otherwise at the end of Keras's own import.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class _AfterKeras:
    """A finder that finds nothing itself: it lets the others find Keras, and registers once Keras is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        if name != "keras":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_register(module: ModuleType) -> None:
            execute(module)
            importlib.import_module("hublayer.layer")

        spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec


def register_with_keras() -> None:
    """Register KerasLayer now if Keras is imported, or else when it will be."""
    if "keras" in sys.modules:
        importlib.import_module("hublayer.layer")
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())  # type: ignore[arg-type]

"""Attend Keras's import: choose its backend before, and make KerasLayer known to it afterwards.

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

from hublayer.keras_backend import choose_backend


class _AroundKeras:
    """A finder that finds nothing itself: it lets the others find Keras, and adds to what Keras's import does.

    Some packages look for Keras without importing it, so it stays until an import has succeeded.
    """

    def __init__(self) -> None:
        self._is_searching = False

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        if name != "keras" or self._is_searching:
            return None
        self._is_searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_searching = False
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def choose_execute_and_register(module: ModuleType) -> None:
            choose_backend()
            execute(module)
            sys.meta_path.remove(self)  # type: ignore[arg-type]
            importlib.import_module("hublayer.layer")

        spec.loader.exec_module = choose_execute_and_register  # type: ignore[method-assign]
        return spec


def attend_keras_import() -> None:
    """Register KerasLayer now if Keras is imported; else choose Keras's backend and register when it will be."""
    if "keras" in sys.modules:
        importlib.import_module("hublayer.layer")
    elif not any(isinstance(finder, _AroundKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AroundKeras())  # type: ignore[arg-type]

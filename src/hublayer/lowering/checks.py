"""Checks that end a run: at once where values are known, after the program where they are not.

A program of JAX's cannot raise. There the number of the first failed check travels as the value of a variable does,
through branches and loops, and the caller raises when the program has run.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from hublayer.lowering.execute import FAILED, Run
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers

_native = importlib.import_module(f"hublayer.lowering.backends.{keras.config.backend()}.control_flow")


def require(run: Run, passes: Any, message: str) -> None:
    """End the run with `message` unless `passes`, a truth value, is true. Raises ValueError where that is known."""
    if isinstance(passes, np.ndarray):
        if not passes:
            raise ValueError(message)
    elif not _native.checked(passes, message):
        if message not in run.checks:
            run.checks.append(message)
        number = np.asarray(1 + run.checks.index(message), np.int32)
        failed = run.variables[FAILED]
        run.variables[FAILED] = ops.where(ops.logical_or(passes, ops.not_equal(failed, 0)), failed, number)


@lowers("CheckNumerics", "CheckNumericsV2")
def check_numerics(run: Run, tensor: Any, *, message: str) -> Any:
    """`tensor`, every number of which must be finite."""
    passes = np.asarray(np.isfinite(tensor).all()) if isinstance(tensor, np.ndarray) else ops.all(ops.isfinite(tensor))
    require(run, passes, f"{message} : a number is NaN or infinite")
    return tensor


@lowers("Assert")
def assert_(run: Run, condition: Any, data: Sequence[Any], *, summarize: int = 3) -> tuple[()]:
    """Nothing; the condition must be true. Strings among the data say what was expected."""
    said = [
        value.item() for value in data if isinstance(value, np.ndarray) and value.dtype == object and not value.ndim
    ]
    words = " ".join(item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in said)
    require(run, condition, f"assertion failed: {words}")
    return ()

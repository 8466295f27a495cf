"""Which of a model's ops the Keras backend at hand can run."""

from __future__ import annotations

from collections.abc import Iterable

import keras

from hublayer.lowering.registry import registered_ops


def runtime_in_words() -> str:
    """The runtime and backend that `runtime="auto"` takes here, such as ``translated runtime on jax``."""
    backend = keras.config.backend()
    return f"{'native' if backend == 'tensorflow' else 'translated'} runtime on {backend}"


def unsupported_ops(ops: Iterable[str]) -> set[str]:
    """Those of `ops` that the runtime of `runtime="auto"` does not know here."""
    if keras.config.backend() == "tensorflow":
        from hublayer.runtime.native import unregistered_ops

        return set(unregistered_ops(ops))
    known = registered_ops(keras.config.backend())
    return {op for op in ops if op not in known and op not in _NEVER_RUN}


# Ops that are answered before a graph runs: constants are values, inputs are parameters, calls are inlined.
_NEVER_RUN = frozenset(
    {"Const", "Placeholder", "PartitionedCall", "StatefulPartitionedCall", "VariableV2", "Variable", "Assign", "NoOp"}
)

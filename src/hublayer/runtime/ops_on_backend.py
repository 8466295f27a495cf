"""Ops inside of the host's loops and branches that the host has no kernel for: the backend runs them, one by one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from hublayer.graph.ir import Function, Node, Parameter, Value
from hublayer.graph.node_dtypes import input_dtypes, output_dtypes
from hublayer.host.execute import HostRun


def on_backend(node: Node) -> Callable[[HostRun, list[Any]], Any]:
    """`node` as a function of NumPy arrays that returns NumPy arrays.

    Raises UnsupportedOpsError if the backend cannot run it either.
    """
    import keras  # here, for a preprocessor that needs no such op needs no backend either

    from hublayer.lowering.execute import Executable, Run
    from hublayer.runtime.host_values import as_declared, tensor, to_host
    from hublayer.runtime.wide import wide_types

    backend = keras.config.backend()
    parameters = tuple(Parameter(f"input_{i}", dtype) for i, dtype in enumerate(input_dtypes(node)))
    declared = output_dtypes(node)
    alone = replace(node, inputs=tuple(Value(p.name) for p in parameters))
    outputs = tuple(Value(node.name, i) for i in range(len(declared)))
    executable = Executable(Function(node.origin, parameters, (alone,), outputs), backend)

    def run_alone(run: HostRun, inputs: list[Any]) -> Any:
        state = Run({}, _no_functions, run.seeds, by_op=backend == "jax")
        with wide_types() if backend == "jax" else nullcontext():
            # Whole numbers may be sizes, which the backend must know.
            given = [x if x.dtype.kind in "iub" else tensor(x) for x in map(np.asarray, inputs)]
            results = executable(state, given)
        arrays = [as_declared(to_host(x), dtype) for x, dtype in zip(results, declared, strict=True)]
        return arrays if len(arrays) != 1 else arrays[0]

    return run_alone


def _no_functions(name: str) -> Any:
    raise ValueError(f"an op that runs the function {name!r} cannot run by itself")

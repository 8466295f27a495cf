"""A function of the graph on Keras's backend: its executable, its variables, and the compiled call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hublayer.graph.ir import Function, Graph
from hublayer.graph.passes.hoist import hoist
from hublayer.lowering.execute import Executable, Executables, Run, VariableHandle, check_supported
from hublayer.ops.traits import Trait, facts, takes_seed
from hublayer.runtime.ahead import Ahead
from hublayer.runtime.compile import compiled
from hublayer.runtime.seeds import ForkedSeeds

# Programs that are kept for different static values.
_KEPT = 64

Statics = Mapping[int, np.ndarray]


class DevicePart:
    """Calls `graph.entry`. captured: the variable that each captured parameter holds; the others are its inputs.

    variables: all that it uses, by key, as keras.Variable. functions: the entry and all that its control flow reaches.

    Raises UnsupportedOpsError for ops that `backend` cannot run.
    """

    def __init__(
        self,
        graph: Graph,
        functions: Sequence[Function],
        captured: Mapping[str, str],
        variables: Mapping[str, Any],
        backend: str,
    ):
        check_supported(functions, backend)
        self._backend = backend
        self._folds_on_host = backend == "jax" and _on_cpu()
        self.variables = variables
        ops = {node.op for function in functions for node in function.nodes}
        self.draws = any(map(takes_seed, ops))
        self._straight = not any(facts(op).traits & (Trait.DRAWS | Trait.LOOKS) for op in ops)
        self._executables = Executables(graph, backend)
        self._entry = Executable(graph.entry, backend)
        self._places = [captured.get(parameter.name) for parameter in graph.entry.parameters]
        self._programs: OrderedDict[Any, tuple[Callable[..., Any], Callable[..., Any]]] = OrderedDict()
        split = hoist(graph.entry, functions)
        self._main: Executable | None = None
        self._ahead: Ahead | None = None
        if split is not None:
            prologue, self._main = Executable(split.prologue, backend), Executable(split.main, backend)
            self._ahead = Ahead(list(variables.values()), lambda values: self._prologue(prologue, values))
        self._program({}, True)  # now, for torch.compile cannot trace how a program is made

    def __call__(self, inputs: Sequence[Any], seed: Any, statics: Statics | None = None, compile: bool = True):
        """The outputs; variables that the function assigns get their new values.

        statics: inputs, by position, that are known while the program is traced; `inputs` has None there. compile: run
        the function as the backend's program, or else op by op.
        """
        values = {key: variable.value for key, variable in self.variables.items()}
        ahead = None if self._ahead is None else self._ahead.values(values)
        run, run_main = self._program(statics or {}, compile)
        if ahead is not None:
            return run_main(values, ahead, list(inputs), seed)
        outputs, assigned = run(values, list(inputs), seed)
        for key, value in assigned.items():
            self.variables[key].assign(value)
        return outputs

    def _program(self, statics: Statics, compile: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
        key = (compile, *((i, x.dtype.str, x.shape, x.tobytes()) for i, x in sorted(statics.items())))
        if key not in self._programs:
            if len(self._programs) >= _KEPT:
                self._programs.popitem(last=False)

            by_op = self._backend == "jax" and not compile

            def run(values: dict[str, Any], inputs: list[Any], seed: Any) -> Any:
                return self._run(values, _with(inputs, statics), seed, by_op)

            def run_main(values: dict[str, Any], ahead: list[Any], inputs: list[Any], seed: Any) -> Any:
                return self._run_main(values, ahead, _with(inputs, statics), seed, by_op)

            if compile:
                self._programs[key] = compiled(run, self._straight), compiled(run_main, self._straight)
            else:
                self._programs[key] = run, run_main
        return self._programs[key]

    def _arguments(self, inputs: Sequence[Any]) -> list[Any]:
        remaining = iter(inputs)
        return [next(remaining) if key is None else VariableHandle(key) for key in self._places]

    def _state(self, values: dict[str, Any], seed: Any, by_op: bool = False) -> Run:
        seeds = None if seed is None else ForkedSeeds(seed)
        return Run(dict(values), self._executables, None if seeds is None else lambda: seeds, by_op=by_op)

    def _run(
        self, values: dict[str, Any], inputs: list[Any], seed: Any, by_op: bool
    ) -> tuple[list[Any], dict[str, Any]]:
        """Outputs, and the new values of the variables that were assigned."""
        run = self._state(values, seed, by_op)
        outputs = self._entry(run, self._arguments(inputs))
        return outputs, {key: run.variables[key] for key in sorted(run.assigned & set(self.variables))}

    def _prologue(self, prologue: Executable, values: dict[str, Any]) -> list[Any]:
        unused = [None] * self._places.count(None)
        if not self._folds_on_host:
            return prologue(self._state(values, None), self._arguments(unused))
        # Op by op JAX would compile a program for each shape; NumPy is there at once.
        arrays = {key: np.asarray(value) for key, value in values.items()}
        results = prologue(self._state(arrays, None), self._arguments(unused))
        import jax  # pyright: ignore[reportMissingImports]

        return [jax.device_put(x) if isinstance(x, np.ndarray) else x for x in results]

    def _run_main(
        self, values: dict[str, Any], ahead: list[Any], inputs: list[Any], seed: Any, by_op: bool
    ) -> list[Any]:
        assert self._main is not None
        return self._main(self._state(values, seed, by_op), [*self._arguments(inputs), *ahead])


def _on_cpu() -> bool:
    import jax  # pyright: ignore[reportMissingImports]

    return jax.default_backend() == "cpu"


def _with(inputs: list[Any], statics: Statics) -> list[Any]:
    return [statics.get(index, value) for index, value in enumerate(inputs)]

"""A function of the graph on Keras's backend: its executable, its variables, and the compiled call."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function, Graph
from hublayer.graph.passes.hoist import hoist
from hublayer.lowering.dtypes import has_wide_types
from hublayer.lowering.execute import FAILED, Executable, Executables, Run, VariableHandle, check_supported
from hublayer.lowering.known_values import array_of
from hublayer.lowering.loop_analysis import assigned_variables
from hublayer.lowering.platforms import platform_of
from hublayer.lowering.static_inputs import reads_values, static_inputs
from hublayer.ops.traits import Trait, facts, takes_seed
from hublayer.runtime.ahead import Ahead
from hublayer.runtime.compile import compiled, is_traced
from hublayer.runtime.seeds import ForkedSeeds
from hublayer.runtime.wide import Width, given_back, wide_types

# Programs that are kept for different static values.
_KEPT = 64

Statics = Mapping[int, np.ndarray]


class DevicePart:
    """Calls `graph.entry`. captured: the variable that each captured parameter holds; the others are its inputs.

    variables: all that it uses, by key, as keras.Variable. functions: the entry and all that its control flow reaches.
    known: names of parameters that a call gives as statics.

    A program has no sizes that depend on values (boxes that are selected, elements that are not zero): where JAX and
    TensorFlow cannot make one, the function runs op by op.

    Raises UnsupportedOpsError for ops that `backend` cannot run.
    """

    def __init__(
        self,
        graph: Graph,
        functions: Sequence[Function],
        captured: Mapping[str, str],
        variables: Mapping[str, Any],
        backend: str,
        known: Collection[str] = (),
    ):
        check_supported(functions, backend)
        self._backend = backend
        self.variables = variables
        ops = {node.op for function in functions for node in function.nodes}
        self.draws = any(map(takes_seed, ops))
        self._straight = not any(facts(op).traits & (Trait.DRAWS | Trait.LOOKS) for op in ops) and not any(
            reads_values(function, backend, known) for function in functions
        )
        self._executables = Executables(graph, backend)
        self._entry = Executable(graph.entry, backend)
        self._places = [captured.get(parameter.name) for parameter in graph.entry.parameters]
        self._width = None
        if backend == "jax":
            taken = [p.name for p in graph.entry.parameters if p.name not in captured]
            self._width = Width(graph.entry, functions, taken, variables)
        self._programs: OrderedDict[Any, tuple[Callable[..., Any], Callable[..., Any]]] = OrderedDict()
        unused = [None] * self._places.count(None)
        changed = assigned_variables([graph.entry], self._arguments(unused), self._executables)
        # PyTorch writes in place, also into what the call has read or returned, and what its gradient needs.
        self._copied = frozenset(changed if backend == "torch" else ()) & variables.keys()
        split = hoist(graph.entry, functions)
        self._main: Executable | None = None
        self._ahead: Ahead | None = None
        self._static_ahead: tuple[int, ...] = ()
        self._op_by_op = False
        self._checks: list[str] = []
        if split is not None:
            prologue, self._main = Executable(split.prologue, backend), Executable(split.main, backend)
            self._ahead = Ahead(list(variables.values()), lambda values: self._prologue(prologue, values))
            if backend == "jax":
                crossing = {p.name: i for i, p in enumerate(split.main.parameters[len(self._places) :])}
                self._static_ahead = tuple(crossing[name] for name in static_inputs(split.main, crossing, backend))
        self._program({}, True, self._platform([]))  # now, for torch.compile cannot trace how a program is made

    def __call__(self, inputs: Sequence[Any], seed: Any, statics: Statics | None = None) -> list[Any]:
        """The outputs; variables that the function assigns get their new values.

        statics: inputs, by position, that are known while the program is traced; `inputs` has None there.

        Raises ExecutionError for what goes wrong in an op, and for a value that must be known where a user's program is
        traced.
        """
        statics = statics or {}
        if self._width is None or not self._width.needed(inputs, statics):
            return self._run_or_by_op(inputs, seed, statics, ahead=True)
        with wide_types():
            outputs = self._run_or_by_op(inputs, seed, statics, ahead=self._width.always)
        return given_back(outputs)

    def _run_or_by_op(self, inputs: Sequence[Any], seed: Any, statics: Statics, ahead: bool) -> list[Any]:
        if self._backend == "torch":  # whose tensors have values
            return self._call(inputs, seed, statics, ahead, compile=True)
        if self._op_by_op and not self._is_traced(inputs):
            return self._call(inputs, seed, statics, ahead, compile=False)
        try:
            return self._call(inputs, seed, statics, ahead, compile=True)
        except ExecutionError as error:
            traced = self._is_traced(inputs)
            try:
                outputs = self._call(inputs, seed, statics, ahead, compile=False)
            except ExecutionError as other:
                raise error if traced else other from None
        self._op_by_op = not traced
        return outputs

    def _is_traced(self, inputs: Sequence[Any]) -> bool:
        return is_traced([*inputs, *(variable.value for variable in self.variables.values())])

    def _call(self, inputs: Sequence[Any], seed: Any, statics: Statics, ahead: bool, compile: bool) -> list[Any]:
        """ahead: whether what was computed ahead is in the dtypes of this call."""
        values = {key: variable.value for key, variable in self.variables.items()}
        values |= {key: keras.ops.copy(values[key]) for key in self._copied}
        platform = self._platform(inputs)
        kept = self._ahead.values(values) if ahead and self._ahead is not None else None
        if kept is not None:
            known = {len(inputs) + i: kept[i] for i in self._static_ahead}
            given = [*inputs, *(None if len(inputs) + i in known else x for i, x in enumerate(kept))]
            outputs, failed = self._program({**statics, **known}, compile, platform)[1](values, given, seed)
            self._refuse(failed.get(FAILED))
            return outputs
        outputs, assigned = self._program(statics, compile, platform)[0](values, list(inputs), seed)
        self._refuse(assigned.pop(FAILED, None))
        for key, value in assigned.items():
            self.variables[key].assign(value)
        return outputs

    def _platform(self, inputs: Sequence[Any]) -> str:
        """Where a call runs: the variables are all in one place, and the inputs come to it."""
        variable = next(iter(self.variables.values()), None)
        return platform_of(self._backend, inputs if variable is None else [variable.value, *inputs])

    def _program(self, statics: Statics, compile: bool, platform: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
        key = (platform, compile, *((i, x.dtype.str, x.shape, x.tobytes()) for i, x in sorted(statics.items())))
        if key not in self._programs:
            if len(self._programs) >= _KEPT:
                self._programs.popitem(last=False)

            def run(values: dict[str, Any], inputs: list[Any], seed: Any) -> Any:
                return self._run(self._state(values, seed, platform, not compile), _with(inputs, statics))

            def run_main(values: dict[str, Any], inputs: list[Any], seed: Any) -> Any:
                return self._run_main(self._state(values, seed, platform, not compile), _with(inputs, statics))

            if compile:
                self._programs[key] = (
                    compiled(run, self._straight, platform),
                    compiled(run_main, self._straight, platform),
                )
            else:
                self._programs[key] = run, run_main
        return self._programs[key]

    def _arguments(self, inputs: Sequence[Any]) -> list[Any]:
        if self._width is not None and has_wide_types():
            inputs = self._width.taken(inputs)
        remaining = iter(inputs)
        return [next(remaining) if key is None else VariableHandle(key) for key in self._places]

    def _state(self, values: dict[str, Any], seed: Any, platform: str, by_op: bool) -> Run:
        if self._width is not None and has_wide_types():
            values = self._width.read(values)
        seeds = None if seed is None else ForkedSeeds(seed)
        draw = None if seeds is None else lambda: seeds
        return Run(dict(values), self._executables, draw, by_op=by_op, checks=self._checks, platform=platform)

    def _run(self, run: Run, inputs: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Outputs, and the new values of the variables that were assigned."""
        outputs = self._entry(run, self._arguments(inputs))
        return outputs, self._failed(run) | {
            key: run.variables[key] for key in sorted(run.assigned & set(self.variables))
        }

    def _failed(self, run: Run) -> dict[str, Any]:
        """The number of the failed check under its key, if it is known only when the program has run."""
        failed = run.variables[FAILED]
        return {} if isinstance(failed, np.ndarray) or self._backend != "jax" else {FAILED: failed}

    def _refuse(self, failed: Any) -> None:
        """Raise ExecutionError if a check failed. Inside of somebody else's program nobody knows."""
        if failed is not None and not is_traced(failed) and int(failed):
            raise ExecutionError(f"A check of the model's own failed: {self._checks[int(failed) - 1]}")

    def _prologue(self, prologue: Executable, values: dict[str, Any]) -> list[Any]:
        unused = [None] * self._places.count(None)
        platform = platform_of(self._backend, values.values())
        folds_on_host = self._backend == "jax" and platform == "cpu"
        if folds_on_host:
            # Op by op JAX would compile a program for each shape; NumPy is there at once.
            values = {key: np.asarray(value) for key, value in values.items()}
        results = prologue(self._state(values, None, platform, self._backend == "jax"), self._arguments(unused))
        known = {i: array_of(results[i]) for i in self._static_ahead}
        if folds_on_host:
            import jax  # pyright: ignore[reportMissingImports]

            results = [jax.device_put(x) if isinstance(x, np.ndarray) else x for x in results]
        return [known.get(i, x) for i, x in enumerate(results)]

    def _run_main(self, run: Run, inputs: list[Any]) -> tuple[list[Any], dict[str, Any]]:
        assert self._main is not None
        own = self._places.count(None)
        arguments = [*self._arguments(inputs[:own]), *inputs[own:]]
        return self._main(run, arguments), self._failed(run)


def _with(inputs: list[Any], statics: Statics) -> list[Any]:
    return [statics.get(index, value) for index, value in enumerate(inputs)]

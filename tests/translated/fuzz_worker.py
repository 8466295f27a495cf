"""Load the folders that come line by line on standard input, and say of each how it ended. Run as a script.

A case ends in a result, in one of hublayer's errors, or in a failure: another exception, more memory than `MEMORY`
above that of a warm process, or more seconds of the processor than allowed. One line of JSON answers each folder.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import keras

import hublayer as hub
from hublayer.conformance.goldens import Golden, call_arguments, make_inputs
from hublayer.errors import HubLayerError
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.specs import TensorSpec, spec_leaves

MEMORY = 1 << 30
_LARGEST_INPUT = 1 << 20  # elements; a model that asks for more is not called
_REFUSED_MEMORY = ("alloc", "RESOURCE_EXHAUSTED", "Out of memory", "MemoryError")


def bounded_memory() -> contextlib.AbstractContextManager[None]:
    """Within it the process may map `MEMORY` bytes more than it has mapped now."""

    @contextlib.contextmanager
    def limit():
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (hard, hard))

    return limit()


def _small(endpoint: Endpoint) -> bool:
    """Whether inputs for the endpoint are small."""
    for name in endpoint.inputs:
        for _, spec in spec_leaves(endpoint.traces[0].arguments.get(name)):
            size = 64**2
            for dim in (spec.shape if isinstance(spec, TensorSpec) else None) or ():
                size *= 1 if dim is None else dim
            if size > _LARGEST_INPUT or (isinstance(spec, TensorSpec) and len(spec.shape or ()) > 8):
                return False
    return True


def _arguments(endpoint: Endpoint, text: str | None) -> tuple[tuple, dict] | None:
    """Inputs by position and by name, strings being `text`; None if none can be made up."""
    if not endpoint.traces or not _small(endpoint):
        return None
    try:
        inputs = make_inputs(endpoint, 0)
        if inputs is None:
            return None
        for array in inputs.values() if text is not None else ():
            if array.dtype == object:
                array[...] = text.encode()
        given = call_arguments(endpoint, Golden(endpoint.name, inputs, {}))
    except (KeyError, TypeError, ValueError, OverflowError):  # no inputs of such a dtype
        return None
    return ((), given) if endpoint.kind == "signature" or len(inputs) != 1 else ((given,), {})


def load_and_call(folder: str, only: str | None, text: str | None) -> str:
    """Load the model, ask for its weights, call each endpoint (or `only` one). Returns what happened, in words."""
    try:
        model = hub.load(folder, runtime="translated")
        endpoints = model.meta_graph.endpoints
    except HubLayerError as error:
        return f"{type(error).__name__}: {error}"
    said = []
    names = [only] if only in endpoints else list(endpoints)
    for name in names:
        try:
            model.program.weights(endpoints[name])
            arguments = _arguments(endpoints[name], text)
            if arguments is None:
                said.append(f"{name}: not called")
                continue
            args, kwargs = arguments
            hub.model.BoundEndpoint(model, endpoints[name])(*args, **kwargs)
            said.append(f"{name}: a result")
        except HubLayerError as error:
            if _out_of_memory(error):
                raise MemoryError(str(error)) from error
            said.append(f"{name}: {type(error).__name__}: {error}")
    try:
        len(model.variables)
    except HubLayerError as error:
        said.append(f"{type(error).__name__}: {error}")
    return "; ".join(said)


def _out_of_memory(error: BaseException | None) -> bool:
    """Whether an allocation had failed before: with more memory it would have been taken."""
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        if not isinstance(error, HubLayerError) and any(word in str(error) for word in _REFUSED_MEMORY):
            return True
        error = error.__cause__
    return False


def answer(folder: str, only: str | None, text: str | None, seconds_allowed: float) -> dict[str, Any]:
    """How the case ended."""
    start = time.process_time()
    outcome: dict[str, Any] = {}
    try:
        with bounded_memory():
            outcome = {"said": load_and_call(folder, only, text)}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the finding
        where = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        ours = [line for line in where if "hublayer" in line and "translated" not in line.split("/")[-2]]
        outcome = {"failure": f"{type(error).__name__}: {error}"[:2000], "at": (ours or where)[-3:]}
    seconds = time.process_time() - start
    outcome["seconds"] = seconds
    if "failure" not in outcome and seconds > seconds_allowed:
        outcome["failure"] = f"{seconds:.1f} seconds; {outcome['said'][:300]}"
        outcome["at"] = ["time"]
    return outcome


def main() -> None:
    """Answer until standard input ends."""
    if keras.config.backend() == "torch":
        import torch

        torch.set_num_threads(1)
        eager: Any = contextlib.nullcontext()
    else:
        import jax

        eager = jax.disable_jit()  # a sound program's compilation is not what is measured
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what models print
    with eager:
        for number, line in enumerate(sys.stdin):
            case = json.loads(line)
            print(json.dumps(answer(**case)), file=answers, flush=True)
            if number % 20 == 19:
                gc.collect()


if __name__ == "__main__":
    main()

"""Call an endpoint of a loaded program with whatever inputs a user has at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hublayer.runtime.inputs import match_inputs
from hublayer.runtime.program import Program
from hublayer.runtime.traces import select_traces
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.specs import is_spec


def call_endpoint(
    program: Program,
    endpoint: Endpoint,
    inputs: Any,
    training: bool | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Any:
    """Run the trace of `endpoint` that was saved for `training`, `arguments` and inputs like these.

    inputs: one tensor, a list or tuple by position, or a dict by name; NumPy arrays, Python values and str too.
    Returns the endpoint's structure of backend tensors; a signature gives a dict.

    Raises ArgumentsError, or an InputError that prints what was expected beside what came.
    """
    selected = select_traces(endpoint, training, arguments or {})
    trace, bound = match_inputs(endpoint, [trace for trace, _ in selected], inputs, program.tensors)
    # Not a dict by trace: torch.compile hashes a dataclass by its fields, whatever the class says.
    values = next(values for candidate, values in selected if candidate is trace)
    for name, value in values.items():
        spec = trace.arguments[name]
        bound[name] = program.tensors.convert(value, spec) if is_spec(spec) else value
    return program.run(endpoint, trace, bound)

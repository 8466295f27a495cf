"""Choose an endpoint's traces by `training` and by the hyperparameters that the caller gave."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from hublayer.errors import ArgumentsError
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import Spec, describe, is_spec

_MISSING = object()


def check_arguments(endpoint: Endpoint, arguments: Mapping[str, Any]) -> None:
    """Raise ArgumentsError if no trace of `endpoint` was saved with these hyperparameters."""
    _check_names(endpoint, arguments)
    if not any(_bound(endpoint, trace, arguments, {"training"}) is not None for trace in endpoint.traces):
        raise _no_trace(endpoint, arguments)


def _check_names(endpoint: Endpoint, arguments: Mapping[str, Any]) -> None:
    unknown = [name for name in arguments if name not in endpoint.arguments]
    if unknown:
        has = f"It has: {list(endpoint.arguments)}." if endpoint.arguments else "It has none."
        raise ArgumentsError(
            f"The {endpoint.kind} {endpoint.name!r} was saved without the argument{'s' * (len(unknown) > 1)} "
            f"{', '.join(map(repr, unknown))}. {has}"
        )


def select_traces(
    endpoint: Endpoint, training: bool | None, arguments: Mapping[str, Any]
) -> list[tuple[Trace, dict[str, Any]]]:
    """The traces saved for `arguments` and `training`, each with the values of its other parameters.

    A model that was saved for one value of `training` only runs with that value, and a warning says so once.

    Raises ArgumentsError, which lists what the endpoint was saved with, if there is no such trace.
    """
    _check_names(endpoint, arguments)
    wanted = dict(arguments)
    chooses_training = endpoint.takes_training and "training" not in wanted and training is not None
    if chooses_training:
        wanted["training"] = bool(training)
    selected = _matching(endpoint, wanted, set())
    if not selected and chooses_training:
        del wanted["training"]
        selected = _matching(endpoint, wanted, {"training"})
        if selected:
            warnings.warn(
                f"The {endpoint.kind} {endpoint.name!r} was not saved for training={bool(training)}; it runs with "
                f"training={selected[0][1].get('training')}.",
                stacklevel=2,
            )
    if not selected:
        raise _no_trace(endpoint, arguments)
    return selected


def _matching(endpoint: Endpoint, wanted: Mapping[str, Any], any_value: set[str]) -> list[tuple[Trace, dict[str, Any]]]:
    bound = [(trace, _bound(endpoint, trace, wanted, any_value)) for trace in endpoint.traces]
    found = [(trace, values) for trace, values in bound if values is not None]
    # A trace made for the very constant goes before one that takes a tensor.
    return sorted(found, key=lambda item: sum(is_spec(item[0].arguments.get(name)) for name in endpoint.arguments))


def _bound(endpoint: Endpoint, trace: Trace, wanted: Mapping[str, Any], any_value: set[str]) -> dict | None:
    """Values of the trace's parameters other than inputs, or None if it was traced for other values."""
    values = {}
    for name in endpoint.arguments:
        if name not in trace.arguments:
            if name in wanted:
                return None
            continue
        traced = trace.arguments[name]
        value = wanted.get(name, endpoint.defaults.get(name, _MISSING))
        if name in any_value and name not in wanted:
            value = traced
        if value is _MISSING:
            if is_spec(traced) or len(endpoint.traced_values(name)) > 1:
                return None
            value = traced
        if is_spec(traced):
            if not _can_be_tensor(value, traced):
                return None
            values[name] = value
        elif _same(value, traced, name):
            values[name] = traced
        else:
            return None
    return values


def _can_be_tensor(value: Any, spec: Spec) -> bool:
    if value is None or isinstance(value, str) != (spec.dtype == "string"):
        return False
    rank = len(getattr(value, "shape", np.shape(value)))
    return spec.shape is None or rank == len(spec.shape)


def _same(value: Any, traced: Any, name: str) -> bool:
    if name == "training":  # Keras 2 traced the default as None, which means False
        return bool(value) == bool(traced)
    if isinstance(value, float | int) and isinstance(traced, float | int):
        return isinstance(value, bool) == isinstance(traced, bool) and value == traced
    try:
        return bool(value == traced)
    except (TypeError, ValueError):
        return False


def _no_trace(endpoint: Endpoint, arguments: Mapping[str, Any]) -> ArgumentsError:
    lines = []
    for trace in endpoint.traces:
        line = "    " + ", ".join(f"{name}={describe(trace.arguments.get(name))}" for name in endpoint.arguments)
        if line not in lines:
            lines.append(line)
    given = ", ".join(f"{name}={value!r}" for name, value in arguments.items()) or "no arguments"
    return ArgumentsError(
        f"The {endpoint.kind} {endpoint.name!r} was not saved for {given}. It was saved for:\n" + "\n".join(lines)
    )

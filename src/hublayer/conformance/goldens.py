"""Inputs of a model's endpoints, and what TensorFlow gives for them, in .npz files.

Keys: ``sig:NAME|in:KEY`` and ``sig:NAME|out:KEY`` for a signature; ``fn:NAME|in:I`` and ``fn:NAME|out:I`` for a
callable with its default arguments, I counting the flattened inputs or outputs, dict keys sorted. Byte strings are
stored as fixed-width ``S``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hublayer.runtime.structures import pack
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.reader import MetaGraph
from hublayer.savedmodel.specs import TensorSpec, spec_leaves


@dataclass(frozen=True)
class Golden:
    """One call: the endpoint ("sig:serving_default", "fn:__call__"), its inputs and its outputs by key."""

    endpoint: str
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]


def endpoint_of(meta_graph: MetaGraph, key: str) -> Endpoint | None:
    """The endpoint that a golden's key names; None if the model has no such endpoint."""
    kind, _, name = key.partition(":")
    return (meta_graph.signatures if kind == "sig" else meta_graph.callables).get(name)


def read_goldens(folder: Path) -> list[Golden]:
    """All goldens of the golden*.npz files in `folder`, signatures before callables, as they were made."""
    goldens = []
    for path in sorted(folder.glob("golden*.npz")):
        with np.load(path) as arrays:
            goldens += from_arrays({key: arrays[key] for key in arrays.files})
    return goldens


def from_arrays(arrays: dict[str, np.ndarray]) -> list[Golden]:
    """Goldens out of arrays by key."""
    found: dict[str, Golden] = {}
    for key, array in arrays.items():
        endpoint, slot = key.rsplit("|", 1)
        side, _, port = slot.partition(":")
        golden = found.setdefault(endpoint, Golden(endpoint, {}, {}))
        (golden.inputs if side == "in" else golden.outputs)[port] = array
    return [found[endpoint] for endpoint in sorted(found, reverse=True)]


def to_arrays(goldens: list[Golden]) -> dict[str, np.ndarray]:
    """The arrays by key that `from_arrays` reads."""
    arrays = {}
    for golden in goldens:
        for side, ports in (("in", golden.inputs), ("out", golden.outputs)):
            for port, array in ports.items():
                if array.dtype.kind in "OU":
                    array = np.array([_bytes(item) for item in array.flat]).reshape(array.shape)
                arrays[f"{golden.endpoint}|{side}:{port}"] = array
    return arrays


def _bytes(item: str | bytes) -> bytes:
    return item.encode() if isinstance(item, str) else item


def call_arguments(endpoint: Endpoint, golden: Golden) -> Any:
    """What to pass to the endpoint: a dict by name for a signature, the structure for a callable."""
    if endpoint.kind == "signature":
        return golden.inputs
    structure = endpoint.input_structures()[0]
    values = iter([golden.inputs[str(i)] for i in range(len(golden.inputs))])
    packed = {name: pack(value, values) for name, value in structure.items()}
    return next(iter(packed.values())) if len(packed) == 1 else packed


def flat_outputs(endpoint: Endpoint, outputs: Any) -> dict[str, Any]:
    """Outputs by the keys that goldens use."""
    if endpoint.kind == "signature":
        return dict(outputs)
    flat: list[Any] = []

    def flatten(value: Any) -> None:
        if isinstance(value, dict):
            for key in sorted(value):
                flatten(value[key])
        elif isinstance(value, list | tuple):
            for item in value:
                flatten(item)
        else:
            flat.append(value)

    flatten(outputs)
    return {str(i): value for i, value in enumerate(flat)}


_IMAGE_RANK = 4
_WORDS = ("a great film", "two hours I want back", "", "naïve ☕ déjà-vu", "The quick brown fox.", "42")


def make_inputs(endpoint: Endpoint, seed: int, batch: int = 2) -> dict[str, np.ndarray] | None:
    """Inputs of the endpoint's first trace with random values; None if one is not a dense tensor of known rank."""
    rng = np.random.default_rng(seed)
    trace = endpoint.traces[0]
    inputs = {}
    names = list(trace.arguments) if endpoint.kind == "signature" else []
    specs = [spec for name in endpoint.inputs for _, spec in spec_leaves(trace.arguments[name])]
    for index, spec in enumerate(specs):
        if not isinstance(spec, TensorSpec) or spec.shape is None:
            return None
        size = 64 if len(spec.shape) == _IMAGE_RANK else 8
        shape = tuple((batch if axis == 0 else size) if dim is None else dim for axis, dim in enumerate(spec.shape))
        inputs[names[index] if names else str(index)] = _random(rng, spec.dtype, shape)
    return inputs


def _random(rng: np.random.Generator, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    if dtype == "string":
        return np.array(rng.choice(_WORDS, shape), object)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.startswith(("int", "uint")):
        return rng.integers(0, 2, shape).astype(dtype)
    return rng.uniform(0, 1, shape).astype(dtype if dtype.startswith("float") else "float32")

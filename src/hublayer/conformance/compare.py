"""Run a model's goldens on one runtime and say how far the results are from TensorFlow's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from hublayer.conformance.goldens import Golden, call_arguments, endpoint_of, flat_outputs
from hublayer.conformance.result import Result, Verdict
from hublayer.errors import HubLayerError, UnsupportedOpsError
from hublayer.layer import KerasLayer
from hublayer.model import load


def distance(got: np.ndarray, expected: np.ndarray) -> tuple[float, str]:
    """(largest |Δ| / max |expected|, what is wrong besides). Integers, booleans and strings must be exact."""
    if got.shape != expected.shape:
        return np.inf, f"shape {got.shape}, expected {expected.shape}"
    if expected.dtype.kind in "SUO":
        same = got.astype("S").tolist() == expected.astype("S").tolist()
        return (0.0, "") if same else (np.inf, "other strings")
    if expected.dtype.kind in "iub":
        same = np.array_equal(got, expected)
        return (0.0, "") if same else (np.inf, "other integers")
    finite = np.isfinite(expected)
    if not np.array_equal(np.where(finite, 0, expected), np.where(np.isfinite(got), 0, got), equal_nan=True):
        return np.inf, "infinities or NaN elsewhere"
    scale = float(np.abs(expected[finite]).max(initial=1e-6))
    return float(np.abs(got[finite].astype(float) - expected[finite]).max(initial=0.0)) / scale, ""


def compare(
    folder: Path,
    goldens: list[Golden],
    runtime: str = "translated",
    tolerance: float = 1e-4,
    without: Mapping[str, str] | None = None,
) -> list[Result]:
    """Results for `goldens` of the SavedModel in `folder`: each through hub.load, and through KerasLayer.

    tolerance: the largest |Δ| over the output's scale that still counts as a match.
    without: why an endpoint has no golden, by its key, where that is known. Such endpoints are "not compared".
    """
    name = folder.name
    try:
        model = load(folder, runtime=runtime)
    except HubLayerError as error:
        return [Result(name, "(load)", _verdict(error), np.inf, _line(error))]
    results = []
    keys = [f"sig:{key}" for key in model.meta_graph.signatures] + [f"fn:{key}" for key in model.meta_graph.callables]
    for key in keys:
        if all(golden.endpoint != key for golden in goldens):
            detail = (without or {}).get(key, "no golden*.npz in the folder has results of it")
            results.append(Result(name, key, "not compared", np.inf, detail))
    for golden in goldens:
        endpoint = endpoint_of(model.meta_graph, golden.endpoint)
        if endpoint is None:
            results.append(Result(name, golden.endpoint, "failed", np.inf, "no such endpoint"))
            continue
        options: dict[str, Any] = {"signature_outputs_as_dict": True} if endpoint.kind == "signature" else {}
        try:
            layer = KerasLayer(model, signature=endpoint.name, runtime=runtime, **options)
            outputs = flat_outputs(endpoint, layer(call_arguments(endpoint, golden)))
        except Exception as error:  # noqa: BLE001 one endpoint that fails must not hide how the others compare
            results.append(Result(name, golden.endpoint, _verdict(error), np.inf, _line(error)))
            continue
        results.append(_judge(name, golden, outputs, tolerance))
    return results


def _judge(name: str, golden: Golden, outputs: dict[str, Any], tolerance: float) -> Result:
    if not golden.outputs:
        return Result(name, golden.endpoint, "not compared", np.inf, "the golden holds no outputs")
    missing = set(golden.outputs) - set(outputs)
    if missing:
        return Result(name, golden.endpoint, "failed", np.inf, f"no output {sorted(missing)}")
    worst, detail = 0.0, ""
    for key, expected in golden.outputs.items():
        output = outputs[key]
        got = output if isinstance(output, np.ndarray) else np.asarray(keras.ops.convert_to_numpy(output))
        error, said = distance(got, expected)
        if error > worst:
            worst, detail = error, f"{key}: {said}" if said else key
    return Result(name, golden.endpoint, "match" if worst <= tolerance else "differs", worst, detail)


def _verdict(error: Exception) -> Verdict:
    return "unsupported" if isinstance(error, UnsupportedOpsError) else "failed"


def _line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    ops = [line.split(" (")[0] for line in lines if " times, in " in line]
    first = lines[0] if lines else ""
    return ", ".join(ops) or (first if isinstance(error, HubLayerError) else f"{type(error).__name__}: {first}")

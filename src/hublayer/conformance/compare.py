"""Run a model's goldens on one runtime and say how far the results are from TensorFlow's."""

from __future__ import annotations

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
    if not np.array_equal(np.isfinite(got), finite):
        return np.inf, "infinities or NaN elsewhere"
    scale = float(np.abs(expected[finite]).max(initial=1e-6))
    return float(np.abs(got[finite].astype(float) - expected[finite]).max(initial=0.0)) / scale, ""


def compare(folder: Path, goldens: list[Golden], runtime: str = "translated", tolerance: float = 1e-4) -> list[Result]:
    """Results for `goldens` of the SavedModel in `folder`: each through hub.load, and through KerasLayer.

    tolerance: the largest |Δ| over the output's scale that still counts as a match.
    """
    name = folder.name
    try:
        model = load(folder, runtime=runtime)
    except HubLayerError as error:
        return [Result(name, "(load)", _verdict(error), np.inf, _line(error))]
    results = []
    for golden in goldens:
        endpoint = endpoint_of(model.meta_graph, golden.endpoint)
        if endpoint is None:
            results.append(Result(name, golden.endpoint, "failed", np.inf, "no such endpoint"))
            continue
        options: dict[str, Any] = {"signature_outputs_as_dict": True} if endpoint.kind == "signature" else {}
        try:
            layer = KerasLayer(model, signature=endpoint.name, runtime=runtime, **options)
            outputs = flat_outputs(endpoint, layer(call_arguments(endpoint, golden)))
        except HubLayerError as error:
            results.append(Result(name, golden.endpoint, _verdict(error), np.inf, _line(error)))
            continue
        results.append(_judge(name, golden, outputs, tolerance))
    return results


def _judge(name: str, golden: Golden, outputs: dict[str, Any], tolerance: float) -> Result:
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


def _verdict(error: HubLayerError) -> Verdict:
    return "unsupported" if isinstance(error, UnsupportedOpsError) else "failed"


def _line(error: HubLayerError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    ops = [line.split(" (")[0] for line in lines if " times, in " in line]
    return ", ".join(ops) if ops else lines[0]

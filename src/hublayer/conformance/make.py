"""Make goldens with TensorFlow's own runtime, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from hublayer.conformance.goldens import (
    Golden,
    call_arguments,
    endpoint_of,
    flat_outputs,
    from_arrays,
    make_inputs,
    to_arrays,
)
from hublayer.model import Model, load
from hublayer.runtime.call import call_endpoint


def make_goldens(folder: Path) -> tuple[list[Golden], dict[str, str]]:
    """Goldens of the model in `folder`, by a TensorFlow process, and why each other endpoint has none, by its key.

    Raises OSError with TensorFlow's words if that process fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "golden.npz"
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "hublayer.conformance.make", str(folder), str(target)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1].strip()
            raise OSError(f"TensorFlow could not make goldens of {folder}: {said}")
        with np.load(target) as arrays:
            goldens = from_arrays({key: arrays[key] for key in arrays.files})
        return goldens, json.loads(target.with_suffix(".json").read_text("utf-8"))


def run_goldens(model: Model, seed: int = 0) -> tuple[list[Golden], dict[str, str]]:
    """Inputs of random values and the native runtime's outputs; and why an endpoint has none, by its key."""
    goldens = []
    without: dict[str, str] = {}
    keys = [f"sig:{name}" for name in model.meta_graph.signatures] + [
        f"fn:{name}" for name in model.meta_graph.callables
    ]
    for number, key in enumerate(keys):
        endpoint = endpoint_of(model.meta_graph, key)
        assert endpoint is not None
        inputs = make_inputs(endpoint, seed + number)
        if inputs is None:
            without[key] = "random inputs are made only for dense tensors of a known rank"
            continue
        golden = Golden(key, inputs, {})
        try:
            outputs = call_endpoint(model.program, endpoint, call_arguments(endpoint, golden))
        except Exception as error:  # noqa: BLE001 random inputs may be out of a model's range: it then has no golden
            without[key] = f"TensorFlow failed on random inputs: {type(error).__name__}"
            continue
        flat = {name: np.asarray(value) for name, value in flat_outputs(endpoint, outputs).items()}
        goldens.append(Golden(key, inputs, flat))
    return goldens, without


if __name__ == "__main__":
    made, without_golden = run_goldens(load(sys.argv[1], runtime="native"))
    Path(sys.argv[2]).with_suffix(".json").write_text(json.dumps(without_golden), "utf-8")
    np.savez(sys.argv[2], **to_arrays(made))  # pyright: ignore[reportArgumentType] keys with "|" are no parameters of savez

"""Make goldens with TensorFlow's own runtime, in a process of its own."""

from __future__ import annotations

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
from hublayer.errors import HubLayerError
from hublayer.model import Model, load
from hublayer.runtime.call import call_endpoint


def make_goldens(folder: Path) -> list[Golden]:
    """Goldens for every endpoint of the model in `folder`, by a TensorFlow process; needs TensorFlow installed.

    Raises OSError with TensorFlow's words if that process fails.
    """
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch) / "golden.npz"
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [sys.executable, "-m", "hublayer.conformance.make", str(folder), str(target)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"TensorFlow could not make goldens of {folder}: {done.stderr.strip().splitlines()[-1:]}")
        with np.load(target) as arrays:
            return from_arrays({key: arrays[key] for key in arrays.files})


def run_goldens(model: Model, seed: int = 0) -> list[Golden]:
    """Inputs of random values and the native runtime's outputs, for every endpoint that takes dense tensors."""
    goldens = []
    keys = [f"sig:{name}" for name in model.meta_graph.signatures] + [
        f"fn:{name}" for name in model.meta_graph.callables
    ]
    for number, key in enumerate(keys):
        endpoint = endpoint_of(model.meta_graph, key)
        assert endpoint is not None
        inputs = make_inputs(endpoint, seed + number)
        if inputs is None:
            continue
        golden = Golden(key, inputs, {})
        try:
            outputs = call_endpoint(model.program, endpoint, call_arguments(endpoint, golden))
        except HubLayerError:
            continue
        except Exception as error:  # noqa: BLE001 random inputs may be out of a model's range: it then has no golden
            print(f"{key}: {type(error).__name__}", file=sys.stderr)
            continue
        flat = {name: np.asarray(value) for name, value in flat_outputs(endpoint, outputs).items()}
        goldens.append(Golden(key, inputs, flat))
    return goldens


if __name__ == "__main__":
    goldens = to_arrays(run_goldens(load(sys.argv[1], runtime="native")))
    np.savez(sys.argv[2], **goldens)  # pyright: ignore[reportArgumentType] keys with "|" are no parameters of savez

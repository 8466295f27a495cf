"""Seconds and peak memory of a fresh process that imports, loads a model and gets its first output.

    KERAS_BACKEND=jax python benchmarks/cold_start.py FOLDER [--peer PYTHON]

--peer: an interpreter that has TensorFlow and tensorflow_hub 0.16.1 (and tf_keras, on which that runs); its
`hub.KerasLayer` does the same, in turn. FOLDER: a model of images (224, 224, 3), such as tools/export_applications.py
writes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from statistics import median

SHAPE = (1, 224, 224, 3)
OURS = """
import numpy as np, hublayer as hub
layer = hub.KerasLayer({folder!r})
np.asarray(layer(np.zeros({shape}, "float32")))
"""
PEER = """
import numpy as np, tensorflow_hub as hub
layer = hub.KerasLayer({folder!r}, signature="serving_default", signature_outputs_as_dict=True)
print([value.numpy().shape for value in layer(np.zeros({shape}, "float32")).values()])
"""
ROUNDS = 3
_PEAK = "\nimport resource; print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def run(python: str, code: str, environment: dict[str, str]) -> tuple[float, float]:
    """(seconds, peak megabytes) of one process."""
    start = time.perf_counter()
    done = subprocess.run([python, "-c", code + _PEAK], env=environment, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    peak = next(line for line in reversed(done.stdout.splitlines()) if line.startswith("peak"))
    return seconds, int(peak.split()[1]) / 1024


def main() -> None:
    """Run both in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--peer", help="an interpreter with TensorFlow and tensorflow_hub")
    arguments = parser.parse_args()
    programs = {"hublayer": (sys.executable, OURS, dict(os.environ))}
    if arguments.peer:
        peers = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "KERAS_BACKEND": "tensorflow"}
        programs["tensorflow_hub"] = (arguments.peer, PEER, peers)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, (python, code, environment) in programs.items():
            found[name].append(run(python, code.format(folder=arguments.folder, shape=SHAPE), environment))
    for name, rounds in found.items():
        seconds, peak = (median(values) for values in zip(*rounds, strict=True))
        print(f"{name:15} {seconds:5.1f} s   peak {peak:4.0f} MB", flush=True)


if __name__ == "__main__":
    main()

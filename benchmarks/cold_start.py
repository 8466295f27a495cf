"""Seconds and peak memory of a fresh process that imports, loads a model and gets its first output.

    KERAS_BACKEND=jax python benchmarks/cold_start.py FOLDER

With --peer the same by TensorFlow's own loader, which is what tensorflow_hub runs (TensorFlow must be installed).
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

OURS = """
import numpy as np, hublayer as hub
layer = hub.KerasLayer({folder!r})
np.asarray(layer(np.zeros({shape}, "float32")))
"""
PEER = """
import numpy as np, tensorflow as tf
model = tf.saved_model.load({folder!r})
signature = model.signatures["serving_default"]
name = list(signature.structured_input_signature[1])[0]
print({{k: v.numpy().shape for k, v in signature(**{{name: tf.zeros({shape})}}).items()}})
"""


def main(folder: str, peer: bool) -> None:
    """Run the process three times and print each."""
    code = (PEER if peer else OURS).format(folder=folder, shape=(1, 224, 224, 3))
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{'TensorFlow' if peer else 'hublayer'}: {seconds:.1f} s, peak {peak:.0f} MB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], "--peer" in sys.argv)

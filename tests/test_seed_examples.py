"""The three examples of the document that the project was created from, with only the import line changed.

They run from their https://tfhub.dev URLs through a mirror on loopback.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hublayer

SEED = Path(__file__).parents[1].parent / "shared" / "seed.md"
SAMPLES = {
    "/google/nnlm-en-dim128/2": "text_embedding",
    "/google/imagenet/mobilenet_v2_100_224/classification/5": "image_classifier",
}
COMMENTED = {
    0: ["Embedding shape: (3, 128)", "Output Shape: (3, 2)"],
    1: ["Embedding shape: (3, 128)", "Output shape: (3, 2)"],
    2: ["Output Shape (1, 1001)"],
}
FIT = """
weights = [weight.numpy().copy() for weight in embedding_layer.weights]
model = tf.keras.Sequential([embedding_layer, dense, output])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(sentences, np.array([0, 1, 0]), verbose=0)
moved = any(not np.array_equal(a, b.numpy()) for a, b in zip(weights, embedding_layer.weights))
print("weights", len(weights), "moved", moved)
"""


def run(code: str, mirror: str, cache: Path) -> list[str]:
    environment = {
        **os.environ,
        "HUBLAYER_MIRRORS": f"https://tfhub.dev={mirror}",
        "HUBLAYER_CACHE": str(cache),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": os.pathsep.join([str(Path(hublayer.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(not SEED.exists(), reason="the document with the examples is not beside this checkout")
@pytest.mark.parametrize("example", [0, 1, 2])
def test_example(example, hub_server, samples, tmp_path):
    for path, sample in SAMPLES.items():
        hub_server.add(path, samples / sample)
    code = re.findall(r"```python\n(.*?)```", SEED.read_text(), re.DOTALL)[example]
    changed = code.replace("import tensorflow_hub as hub", "import hublayer as hub")
    assert changed != code
    assert run(changed, hub_server.address, tmp_path) == COMMENTED[example]
    if example < 2:
        lines = run(changed + FIT, hub_server.address, tmp_path)
        assert lines[-1] == f"weights 1 moved {example == 1}"
        assert hub_server.count("/google/nnlm-en-dim128/2") == 1, "the second run uses the cache"

"""The calls of the sample word_tables, and what they give as plain Python."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import keras
import numpy as np

import hublayer as hub

FOLDER = Path(__file__).parents[1] / "samples" / "word_tables"
X = np.random.default_rng(0).normal(size=(3, 3)).astype("float32")
WORDS = np.array(["cat", "dog", "zebra"], object)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protocol buffer."""
    return bytes([number << 3 | 2, len(content)]) + content


def example(x: list[float] | None, words: list[bytes]) -> bytes:
    """A serialized tf.Example with the features x and words (tensorflow/core/example/example.proto)."""
    features = b""
    if x is not None:
        values = _field(2, _field(1, struct.pack(f"<{len(x)}f", *x)))
        features += _field(1, _field(1, b"x") + _field(2, values))
    if words:
        values = _field(1, b"".join(_field(1, word) for word in words))
        features += _field(1, _field(1, b"words") + _field(2, values))
    return _field(1, features)


def plain(value: Any) -> Any:
    """A result as nested lists, bytes as text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in sorted(value.items())}
    if hasattr(value, "to_list"):
        return plain(value.to_list())
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, int | float):
        return value
    array = value if isinstance(value, np.ndarray) else keras.ops.convert_to_numpy(value)
    return plain(np.asarray(array).tolist())


def calls(runtime: str, ragged: Any, sparse: Any) -> dict[str, Any]:
    """What each callable gives; `ragged` and `sparse` make such an input of rows, or of (indices, values, shape)."""
    model = hub.load(FOLDER, runtime=runtime)
    serialized = [example([1.0, 2.0], [b"cat", b"dog"]), example(None, []), example([-1.0, 0.5], [b"x"])]
    found = {
        "call": model(X, WORDS),
        "signature": model.signatures["serving_default"](x=X, words=WORDS),
        "ragged": model.ragged(ragged([["cat", "zebra"], [], ["mat"]])),
        "sparse": model.sparse(sparse([[0, 1], [1, 0], [1, 1]], [5, 7, 2], [2, 2])),
        "examples": model.examples(np.array(serialized, object)),
    }
    return {name: plain(value) for name, value in found.items()}

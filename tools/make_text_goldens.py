"""What TensorFlow gives for the text samples: dense, string and ragged results on hard and on random sentences.

    PYTHONPATH=src:tests:tools KERAS_BACKEND=tensorflow python tools/make_text_goldens.py

Writes tests/goldens/text/NAME.npz with host.collect.packed. Keys: "sentences", "seconds" (other segments),
"__call__:KEY" for each output, "tokenize:values" and "tokenize:splits_I", "special:NAME", and
"bert_pack_inputs:LENGTH:KEY" for both as segments, packed to LENGTH.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text
from host.collect import packed
from host.text_models import HARD
from text_samples import TEXT_SAMPLES
from translated.random_sentences import random_sentences

assert tensorflow_text.__version__
ROOT = Path(__file__).parents[1]
TARGET = ROOT / "tests" / "goldens" / "text"
LENGTHS = (6, 24, 128)


def outputs(name: str) -> dict[str, np.ndarray]:
    """All results of one sample."""
    model = tf.saved_model.load(str(ROOT / "tests" / "samples" / name))
    values = [*HARD.tolist(), *random_sentences(400, seed=1)]
    sentences, seconds = tf.constant(values), tf.constant(values[::-1])
    results = {"sentences": sentences, "seconds": seconds}
    called = model(sentences)
    results |= {
        f"__call__:{key}": value for key, value in (called if isinstance(called, dict) else {"0": called}).items()
    }
    if hasattr(model, "tokenize"):
        first, second = model.tokenize(sentences), model.tokenize(seconds)
        results["tokenize:values"] = first.flat_values
        results |= {f"tokenize:splits_{i}": splits for i, splits in enumerate(first.nested_row_splits)}
        results |= {f"special:{key}": value for key, value in model.tokenize.get_special_tokens_dict().items()}
        for length in LENGTHS:
            both = model.bert_pack_inputs([first, second], seq_length=tf.constant(length))
            results |= {f"bert_pack_inputs:{length}:{key}": value for key, value in both.items()}
    arrays = {key: np.asarray(x.numpy(), object if x.dtype == tf.string else None) for key, x in results.items()}
    # Ids are small; padding compresses well.
    return {key: [array] for key, array in arrays.items()}


def main() -> None:
    """Write tests/goldens/text."""
    TARGET.mkdir(exist_ok=True)
    for name in TEXT_SAMPLES:
        path = TARGET / f"{name}.npz"
        np.savez_compressed(path, **packed(outputs(name)))
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

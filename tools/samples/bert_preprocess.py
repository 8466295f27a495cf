"""A preprocessor in the manner of tensorflow/bert_en_uncased_preprocess: BertTokenizer over a vocabulary file."""

import contextlib
import string
import tempfile
from pathlib import Path

import tensorflow as tf
import tensorflow_text as text

from samples.packing import Preprocessor, save
from samples.words import vocabulary

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ENDINGS = ["##s", "##ed", "##ing", "##er", "##ly", "##est", "##es", "##y"]


def pieces() -> list[str]:
    """Marks, single characters, stems and endings, in the order of their ids."""
    letters = list(string.ascii_lowercase + string.digits)
    stems = sorted({stem for _, stem, _ in vocabulary()})
    others = list(string.punctuation) + list("é日本語") + ["##" + letter for letter in [*letters, "é"]]
    return list(dict.fromkeys(SPECIAL + letters + others + ENDINGS + stems))


def special_tokens(entries: list[str]) -> dict[str, int]:
    """Ids of the marks by the names that published preprocessors give them."""
    names = {"padding_id": "[PAD]", "start_of_sequence_id": "[CLS]", "end_of_segment_id": "[SEP]", "mask_id": "[MASK]"}
    return {"vocab_size": len(entries)} | {name: entries.index(piece) for name, piece in names.items()}


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    entries = pieces()
    # The table is named after its file's path, so the path must not vary.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        Path("vocab.txt").write_text("".join(entry + "\n" for entry in entries))
        tokenizer = text.BertTokenizer("vocab.txt", token_out_type=tf.int32, lower_case=True)
        save(Preprocessor(tokenizer, special_tokens(entries)), folder, ragged_rank=2)

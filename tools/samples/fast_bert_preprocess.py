"""A preprocessor for cased text with FastBertTokenizer, whose model is a constant of the graph."""

from pathlib import Path

import tensorflow as tf
import tensorflow_text as text

from samples.bert_preprocess import pieces, special_tokens
from samples.packing import Preprocessor, save


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    entries = pieces()
    tokenizer = text.FastBertTokenizer(entries, token_out_type=tf.int32, lower_case_nfd_strip_accents=False)
    save(Preprocessor(tokenizer, special_tokens(entries)), folder, ragged_rank=1)

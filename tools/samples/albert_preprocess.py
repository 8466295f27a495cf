"""A preprocessor in the manner of tensorflow/albert_en_preprocess: lower case, then SentencePiece."""

from pathlib import Path

import tensorflow as tf
import tensorflow_text as text

from samples.packing import Preprocessor, save
from samples.sentencepieces import sentencepiece_model

SPECIAL = {"padding_id": 0, "start_of_sequence_id": 2, "end_of_segment_id": 3, "mask_id": 4}


class LowerCase(tf.train.Checkpoint):
    """A SentencePiece tokenizer for lower-case text: quotation marks as BERT's, NFKD without accents, folded."""

    def __init__(self, model: bytes):
        super().__init__()
        self.sentencepiece = text.SentencepieceTokenizer(model, out_type=tf.int32)

    def tokenize(self, sentences):
        """Ragged ids (n, (pieces)), int32."""
        sentences = tf.strings.regex_replace(tf.strings.strip(sentences), r"``|''", '"')
        sentences = tf.strings.regex_replace(text.normalize_utf8(sentences, "NFKD"), r"\p{Mn}", "")
        return self.sentencepiece.tokenize(text.case_fold_utf8(sentences))


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    marks = ["[CLS]", "[SEP]", "[MASK]"]
    model = sentencepiece_model(900, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=marks)
    tokenizer = LowerCase(model)
    size = int(tokenizer.sentencepiece.vocab_size())
    save(Preprocessor(tokenizer, {"vocab_size": size, **SPECIAL}), folder, ragged_rank=1)

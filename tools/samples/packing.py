"""What the BERT-like preprocessors share: token ids of segments packed into the three inputs of an encoder."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf
import tensorflow_text as text

SEQ_LENGTH = 128


class Tokenize(tf.train.Checkpoint):
    """`tokenize` of a preprocessor: strings (n,) to int32 ids, ragged (n, (words), (pieces)) or (n, (pieces))."""

    def __init__(self, tokenizer: text.TokenizerWithOffsets, special: dict[str, int]):
        super().__init__()
        self.tokenizer = tokenizer
        self._special = special

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="sentences")])
    def __call__(self, sentences):
        return self.tokenizer.tokenize(sentences)

    @tf.function(input_signature=[])
    def get_special_tokens_dict(self):
        """Ids by name, and the size of the vocabulary."""
        return {name: tf.constant(id_, tf.int32) for name, id_ in self._special.items()}


class PackInputs(tf.train.Checkpoint):
    """`bert_pack_inputs`: ragged segments to dense rows of `seq_length` ids, with the marks between them."""

    def __init__(self, special: dict[str, int]):
        super().__init__()
        self._special = special

    @tf.function
    def __call__(self, inputs, seq_length=SEQ_LENGTH):
        """inputs: a list of one or two ragged tensors, int32, (n, (pieces)) or (n, (words), (pieces))."""
        segments = [segment.merge_dims(1, -1) if segment.ragged_rank > 1 else segment for segment in inputs]
        marks = len(segments) + 1
        trimmed = text.RoundRobinTrimmer(seq_length - marks).trim(segments)
        start, end = self._special["start_of_sequence_id"], self._special["end_of_segment_id"]
        ids, types = text.combine_segments(trimmed, start_of_sequence_id=start, end_of_segment_id=end)
        padding = self._special["padding_id"]
        word_ids, mask = text.pad_model_inputs(ids, seq_length, pad_value=padding)
        type_ids, _ = text.pad_model_inputs(types, seq_length, pad_value=0)
        return {"input_word_ids": word_ids, "input_mask": mask, "input_type_ids": type_ids}


class Preprocessor(tf.train.Checkpoint):
    """Strings (n,) to a dict of int32 (n, 128); `tokenize` and `bert_pack_inputs` are its two steps."""

    def __init__(self, tokenizer: text.TokenizerWithOffsets, special: dict[str, int]):
        super().__init__()
        self.tokenize = Tokenize(tokenizer, special)
        self.bert_pack_inputs = PackInputs(special)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="sentences")])
    def __call__(self, sentences):
        return self.bert_pack_inputs([self.tokenize(sentences)])


def save(preprocessor: Preprocessor, folder: Path, ragged_rank: int) -> None:
    """Writes the SavedModel; packing takes one or two segments, and a length. Each trace weighs 100 to 200 kB."""
    segment = tf.RaggedTensorSpec([None] * (ragged_rank + 1), tf.int32, ragged_rank, tf.int64)
    pack = preprocessor.bert_pack_inputs.__call__
    for segments in ([segment], [segment, segment]):
        pack.get_concrete_function(segments, seq_length=tf.TensorSpec([], tf.int32, name="seq_length"))
    tf.saved_model.save(preprocessor, str(folder), signatures={})

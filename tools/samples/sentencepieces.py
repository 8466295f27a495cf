"""A small SentencePiece model for the samples."""

import io

import numpy as np
import sentencepiece

from samples.words import vocabulary


def sentencepiece_model(size: int, **options) -> bytes:
    """A unigram model of `size` pieces over sentences of the sample's words, the same at each call."""
    words = [word for word, _, _ in vocabulary()]
    rng = np.random.default_rng(0)
    sentences = [" ".join(rng.choice(words, 9)).capitalize() + "." for _ in range(600)]
    sentences += ["naïve café, déjà vu!", "日本語の文。", "Привет, мир!"] * 5
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        vocab_size=size,
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
        normalization_rule_name="identity",  # the table of any other rule weighs 240 kB
        **options,
    )
    return model.getvalue()

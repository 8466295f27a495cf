"""The tokeniser models of the host tests, as tensorflow_text and sentencepiece build them.

    PYTHONPATH=src:tools python tools/make_text_models.py

Writes tests/host/models/text_models.npz: uint8 arrays by name.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import sentencepiece
import tensorflow_text as text
from samples.words import vocabulary

TARGET = Path(__file__).parents[1] / "tests" / "host" / "models" / "text_models.npz"
PIECES = [
    "[UNK]",
    "[CLS]",
    "a",
    "abc",
    "abcdefghi",
    "un",
    "##want",
    "##ed",
    "##de",
    "##defgxy",
    "##deh",
    "##f",
    "##ghz",
]
PIECES += ["##a", "##b", "##c", "b", "c", ".", ",", "日", "##本", "é", "##é", "the", "running", "##s", "run", "##ning"]
PHRASES = ["<UNK>", "have", "have a", "a good", "good", "have a good day", "day", "日 本"]


# Rules of normalisation, source and target in code points. The usual ones make a model a hundred times as large.
RULES = {"ﬁ": "fi", "㎏": "kg", "É": "é", "e\u0301": "é", "\u3000": " ", "\t": " ", "…": "...", "\u200d": ""}


def rules(folder: str) -> str:
    """A file of the rules."""
    lines = ["\t".join(" ".join(f"{ord(c):X}" for c in side) for side in rule) for rule in RULES.items()]
    path = Path(folder, "rules.tsv")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def sentencepiece_model(sentences: list[str], **options) -> np.ndarray:
    """A model trained on sentences."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        minloglevel=2,
        hard_vocab_limit=False,
        **{"vocab_size": 300, "num_threads": 1, **options},
    )
    return np.frombuffer(model.getvalue(), np.uint8)


def main() -> None:
    """Write the models."""
    words = [word for word, _, _ in vocabulary()]
    rng = np.random.default_rng(0)
    sentences = [" ".join(rng.choice(words, 8)).capitalize() + "." for _ in range(400)]
    sentences += ["日本語の文。", "naïve café, déjà vu!", "naïve café"] * 3
    with tempfile.TemporaryDirectory() as folder:
        unigram = sentencepiece_model(sentences, model_type="unigram", normalization_rule_tsv=rules(folder))
    models = {
        "unigram": unigram,
        "bpe": sentencepiece_model(sentences, model_type="bpe", normalization_rule_name="identity", vocab_size=200),
        "bytes": sentencepiece_model(
            sentences, byte_fallback=True, vocab_size=450, normalization_rule_name="identity", pad_id=3
        ),
        "plain": sentencepiece_model(
            sentences,
            normalization_rule_name="identity",
            bos_id=-1,
            eos_id=-1,
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            user_defined_symbols=["[CLS]", "[SEP]"],
        ),
    }
    fast = text.FastSentencepieceTokenizer(unigram.tobytes())
    models["fast_unigram"] = fast._converted_model.numpy()
    models["fast_unigram_decoder"] = fast._converted_model_detokenizer.numpy()
    for name, options in {
        "words": {"no_pretokenization": True, "support_detokenization": True},
        "texts": {"support_detokenization": True},
        "short": {"max_bytes_per_word": 5, "no_pretokenization": True},
        "at": {"suffix_indicator": "@@"},
        "none": {"suffix_indicator": ""},
    }.items():
        pieces = [piece.replace("##", options.get("suffix_indicator", "##")) for piece in PIECES]
        pieces = list(dict.fromkeys(pieces))
        models[f"wordpiece_{name}"] = text.FastWordpieceTokenizer(pieces, **options)._model.numpy()
    models["normalizer_lower"] = text.FastBertNormalizer(lower_case_nfd_strip_accents=True)._model.numpy()
    models["normalizer_cased"] = text.FastBertNormalizer()._model.numpy()
    models["phrases"] = text.PhraseTokenizer(PHRASES, unknown_token="<UNK>", support_detokenization=True)._model.numpy()
    TARGET.parent.mkdir(exist_ok=True)
    np.savez_compressed(TARGET, **models)
    print(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

"""Which Python package brings the ops that TensorFlow itself does not have."""

from __future__ import annotations

_ADVICE = (
    ("SimpleML", "pip install ydf-tf or tensorflow_decision_forests, and import it first"),
    ("TRT", "this model was converted for TensorRT; use the original model"),
    ("Bucketize", "pip install tensorflow-transform, and import it first"),
    ("Addons>", "tensorflow-addons has ended; export the model again without it"),
)
# Beginnings of the names that importing tensorflow_text 2.21 adds to the op registry.
_TEXT_OPS = (
    "CaseFoldUTF8",
    "ConstrainedSequence",
    "FastBertNormalize",
    "FastWordpiece",
    "FindSourceOffsets",
    "MaxSpanningTree",
    "NormalizeUTF8",
    "PhraseTokenize",
    "RegexSplitWithOffsets",
    "RougeL",
    "SentenceFragments",
    "Sentencepiece",
    "SplitMergeTokenize",
    "TFText>",
    "TokenizerFromLogits",
    "UnicodeScriptTokenize",
    "WhitespaceTokenize",
    "WordpieceTokenize",
)


def needs_text(op: str) -> bool:
    """Whether `op` comes from tensorflow-text."""
    return op.startswith(_TEXT_OPS)


def advice(op: str) -> str:
    """What a user can do about an op that is not registered; empty if nothing is known."""
    if needs_text(op):
        return "pip install tensorflow-text"
    return next((text for prefix, text in _ADVICE if op.startswith(prefix)), "")

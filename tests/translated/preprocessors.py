"""The named callables of the BERT-like preprocessors, as users of the hub's call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hublayer as hub
from translated.word_tables import plain

SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = ("albert_preprocess", "bert_preprocess", "fast_bert_preprocess")
TEXTS = ["the movie was great unwanted", "", "a dog running!", "naïve café 東京"]


def calls(name: str, runtime: str) -> dict[str, Any]:
    """What each callable gives, as plain Python."""
    model = hub.load(SAMPLES / name, runtime=runtime)
    tokens = model.tokenize(TEXTS)
    pack = hub.KerasLayer(model.bert_pack_inputs, arguments={"seq_length": 16})
    found = {
        "call": model(TEXTS),
        "tokens": tokens,
        "one segment": model.bert_pack_inputs([tokens]),
        "one segment and a length": pack([tokens]),
        "two segments": pack([tokens, tokens]),
        "layer": hub.KerasLayer(model.tokenize)(TEXTS),
        "special tokens": model.tokenize.get_special_tokens_dict(),
    }
    return {key: plain(value) for key, value in found.items()}

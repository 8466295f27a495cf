"""tokenize and bert_pack_inputs of the BERT-like preprocessors on the backend at hand, as in TensorFlow."""

from __future__ import annotations

import json

import pytest

import hublayer as hub
from translated.classifier import ROOT
from translated.preprocessors import NAMES, SAMPLES, calls

EXPECTED = json.loads((ROOT / "tests" / "goldens" / "preprocessors.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_named_callables_give_what_tensorflow_gives(name):
    assert calls(name, "translated") == EXPECTED[name]


def test_callables_of_callables_are_listed_and_unknown_ones_are_not_there():
    model = hub.load(SAMPLES / "bert_preprocess", runtime="translated")
    assert {"tokenize", "tokenize.get_special_tokens_dict", "bert_pack_inputs"} <= set(model.meta_graph.callables)
    with pytest.raises(AttributeError, match=r"tokenize.*split"):
        _ = model.tokenize.split

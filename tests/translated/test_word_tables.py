"""Tables, labels after weights, ragged and sparse inputs and tf.Example on the backend at hand, as in TensorFlow."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import hublayer as hub
from translated.classifier import ROOT
from translated.word_tables import FOLDER, calls

EXPECTED = json.loads((ROOT / "tests" / "goldens" / "word_tables.json").read_text())


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return calls(
        "translated",
        lambda rows: hub.Ragged.from_list(rows, dtype=object),
        lambda indices, values, shape: hub.Sparse(*(np.array(part, "int64") for part in (indices, values, shape))),
    )


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_results_are_tensorflows(found, name):
    compare(found[name], EXPECTED[name])


def compare(got: Any, expected: Any) -> None:
    """The same structure; floats within 1e-5, all else exact."""
    assert type(got) is type(expected)
    if isinstance(expected, dict):
        assert got.keys() == expected.keys()
        for key, value in expected.items():
            compare(got[key], value)
    elif isinstance(expected, list):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            compare(a, b)
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, rel=1e-5, abs=1e-6)
    else:
        assert got == expected


def test_ragged_lists_may_be_passed_as_they_are(found):
    model = hub.load(FOLDER, runtime="translated")
    assert model.ragged([["cat", "zebra"], [], ["mat"]])["ids"].to_list() == found["ragged"]["ids"]


def test_a_malformed_example_names_the_op():
    model = hub.load(FOLDER, runtime="translated")
    with pytest.raises(hub.ExecutionError, match="ParseExample"):
        model.examples(np.array([b"\x0a\xff"], object))


def test_a_missing_vocabulary_file_is_named(tmp_path):
    import shutil

    folder = shutil.copytree(FOLDER, tmp_path / "model")
    (folder / "assets" / "words.txt").unlink()
    with pytest.raises(hub.HubLayerError, match=r"words\.txt"):
        hub.load(folder, runtime="translated")(np.zeros((1, 3), "float32"), ["cat"])

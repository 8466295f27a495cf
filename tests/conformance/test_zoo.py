"""Real models that nobody here wrote, against goldens that TensorFlow 2.21 made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub

ZOO = Path(__file__).parents[2].parent / "shared" / "zoo"
INDEX: dict[str, dict] = json.loads((ZOO / "index.json").read_text()) if ZOO.is_dir() else {}
LOADING = sorted(name for name, entry in INDEX.items() if entry["tf_loads"])
FAILING = sorted(name for name, entry in INDEX.items() if not entry["tf_loads"])

pytestmark = pytest.mark.skipif(not INDEX, reason="the zoo of real models is not beside this checkout")

# The goldens come from another processor, whose vectorised kernels round differently; TensorFlow itself differs by
# 4e-4 of the scale from them on one model here.
TOLERANCE = 1e-3


def flatten(structure: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in tf.nest.flatten(structure)]


def assert_matches(got: np.ndarray, expected: np.ndarray) -> None:
    assert got.shape == expected.shape
    if expected.dtype.kind in "SU":
        assert got.astype("S").tolist() == expected.astype("S").tolist()
        return
    assert got.dtype == expected.dtype
    if expected.dtype.kind in "iub":
        np.testing.assert_array_equal(got, expected)
    else:
        scale = max(1e-3, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
        np.testing.assert_allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE * scale)


def goldens(name: str) -> list[tuple[str, dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """(endpoint, inputs, outputs) of every golden of a model, signatures first, as they were made."""
    cases = []
    for file in ("golden.npz", "golden2.npz"):
        if (ZOO / name / file).exists():
            with np.load(ZOO / name / file) as arrays:
                found: dict[str, tuple[dict, dict]] = {}
                for key in arrays.files:
                    endpoint, slot = key.split("|")
                    side, _, port = slot.partition(":")
                    found.setdefault(endpoint, ({}, {}))[side == "out"][port] = arrays[key]
            cases += [(e, *found[e]) for e in sorted(found, reverse=True)]
    return cases


def check(outputs: Any, endpoint: str, expected: dict[str, np.ndarray]) -> None:
    if endpoint.startswith("sig:"):
        assert set(outputs) >= set(expected)
        for key, value in expected.items():
            assert_matches(np.asarray(outputs[key]), value)
    else:
        got = flatten(outputs)
        assert len(got) == len(expected)
        for index, value in expected.items():
            assert_matches(got[int(index)], value)


def arguments(endpoint: str, inputs: dict[str, np.ndarray]) -> Any:
    if endpoint.startswith("sig:"):
        return inputs
    values = [inputs[str(i)] for i in range(len(inputs))]
    return values[0] if len(values) == 1 else values


@pytest.mark.parametrize("name", LOADING)
def test_load_matches(name):
    model = hub.load(ZOO / name)
    for endpoint, inputs, expected in goldens(name):
        kind, _, key = endpoint.partition(":")
        if kind == "sig":
            check(model.signatures[key](**inputs), endpoint, expected)
        else:
            check(model(arguments(endpoint, inputs)), endpoint, expected)


@pytest.mark.parametrize("name", [name for name in LOADING if INDEX[name]["golden_endpoints"]])
def test_layer_matches(name):
    model = hub.load(ZOO / name)  # one load for all endpoints: some models keep state between calls
    for endpoint, inputs, expected in goldens(name):
        kind, _, key = endpoint.partition(":")
        options = {"signature": key, "signature_outputs_as_dict": True} if kind == "sig" else {}
        layer = hub.KerasLayer(model, **options)
        check(layer(arguments(endpoint, inputs)), endpoint, expected)


@pytest.mark.parametrize("name", FAILING)
def test_what_tensorflow_cannot_load_gives_one_clear_error(name):
    for load in (hub.load, hub.KerasLayer):
        with pytest.raises((hub.ModelLoadError, hub.UnsupportedOpsError)) as caught:
            load(ZOO / name)
        message = str(caught.value)
        assert name in message
        assert len(message) < 1500
        assert "Traceback" not in message


def test_causes_are_named():
    causes = {
        "tfs_half_plus_two_trt": "TRTEngineOp",
        "ydf_adult_gbdt": "SimpleMLInferenceOpWithHandle",
        "tfx_taxi_serving_2019": "BucketizeWithInputBoundaries",
        "cartpole_policy": "tfp.distributions.Deterministic_ACTTypeSpec",
        "scisharp_example1": "variables",
        "dads_policy": r"\(29, 512\)",
    }
    for name, cause in causes.items():
        with pytest.raises(hub.SavedModelError, match=cause):
            hub.load(ZOO / name)

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
# TensorFlow 2.21 does not load these; the translated runtime does, and says so.
HERE_ONLY = {
    "cartpole_policy",
    "mlnet_types",
    "tfs_counter",
    "tfs_half_plus_three",
    "tfx_taxi_eval",
    "tfx_taxi_serving_2019",
}
FAILING = sorted(name for name, entry in INDEX.items() if not entry["tf_loads"] and name not in HERE_ONLY)

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


TRANSLATED = pytest.mark.filterwarnings("ignore:The model runs translated")


@TRANSLATED
@pytest.mark.parametrize("name", ["mlnet_types", "tfs_counter", "tfs_half_plus_three"])
def test_what_only_sessions_of_tf1_load_runs_here(name):
    """Each signature over numbers, in one order, for some of them change a variable."""
    model = hub.load(ZOO / name)
    assert model.program.name == "translated"
    rng = np.random.default_rng(3)
    inputs: dict[str, dict[str, np.ndarray]] = {}
    expected: dict[str, dict[str, np.ndarray]] = {}
    with tf.Graph().as_default() as graph, tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(ZOO / name))
        for key, endpoint in model.signatures.items():
            signature = loaded.signature_def[key]
            if "ParseExample" in _ops(graph, signature):
                continue
            specs = endpoint.endpoint.traces[0].arguments
            fed = {port: graph.get_tensor_by_name(signature.inputs[port].name) for port in specs}
            shapes = {port: None if x.shape.rank is None else x.shape.as_list() for port, x in fed.items()}
            inputs[key] = {
                port: rng.integers(0, 2, [dim or 3 for dim in shapes[port] or ()]).astype(spec.dtype)
                for port, spec in specs.items()
            }
            feeds = {signature.inputs[port].name: value for port, value in inputs[key].items()}
            expected[key] = session.run({port: info.name for port, info in signature.outputs.items()}, feeds)
    assert expected
    for key, outputs in expected.items():
        check(model.signatures[key](**inputs[key]), f"sig:{key}", outputs)


def _ops(graph: tf.Graph, signature: Any) -> set[str]:
    """The ops between a signature's inputs and outputs."""
    fed = {info.name for info in signature.inputs.values()}
    pending = [graph.get_tensor_by_name(info.name) for info in signature.outputs.values()]
    seen: set[str] = set()
    ops: set[str] = set()
    while pending:
        tensor = pending.pop()
        if tensor.name not in seen and tensor.name not in fed:
            seen.add(tensor.name)
            ops.add(tensor.op.type)
            pending += tensor.op.inputs
    return ops


def test_a_model_of_unknown_type_specs_runs_translated_and_says_why():
    with pytest.warns(UserWarning, match="tfp.distributions.Deterministic_ACTTypeSpec"):
        model = hub.load(ZOO / "cartpole_policy")
    assert model.program.name == "translated"


def test_causes_are_named():
    causes = {
        "tfs_half_plus_two_trt": "TRTEngineOp",
        "ydf_adult_gbdt": "SimpleMLInferenceOpWithHandle",
        "scisharp_example1": "variables",
        "dads_policy": r"\(29, 512\)",
    }
    for name, cause in causes.items():
        with pytest.raises(hub.SavedModelError, match=cause):
            hub.load(ZOO / name)

"""Shapes that depend on values: boxes that are selected, elements above a bound, loops that stop when they may."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import hublayer as hub

BACKEND = keras.config.backend()
IMAGES = np.random.default_rng(0).random((3, 32, 32, 3), "float32")


@pytest.fixture
def detector(samples):
    return hub.load(samples / "object_detector", runtime="translated")


def array(value) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


@pytest.mark.parametrize(
    ("level", "expected"),
    [(1.0, [1.0, 0.5, 0.25, 0.125]), (0.3, [0.3, 0.15]), (0.05, []), (0.9, [0.9, 0.45, 0.225, 0.1125])],
)
def test_a_loop_runs_as_long_as_values_say(detector, level, expected):
    for _ in range(2):
        found = array(detector.until_dark(np.full((1, 32, 32, 3), level, "float32")))
        assert found.shape == (len(expected),)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_as_many_rows_as_are_above_the_bound(detector):
    counts = set()
    for number in (1, 2, 3):
        found = {name: array(value) for name, value in detector.above(IMAGES[:number]).items()}
        count = len(found["boxes"])
        counts.add(count)
        assert found["boxes"].shape == (count, 4)
        assert found["image"].shape == found["of"].shape == (count,)
        assert (np.diff(found["image"]) >= 0).all()
        assert set(found["image"]) == set(range(number))
        assert sorted(set(found["of"])) == list(range(len(found["classes"])))
        one = {name: array(value) for name, value in detector.above(IMAGES[number - 1 : number]).items()}
        np.testing.assert_allclose(found["boxes"][found["image"] == number - 1], one["boxes"], rtol=1e-5, atol=1e-6)
    assert len(counts) == 3


def test_the_layer_detects(samples):
    layer = hub.KerasLayer(samples / "object_detector", runtime="translated", output_key="detection_scores")
    whole = array(layer(IMAGES))
    assert whole.shape == (3, 5)
    assert (np.diff(whole, axis=1) <= 0).all()  # best first, zeros at the end
    for i in range(3):
        np.testing.assert_allclose(array(layer(IMAGES[i : i + 1]))[0], whole[i], rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(BACKEND != "jax", reason="others have programs for it")
def test_a_compiled_program_cannot_and_says_what_to_do(samples, detector):
    import jax

    detector.until_dark(IMAGES)
    for call in (detector.until_dark, hub.KerasLayer(detector)):
        with pytest.raises(hub.ExecutionError, match=r"outside of compiled functions"):
            jax.jit(call)(jax.numpy.asarray(IMAGES))
    layer = hub.KerasLayer(detector, output_key="detection_scores")
    model = keras.Sequential([layer])
    model.compile(run_eagerly=True)
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), array(layer(IMAGES)), rtol=1e-5, atol=1e-6)

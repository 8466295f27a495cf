"""A .keras file that one backend wrote is read by the other, and the other way round, trained weights included."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

from translated.across import CASES, ROOT, facts, made

BACKEND = keras.config.backend()
OTHERS = [name for name in ("jax", "torch", "tensorflow") if name != BACKEND and find_spec(name)]


def same(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        if name != "outputs":
            np.testing.assert_array_equal(found[name], value, err_msg=name)
        else:
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-4 * np.abs(value).max(), err_msg=name)


@pytest.mark.skipif(not OTHERS, reason="only one backend is installed")
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", sorted(CASES))
def test_a_file_goes_to_another_backend_and_back(name, other, tmp_path):
    inputs = CASES[name].inputs()
    model = made(CASES[name])
    model.save(tmp_path / "first.keras")
    paths = [str(ROOT / "src"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("across.py"), name, str(tmp_path)],
        env=os.environ | {"KERAS_BACKEND": other, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "first.npz") as there:
        same(dict(there), facts(model, inputs))
    back = keras.models.load_model(tmp_path / "second.keras", compile=False)
    with np.load(tmp_path / "second.npz") as there:
        same(facts(back, inputs), dict(there))
    before, after = model.layers[0].get_weights(), back.layers[0].get_weights()
    moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert any(moved) == CASES[name].trained

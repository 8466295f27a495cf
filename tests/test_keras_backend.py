"""The first import: which backend Keras starts on, and what is said where it cannot start."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import hublayer as hub
from hublayer.keras_backend import BACKENDS, choose_backend

MODEL = str(Path(__file__).parent / "samples" / "plain_module")


@pytest.fixture
def choose(tmp_path, monkeypatch):
    """choose(installed, named, keras_json): the KERAS_BACKEND that is set for a Keras with these backends installed."""
    find_spec = importlib.util.find_spec
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "keras.src.backend.config", raising=False)

    def choose(installed: str, named: str = "", keras_json: object = None, left: str = "") -> str:
        def find(name: str):
            if name in (*BACKENDS, "openvino"):
                return SimpleNamespace(origin=name) if name in installed.split() else SimpleNamespace(origin=None)
            return find_spec(name)

        monkeypatch.setattr(importlib.util, "find_spec", find)
        monkeypatch.setenv("KERAS_BACKEND", named)
        if keras_json is not None:
            (tmp_path / "keras.json").write_text(json.dumps(keras_json))
        if left:
            monkeypatch.setitem(sys.modules, "keras.src.backend.config", SimpleNamespace(backend=lambda: left))
        choose_backend()
        return os.environ["KERAS_BACKEND"]

    return choose


class TestChoice:
    """Without a process of its own for each: what is installed is pretended."""

    @pytest.mark.parametrize(
        ("installed", "keras_json", "chosen"),
        [
            ("tensorflow jax", None, ""),  # what Keras does by itself needs no word
            ("torch jax", None, "jax"),
            ("torch", None, "torch"),
            ("torch jax", {"backend": "torch"}, ""),
            ("jax", {"backend": "torch"}, "jax"),
            ("jax", {"backend": "tensorflow"}, "jax"),  # Keras itself writes that one at a first import that fails
            ("jax openvino", {"backend": "openvino"}, ""),
            ("jax", {"backend": "theano"}, "jax"),
            ("jax", {}, "jax"),
            ("jax", [], "jax"),
        ],
    )
    def test_without_keras_backend(self, choose, installed, keras_json, chosen):
        assert choose(installed, keras_json=keras_json) == chosen

    def test_keras_backend_wins(self, choose):
        assert choose("torch jax", named="torch", keras_json={"backend": "jax"}) == "torch"

    def test_nothing_is_installed(self, choose):
        with pytest.raises(hub.MissingPackageError, match=r"none of them is installed.*pip install jax"):
            choose("")

    def test_what_is_named_is_not_installed(self, choose):
        with pytest.raises(hub.MissingPackageError, match="pip install torch, or set KERAS_BACKEND to jax"):
            choose("jax", named="torch")
        with pytest.raises(ImportError, match=r"pip install torch\.$"):
            choose("", named="torch")

    def test_a_name_that_keras_does_not_know(self, choose):
        with pytest.raises(hub.BackendError, match=r"'theano'.* Set it to tensorflow, jax or torch"):
            choose("jax", named="theano")

    def test_an_import_that_failed_before_keeps_its_choice(self, choose):
        assert choose("jax", named="jax", left="jax") == "jax"
        with pytest.raises(hub.BackendError, match=r"'torch', failed, .* KERAS_BACKEND set to 'jax'"):
            choose("jax", named="jax", left="torch")


# Hides packages from the import system, as if they were not installed, and says how the code ended.
WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in sys.argv[1].split() else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


def run(home: Path, code: str, without: str = "", **environment: str) -> str:
    """What `code` prints in a process without the packages `without`; only `environment` may name a backend."""
    inherited = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + code, without, MODEL],
        env={**inherited, "KERAS_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_one_backend_that_is_installed_is_taken(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = """
try:
    import keras
except ImportError:
    pass  # TensorFlow is not installed; Keras leaves a keras.json that names it
import hublayer as hub
import importlib.util
importlib.util.find_spec("keras")  # some packages look whether Keras is there
import keras
hub.KerasLayer(sys.argv[2])([1.0, 2.0])
print(keras.config.backend(), keras.saving.get_registered_object("hublayer>KerasLayer").__name__)
"""
    without = " ".join({*BACKENDS} - {backend})
    assert run(tmp_path, code, without) == f"{backend} KerasLayer"
    assert json.loads((tmp_path / "keras.json").read_text())["backend"] == "tensorflow"


@pytest.mark.parametrize("backend", ["numpy", "openvino"])
def test_backends_without_lowerings(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    code = """
import hublayer as hub
import keras
hub.resolve(sys.argv[2])  # needs no backend
for use in (hub.load, hub.KerasLayer):
    try:
        use(sys.argv[2])
    except hub.BackendError as error:
        print(error)
"""
    layer, load = run(tmp_path, code, KERAS_BACKEND=backend).splitlines()
    assert layer == load
    assert f"'{backend}'" in load and "Set the environment variable KERAS_BACKEND to" in load


class TestLegacyKeras:
    """Models of tf_keras, which is Keras 2."""

    @pytest.fixture(autouse=True)
    def _tensorflow(self):
        import keras

        if keras.config.backend() != "tensorflow" or importlib.util.find_spec("tf_keras") is None:
            pytest.skip("tf_keras is not installed, or Keras does not run on TensorFlow")

    def test_symbols(self, samples):
        import tf_keras

        layer = hub.KerasLayer(samples / "keras3_export")
        with pytest.raises(hub.BackendError, match=r"Keras 3, which a model of tf_keras \(Keras 2\)"):
            layer(tf_keras.Input((6,)))

    def test_sequential(self, samples):
        import tf_keras

        with pytest.raises(TypeError, match=r"Keras 3, which a model of tf_keras \(Keras 2\)"):
            tf_keras.Sequential([hub.KerasLayer(samples / "keras3_export")])

    def test_training_in_a_subclassed_model(self, samples):
        import numpy as np
        import tf_keras

        class Classifier(tf_keras.Model):
            def __init__(self, trainable: bool):
                super().__init__()
                self.features = hub.KerasLayer(samples / "keras3_export", trainable=trainable)

            def call(self, x):
                return self.features(x)

        assert Classifier(trainable=False)(np.ones((2, 6), "float32")).shape == (2, 3)
        with pytest.raises(hub.BackendError, match="TF_USE_LEGACY_KERAS"):
            Classifier(trainable=True)(np.ones((2, 6), "float32"))

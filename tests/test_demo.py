"""The demo runs without network, and what it shows is true."""

import io
import os
import urllib.error
import urllib.request

import pytest
from rich.console import Console

from hublayer.demo.digits import feature_vector_folder, load_digits
from hublayer.demo.loopback_hub import LoopbackHub
from hublayer.demo.run import MODEL_PATH, run_demo
from hublayer.demo.story import DemoResult


def test_demo(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nobody is there
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"))
    text = io.StringIO()
    before = dict(os.environ)
    result = run_demo(Console(file=text, width=100), cache=tmp_path)
    assert os.environ == before
    assert result.problems == []
    assert result.requests == 1
    assert 0.75 < result.frozen_accuracy < 0.93 < result.tuned_accuracy
    assert result.reloaded_accuracy == result.tuned_accuracy
    assert result.largest_difference == 0
    assert (result.backend, result.runtime) == ("tensorflow", "native")
    assert result.seconds < 60
    assert [path.name for path in tmp_path.glob("models/*/model/*")].count("saved_model.pb") == 1
    assert "Once more: no request" in text.getvalue()
    assert f"{result.tuned_accuracy:.1%}" in text.getvalue()


def test_problems_are_told():
    good = {"requests": 1, "frozen_accuracy": 0.8, "tuned_accuracy": 0.9, "reloaded_accuracy": 0.9}
    good |= {"largest_difference": 0.0, "backend": "tensorflow", "runtime": "native", "seconds": 1.0}
    assert DemoResult(**good).problems == []
    for change, said in (
        ({"requests": 2}, "2 requests"),
        ({"tuned_accuracy": 0.8}, "did not help"),
        ({"tuned_accuracy": float("nan")}, "did not help"),
        ({"largest_difference": 0.5}, "0.5"),
        ({"largest_difference": float("nan")}, "nan"),
    ):
        (problem,) = DemoResult(**good | change).problems
        assert said in problem


def test_loopback_hub():
    with feature_vector_folder() as folder, LoopbackHub(folder, MODEL_PATH) as host:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{host.handle}?tf-hub-format=compressed") as response:
            assert response.read(2) == b"\x1f\x8b"
            response.read()
        with pytest.raises(urllib.error.HTTPError) as caught:
            opener.open(host.handle)
        caught.value.close()
        assert caught.value.code == 404
        assert len(host.requests) == 2
    with pytest.raises(urllib.error.URLError):
        opener.open(host.handle)


def test_digits():
    digits = load_digits()
    assert digits.train_images.shape == (150, 8, 8, 1) and digits.test_images.shape == (746, 8, 8, 1)
    assert digits.train_images.min() == 0 and digits.train_images.max() == 1
    assert set(digits.train_labels) == set(digits.test_labels) == set(range(5))

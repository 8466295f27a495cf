"""`hublayer conformance`: what counts as a match, and that nothing compared is a failure."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from hublayer.cli import app
from hublayer.conformance.compare import distance

X = np.array([1.0, 2.0], "float32")
GOOD = {"fn:__call__|in:0": X, "fn:__call__|out:0": X / 2 + 2}


@pytest.fixture
def model(samples, tmp_path):
    """A model folder, half its input plus two; model(arrays) writes its goldens."""
    folder = tmp_path / "half"
    shutil.copytree(samples / "plain_module", folder)

    def with_goldens(arrays):
        np.savez(folder / "golden.npz", **arrays)
        return str(folder)

    return with_goldens


def conformance(*arguments: str, code: int):
    result = CliRunner().invoke(app, ["conformance", *arguments], env={"COLUMNS": "160"})
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def test_endpoints_without_a_golden_are_listed(model):
    output = conformance(model(GOOD), code=0).stdout
    assert "1 of 1 endpoints that were compared match" in output
    assert "sig:triple" in output and "not compared" in output


def test_other_numbers_fail(model):
    assert "0 of 1" in conformance(model(GOOD | {"fn:__call__|out:0": X}), code=1).stdout


def test_nothing_compared_fails(model, samples, tmp_path):
    only_inputs = {"fn:__call__|in:0": X}
    assert "Nothing of half was compared" in conformance(model(only_inputs), code=1).stderr
    empty = tmp_path / "empty"
    empty.mkdir()
    result = conformance(str(empty), model(GOOD), code=1)
    assert "failed" in result.stdout and "1 of 2" in result.stdout


def test_no_goldens_and_no_tensorflow(samples, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    error = conformance(str(samples / "plain_module"), code=1).stderr
    assert "Nothing of plain_module was compared" in error and "TensorFlow is not installed" in error


@pytest.mark.parametrize(
    ("got", "matches"),
    [([np.inf, np.nan, 1], True), ([-np.inf, np.nan, 1], False), ([np.inf, 0, 1], False), ([np.inf, np.nan, 2], False)],
)
def test_infinities_and_nan_stand_in_their_places(got, matches):
    error, _ = distance(np.array(got, "float32"), np.array([np.inf, np.nan, 1], "float32"))
    assert (error == 0) is matches

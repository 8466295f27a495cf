"""The command line: what it prints, on which stream, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import hublayer
from hublayer.cli import app
from hublayer.cli_inputs import read_inputs
from hublayer.cli_outputs import as_json, as_table, outputs_of
from hublayer.info_tables import as_text
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import TensorSpec

SAMPLES = Path(__file__).parent / "samples"
PLAIN = str(SAMPLES / "plain_module")


def call(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def endpoint(*specs: TensorSpec, structure=None) -> Endpoint:
    inputs = {f"x{i}": spec for i, spec in enumerate(specs)} if structure is None else {"x": structure}
    return Endpoint("__call__", "callable", (Trace(inputs, None),))


def flat(text: str) -> str:
    """Without the frames and line breaks of rich's error boxes."""
    return " ".join(text.replace("│", " ").split())


class TestInspect:
    def test_tables(self):
        output = call("inspect", PLAIN).stdout
        assert "__call__  callable  called by default" in output
        assert "Variables     3" in output
        assert "float32  (None,)" in output
        assert "Trainable" not in output

    def test_variables_and_ops(self):
        output = call("inspect", str(SAMPLES / "keras2_save"), "--variables", "--ops").stdout
        assert "norm/moving_mean" in output and "Trainable" in output
        assert "62 Identity" in output

    def test_json(self):
        facts = json.loads(call("inspect", PLAIN, "--json").stdout)
        assert [e["name"] for e in facts["endpoints"] if e["is_default"]] == ["__call__"]

    def test_tags(self):
        assert "{train}; there is also {}" in call("inspect", str(SAMPLES / "tf1_hub"), "--tags", "train").stdout
        error = call("inspect", str(SAMPLES / "tf1_hub"), "--tags", "a,b", code=1).stderr
        assert "['a', 'b']" in error and "Here the option is --tags." in error


class TestErrors:
    def test_are_short_and_on_stderr(self):
        result = call("inspect", "/no/such/model", code=3)
        assert result.stdout == ""
        assert result.stderr.startswith("Error: No such folder or archive: /no/such/model")
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["run", PLAIN], "takes inputs; pass --text, --image or --json"),
            (["run", PLAIN, "--json", "[1"], "no JSON"),
            (["run", PLAIN, "--json", '{"b64": "?"}'], "no Base64"),
            (["run", PLAIN, "--json", "[1]", "--arguments", "[1]"], "expected a JSON object"),
            (["run", PLAIN, "--json", "[1]", "--text", "a"], "exclude each other"),
            (["run", PLAIN, "--image", str(SAMPLES / "SAMPLES.md")], "takes no image"),
            (["run", PLAIN, "--image", "/no/such.png"], "does not exist"),
            (["run", PLAIN, "--format", "yaml"], "yaml"),
            (["run"], "HANDLE"),
            (["no-such-command"], "no-such-command"),
        ],
    )
    def test_of_usage(self, arguments, said):
        assert said.lower() in flat(call(*arguments, code=2).stderr).lower()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--signature", "nope"], "--signature"),
            (["--output-key", "nope", "--signature", "triple"], "--output-key"),
            (["--arguments", '{"nope": 1}'], "--arguments"),
        ],
    )
    def test_of_choice_come_before_keras(self, arguments, said, monkeypatch):
        monkeypatch.setattr("hublayer.cli.import_keras", lambda: pytest.fail("Keras was imported"))
        assert f"Here the option is {said}." in call("run", PLAIN, "--json", "[1]", *arguments, code=1).stderr


class TestRun:
    @pytest.fixture(autouse=True)
    def _tensorflow(self, monkeypatch):
        pytest.importorskip("tensorflow")
        monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"))

    def outputs(self, *arguments: str) -> dict:
        return json.loads(call("run", *arguments, "--format", "json").stdout)["outputs"]

    def test_json_array(self):
        assert self.outputs(PLAIN, "--json", "[1, 2.5]") == {
            "the result": {"dtype": "float32", "shape": [2], "values": [2.5, 3.25]}
        }

    def test_json_by_name(self):
        given = [PLAIN, "--signature", "triple", "--json", '{"a": [1, 2], "b": [0, 1]}']
        assert list(self.outputs(*given)) == ["sum", "weighted"]
        assert list(self.outputs(*given, "--output-key", "sum")) == ["the result"]

    def test_arguments(self):
        given = [PLAIN, "--signature", "scale", "--json", "[1]"]
        plain, scaled = self.outputs(*given), self.outputs(*given, "--arguments", '{"factor": 4}')
        assert scaled["the result"]["values"][0] > plain["the result"]["values"][0]

    def test_no_inputs(self):
        assert self.outputs(PLAIN, "--signature", "advance")["the result"]["values"] == 1

    def test_text(self):
        output = call("run", str(SAMPLES / "text_embedding"), "--text", "good film", "--text", "bad film").stdout
        assert "float32" in output and "(2, 128)" in output and "…" in output

    def test_image(self, tmp_path):
        Image.new("L", (30, 20), 200).save(tmp_path / "grey.png")
        outputs = self.outputs(str(SAMPLES / "image_classifier"), "--image", str(tmp_path / "grey.png"))
        assert outputs["the result"]["shape"] == [1, 1001]

    def test_wrong_inputs(self):
        error = call("run", PLAIN, "--text", "hello", code=1).stderr
        assert "Expected:\n    x: float32 (None,)" in error

    def test_a_model_that_fails(self, monkeypatch):
        def fail(*_):
            raise ValueError("Graph execution error:\n\nDetected at node x\n  File a.py\nno such word\n")

        monkeypatch.setattr("hublayer.runtime.call.call_endpoint", fail)
        assert "failed while it ran: ValueError: no such word\n" in call("run", PLAIN, "--json", "[1]", code=1).stderr


class TestInputs:
    def images(self, tmp_path, *images: Image.Image) -> list[Path]:
        for number, image in enumerate(images):
            image.save(tmp_path / f"{number}.png")
        return [tmp_path / f"{number}.png" for number in range(len(images))]

    def test_images_fit_the_endpoint(self, tmp_path):
        files = self.images(tmp_path, Image.new("RGB", (40, 30), (255, 0, 0)), Image.new("L", (5, 5), 51))
        batch = read_inputs(endpoint(TensorSpec("float32", (None, 8, 6, 3))), [], files, None)
        assert batch.shape == (2, 8, 6, 3) and batch.dtype == np.float32
        np.testing.assert_allclose(batch[0, 0, 0], [1, 0, 0])
        np.testing.assert_allclose(batch[1], 0.2)

    def test_integers_keep_0_to_255_and_one_channel(self, tmp_path):
        files = self.images(tmp_path, Image.new("RGBA", (4, 4), (255, 255, 255, 0)))
        batch = read_inputs(endpoint(TensorSpec("uint8", (None, None, None, 1))), [], files, None)
        assert batch.shape == (1, 4, 4, 1) and batch.dtype == np.uint8 and (batch == 255).all()

    def test_one_image_without_batch(self, tmp_path):
        files = self.images(tmp_path, Image.new("L", (4, 4)))
        assert read_inputs(endpoint(TensorSpec("float32", (8, 8, 1))), [], files, None).shape == (8, 8, 1)

    def test_images_of_several_sizes(self, tmp_path):
        files = self.images(tmp_path, Image.new("L", (4, 4)), Image.new("L", (5, 4)))
        with pytest.raises(Exception, match=r"have to be equal: 0\.png 4x4, 1\.png 5x4"):
            read_inputs(endpoint(TensorSpec("float32", (None, None, None, 3))), [], files, None)

    def test_more_than_8_bits(self, tmp_path):
        files = self.images(tmp_path, Image.fromarray(np.zeros((4, 4), np.uint16)))
        with pytest.raises(Exception, match="more than 8 bits"):
            read_inputs(endpoint(TensorSpec("float32", (None, 8, 8, 1))), [], files, None)

    def test_an_endpoint_that_decodes_images(self, tmp_path):
        files = self.images(tmp_path, Image.new("L", (4, 4)))
        assert read_inputs(endpoint(TensorSpec("string", (None,))), [], files, None).tolist() == [files[0].read_bytes()]

    @pytest.mark.parametrize(("shape", "expected"), [((None,), (1,)), ((None, 1), (1, 1)), ((), ()), (None, (1,))])
    def test_text_takes_the_rank(self, shape, expected):
        assert read_inputs(endpoint(TensorSpec("string", shape)), ["a"], [], None).shape == expected

    def test_json(self):
        number = TensorSpec("float32", (None, 2))
        assert read_inputs(endpoint(number), [], [], "[[1, 2]]") == [[1, 2]]
        assert read_inputs(endpoint(structure=[number]), [], [], "[[1, 2]]") == [[[1, 2]]]
        assert read_inputs(endpoint(number), [], [], '{"x0": [{"b64": "/w=="}]}') == {"x0": [b"\xff"]}


class TestOutputs:
    def test_values(self):
        outputs = outputs_of(
            {
                "text": np.array([b"caf\xc3\xa9", b"\xff\x00", b"a" * 99], dtype=object),
                "nested": [np.array([np.nan, -np.inf, 0.5], np.float32), np.array(True)],
            }
        )
        facts = as_json(outputs)
        assert facts["text"]["values"] == ["café", {"b64": "/wA="}, "a" * 99]
        assert facts["text"]["dtype"] == "string"
        assert facts["nested[0]"] == {"dtype": "float32", "shape": [3], "values": ["NaN", "-Infinity", 0.5]}
        assert facts["nested[1]"]["values"] is True
        table = as_text(as_table(outputs))
        assert "'café', b'\\xff\\x00', 'aaaa" in table and "a" * 99 not in table
        assert "[nan, -inf, 0.5]" in table

    def test_long_arrays_are_abbreviated(self):
        table = as_text(as_table(outputs_of(np.arange(24).reshape(2, 12))))
        assert "[[0, 1, …, 10, 11],\n" in table and "[12, 13, …, 22, 23]]" in table

    def test_tensorflow_composites(self):
        tf = pytest.importorskip("tensorflow")
        outputs = as_json(outputs_of({"r": tf.ragged.constant([[1, 2], [3]]), "s": tf.sparse.eye(2)}))
        assert outputs["r"] == {"dtype": "ragged int32", "shape": [2, None], "values": [[1, 2], [3]]}
        assert outputs["s.indices"]["values"] == [[0, 0], [1, 1]]
        assert outputs["s.values"]["values"] == [1.0, 1.0]


class TestProgram:
    def test_version(self):
        assert call("--version").stdout == f"hublayer {hublayer.__version__}\n"

    @pytest.mark.parametrize("command", ["inspect", "run", "demo", "resolve", "lock", "cache"])
    def test_help_has_an_example(self, command):
        assert f"Example: hublayer {command}" in call(command, "--help").stdout

    def test_as_a_module_without_noise(self):
        pytest.importorskip("tensorflow")
        environment = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL")}
        command = [sys.executable, "-m", "hublayer", "run", PLAIN, "--json", "[1]", "--format", "json"]
        result = subprocess.run(command, capture_output=True, text=True, env=environment)
        assert (result.returncode, result.stderr) == (0, "")
        assert json.loads(result.stdout)["outputs"]["the result"]["values"] == [2.5]

    def test_a_backend_that_is_not_installed(self):
        command = [sys.executable, "-m", "hublayer.cli", "run", PLAIN, "--json", "[1]"]
        result = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "KERAS_BACKEND": "no_such_backend"}
        )
        assert result.returncode == 1
        assert result.stderr.splitlines()[-1].startswith("Error: ") and "no_such_backend" in result.stderr

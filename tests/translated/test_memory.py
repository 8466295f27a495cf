"""Loading a model takes the memory of its weights once, wherever they lie in the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from translated.large_model import FEW_ROWS, ROWS, WEIGHTS, write
from translated.training import ROOT

BESIDES = 40 << 20  # bytes: a piece that is being copied, what reading a weight needs


@pytest.mark.skipif(keras.config.backend() == "tensorflow", reason="TensorFlow copies what its variables are given")
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system does not tell a process's peak")
@pytest.mark.parametrize("offset", [0, 3], ids=["aligned", "unaligned"])
def test_no_second_copy_of_the_weights(tmp_path, offset):
    size = write(tmp_path / "large", ROWS, offset)
    write(tmp_path / "small", FEW_ROWS)
    assert size > 300e6
    paths = [str(ROOT / "src"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("large_model.py"), tmp_path / "large", tmp_path / "small"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["largest"] == list(range(WEIGHTS))
    assert figures["loaded"] <= size + BESIDES
    assert figures["read"] <= size + BESIDES

"""Fixtures that every part of the tests may use."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from pathlib import Path

import pytest
from hub_server import hub_server

__all__ = ["hub_server"]

SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the committed sample models."""
    return SAMPLES


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Weights that a test leaves to Keras start at the same values each time, on every machine."""
    if keras := sys.modules.get("keras"):
        keras.utils.set_random_seed(1)

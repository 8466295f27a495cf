"""Fixtures that every part of the tests may use."""

import os

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

"""Fixtures of the private hub."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_hub import make_model, running


@pytest.fixture(scope="session")
def models(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, beside which lies what must not be served: nobody writes into it."""
    outside = tmp_path_factory.mktemp("outside")
    folder = outside / "models"
    for name in ("text_embedding", "bert_encoder", "tf1_hub", "word_tables"):
        shutil.copytree(samples / name, folder / "google" / name)
    for version in (1, 2, 10):
        shutil.copytree(samples / "keras3_export", folder / "team" / "digits" / str(version))
    make_model(folder / "broken", {"saved_model.pb": b"\xff" * 100})
    make_model(folder / "hostile" / "<script>alert(1)</script>".replace("/", "∕"), {"saved_model.pb": b"\xff"})
    (outside / "secret.txt").write_text("the secret")
    (folder / "secret.txt").write_text("the secret")
    (folder / "team" / "secret.txt").write_text("the secret")
    make_model(folder / ".hidden", {"secret.txt": b"the secret"})
    make_model(outside / "elsewhere", {"secret.txt": b"the secret"})
    (folder / "link_out").symlink_to(outside / "elsewhere")
    make_model(folder / "with_link")
    (folder / "with_link" / "assets").mkdir()
    (folder / "with_link" / "assets" / "vocabulary.txt").symlink_to(outside / "secret.txt")
    make_model(folder / "with_folder_link")
    (folder / "with_folder_link" / "assets").symlink_to(outside)
    return folder


@pytest.fixture(scope="session")
def hub_url(models: Path) -> Iterator[str]:
    """A private hub of that folder."""
    with running(models) as url:
        yield url

"""Model folders for the tests of hub, and what is in a folder."""

from __future__ import annotations

from pathlib import Path


def make_model(folder: Path) -> Path:
    (folder / "variables").mkdir(parents=True)
    (folder / "assets").mkdir()
    (folder / "saved_model.pb").write_bytes(b"\x08\x01 a graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(bytes(range(256)) * 400)
    (folder / "assets" / "vocab.txt").write_text("one\ntwo\n", "utf-8")
    return folder


def contents(folder: str | Path) -> dict[str, bytes]:
    """Every file below a folder."""
    folder = Path(folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(cache: Path) -> list[str]:
    """What is in a cache besides lock files."""
    return sorted(path.name for path in cache.iterdir() if path.suffix != ".lock") if cache.exists() else []

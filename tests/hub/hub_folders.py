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
    """What is in a cache besides lock files and what a broken-off download has brought."""
    return sorted(
        path.relative_to(cache).as_posix()
        for path in [*cache.glob("*/*"), *cache.glob("*.*")]
        if path.parent.name not in ("locks", "partial")
    )


def entry(folder: str | Path, cache: Path) -> list[str]:
    """What ``leftovers`` gives if a cache holds one handle, whose model is in ``folder``, and nothing else."""
    content = Path(folder).parent
    assert Path(folder).name == "model" and content.parent == cache / "models"
    return [*(f"handles/{path.name}" for path in (cache / "handles").iterdir()), f"models/{content.name}"]

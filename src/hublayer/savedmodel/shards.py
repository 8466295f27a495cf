"""The data files of a checkpoint, mapped into memory when first needed."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel.damage import damaged


class Shards:
    """The `count` files ``PREFIX.data-00000-of-00001`` and so on beside the index of a checkpoint.

    Raises CorruptSavedModelError where one is not there or is too short.
    """

    def __init__(self, prefix: Path, count: int):
        self._prefix = prefix
        self.count = count
        self._mapped: dict[int, np.ndarray] = {}
        self._maps: list[mmap.mmap] = []

    def path(self, shard: int) -> Path:
        """The file numbered `shard`."""
        return self._prefix.with_name(f"{self._prefix.name}.data-{shard:05d}-of-{self.count:05d}")

    def data(self, shard: int, offset: int, size: int, name: str) -> np.ndarray:
        """The `size` bytes at `offset` of `shard` for the tensor `name`: uint8, shape (size,), read-only."""
        content = self._content(shard, name)
        if offset < 0 or size < 0 or offset + size > len(content):
            raise damaged(
                self.path(shard), f"{name!r} should be {size} bytes at byte {offset}, but the file has {len(content)}"
            )
        return content[offset : offset + size]

    def _content(self, shard: int, name: str) -> np.ndarray:
        content = self._mapped.get(shard)
        if content is None:
            path = self.path(shard)
            if not path.is_file():
                raise CorruptSavedModelError(
                    f"{path} is not there, but {name!r} is stored in it. "
                    "The folder is incomplete; fetch or export the model again."
                )
            content = self._mapped[shard] = self._map(path)
        return content

    def _map(self, path: Path) -> np.ndarray:
        if path.stat().st_size == 0:  # which cannot be mapped
            return np.frombuffer(b"", np.uint8)
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._maps.append(mapped)
        return np.frombuffer(mapped, np.uint8)

    def release(self) -> None:
        """Let go of the memory that holds what was read; what is read again comes from the files again."""
        for mapped in self._maps:
            if hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)

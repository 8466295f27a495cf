"""tf.Example records by column: read all at once where they are laid out as usual, else one by one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Protocol

import numpy as np

from hublayer.host.elements import Tensor
from hublayer.host.example_messages import Record, Records, called, feature_of
from hublayer.host.example_wire import IrregularLayoutError, WireBatch
from hublayer.host.string_tensor import StringTensor

# Fewer records than this, of twenty features, are read faster one by one.
_FEW = 64


class Columns(Protocol):
    """Records by column."""

    size: int

    def column(self, key: bytes, dtype: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """All values of a feature, how many each record has (int64), and whether it has the feature."""
        ...

    def feature(self, index: int, key: bytes) -> str:
        """The name of a feature of one record, for errors."""
        ...


class Batch:
    """The records of a tensor of tf.Example. Raises ValueError for bytes that are none."""

    def __init__(self, serialized: StringTensor, names: Sequence[bytes]):
        """names: of the records, for errors, or none."""
        self.size = serialized.size
        self._serialized = serialized
        self._names = names
        self._wire: WireBatch | None = None
        if self.size >= _FEW:
            with suppress(IrregularLayoutError):
                self._wire = WireBatch(serialized)
        if self._wire is None:
            assert self._records.size == self.size  # parses all records, so that damaged ones are found

    @cached_property
    def _records(self) -> Records:
        names = self._names or [b""] * self.size
        parsed = zip(self._serialized.to_list(), names, strict=True)
        return Records([Record(content, "Example", index, name) for index, (content, name) in enumerate(parsed)])

    def column(self, key: bytes, dtype: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """All values of a feature, how many each record has (int64), and whether it has the feature.

        Raises ValueError, naming record and feature, for values of another dtype.
        """
        if self._wire is not None:
            with suppress(IrregularLayoutError):
                return self._wire.column(key, dtype)
        return self._records.column(key, dtype)

    def feature(self, index: int, key: bytes) -> str:
        """The name of a feature of one record, for errors."""
        return feature_of(called(index, self._names[index] if self._names else b""), key)

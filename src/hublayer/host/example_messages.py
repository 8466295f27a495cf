"""tf.Example and tf.SequenceExample as messages, and the lists of values in them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from hublayer.host.string_tensor import StringTensor


def _load() -> dict[str, Any]:
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(
        files("hublayer.host").joinpath("example.desc").read_bytes()
    )
    return dict(message_factory.GetMessages(descriptors.file, pool=descriptor_pool.DescriptorPool()))


_MESSAGES = _load()


def message(name: str) -> Any:
    """The message class `name` of example.proto, such as ``"Example"``."""
    return _MESSAGES[f"hublayer.example.{name}"]


_KINDS = {"string": "bytes_list", "float32": "float_list", "int64": "int64_list"}
_DTYPES = {kind: dtype for dtype, kind in _KINDS.items()}

# Values of one feature in one record; None if the record does not have the feature.
Values = Sequence[Any] | None


def called(index: int, name: bytes = b"") -> str:
    """What to call a record in errors."""
    return f"record {index}" + (f" ({name.decode(errors='replace')!r})" if name else "")


def feature_of(record: str, key: bytes) -> str:
    """What to call a feature of a record in errors."""
    return f"feature {key.decode(errors='replace')!r} of {record}"


class Record:
    """A parsed record, and what to call it in errors."""

    def __init__(self, serialized: bytes, kind: str, index: int, name: bytes = b""):
        """kind: "Example" or "SequenceExample". Raises ValueError for bytes that are none.

        Where a feature is named twice, the last one counts.
        """
        self.called = called(index, name)
        try:
            parsed = message(kind).FromString(serialized)
        except DecodeError as error:
            raise ValueError(f"{self.called} of {len(serialized)} bytes is no tf.{kind}: {error}") from None
        features = parsed.features if kind == "Example" else parsed.context
        self.features = {entry.key: entry.value for entry in features.feature}
        self.lists = {}
        if kind == "SequenceExample":
            self.lists = {entry.key: entry.value.feature for entry in parsed.feature_lists.feature_list}

    def values(self, key: bytes, dtype: str) -> Values:
        """The values of a feature. Raises ValueError if they are of another dtype."""
        feature = self.features.get(key)
        return None if feature is None else self._of(feature, key, dtype)

    def steps(self, key: bytes, dtype: str) -> list[Sequence[Any]] | None:
        """The values of each step of a feature list; None if the record does not have it."""
        steps = self.lists.get(key)
        if steps is None:
            return None
        return [self._of(step, key, dtype) or () for step in steps]

    def _of(self, feature: Any, key: bytes, dtype: str) -> Values:
        kind = feature.WhichOneof("kind")
        if kind is None:
            return None
        if kind != _KINDS[dtype]:
            raise ValueError(f"{self.feature(key)} has values of dtype {_DTYPES[kind]}, but {dtype} is expected")
        return getattr(feature, kind).value

    def feature(self, key: bytes) -> str:
        """The name of a feature of this record, for errors."""
        return feature_of(self.called, key)


class Records:
    """Parsed records, by column."""

    def __init__(self, records: Sequence[Record]):
        self._records = records
        self.size = len(records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]

    def feature(self, index: int, key: bytes) -> str:
        """The name of a feature of one record, for errors."""
        return self._records[index].feature(key)

    def column(self, key: bytes, dtype: str) -> tuple[np.ndarray | StringTensor, np.ndarray, np.ndarray]:
        """All values of a feature, how many each record has (int64), and whether it has the feature."""
        values: list[Any] = []
        lengths, present = np.zeros(self.size, np.int64), np.zeros(self.size, np.bool_)
        for row, record in enumerate(self._records):
            items = record.values(key, dtype)
            if items is not None:
                present[row], lengths[row] = True, len(items)
                values.extend(items)
        return tensor(values, dtype, (len(values),)), lengths, present


def check_dtype(dtype: str) -> None:
    """Raise ValueError for a dtype that no feature has."""
    if dtype not in _KINDS:
        raise ValueError(f"features have values of dtype {', '.join(_KINDS)}, but {dtype} is asked for")


def tensor(values: list[Any], dtype: str, shape: tuple[int, ...]) -> np.ndarray | StringTensor:
    """A tensor of a flat list of values."""
    if dtype == "string":
        return StringTensor.from_list(values, shape)
    return np.array(values, dtype).reshape(shape)

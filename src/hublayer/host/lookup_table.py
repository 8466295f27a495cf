"""The tables that lookup ops share: keys to values, found for whole tensors at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np

from hublayer.host.key_index import LONGEST, IntegerIndex, StringIndex
from hublayer.host.string_tensor import StringTensor, concatenate
from hublayer.savedmodel.tensors import constant_dtype

Tensor = np.ndarray | StringTensor

# From this many keys on, hashing all of them at once is faster than asking a dict for each: the first where the strings
# stand in one buffer, the second where they are a list already. Measured with 50,000 words.
_MANY, _MANY_LISTED = 256, 2048


class LookupTable:
    """A table from scalars or vectors to scalars or vectors of one shape.

    key_dtype, value_dtype: names such as "string" and "int64". Keys and values are kept as Python has them (bytes,
    int, float, bool; tuples for vectors); arrays and an index over the keys are made when a large tensor is looked up.
    """

    mutable = False

    def __init__(
        self,
        name: str,
        key_dtype: str,
        value_dtype: str,
        key_shape: tuple[int, ...] = (),
        value_shape: tuple[int, ...] = (),
    ):
        self.name = name
        self.key_dtype = key_dtype
        self.value_dtype = value_dtype
        self.key_shape = key_shape
        self.value_shape = value_shape
        self._rows: dict[Any, int] = {}
        self._values: list[Any] = []
        self._changed()

    def __repr__(self) -> str:
        return f"<table {self.name!r} of {len(self._rows)} {self.key_dtype} keys to {self.value_dtype} values>"

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, keys: Tensor, default: Tensor) -> Tensor:
        """New: the values of `keys`, in the shape of keys and the shape of one value; `default` for unknown keys.

        default: one value, or a value for each key. Raises ValueError for a dtype or shape that is not the table's.
        """
        shape = self._shape_of_keys(keys)
        self._check_value_dtype(default)
        each = default.shape == (*shape, *self.value_shape) != self.value_shape
        if not each and default.shape != self.value_shape:
            raise ValueError(f"the default has shape {default.shape}, but a value of {self!r} has {self.value_shape}")
        count = int(np.prod(shape))
        places = self._find_rows(keys, count)
        if isinstance(default, StringTensor) and count < _MANY:
            defaults, values = default.to_list(), self._values
            places = [(row, i if each else 0) for i, row in enumerate(places.tolist())]
            return StringTensor.from_list([values[row] if row >= 0 else defaults[i] for row, i in places], shape)
        pool = self._pool()
        if isinstance(pool, StringTensor):
            assert isinstance(default, StringTensor)
            ends = np.arange(default.size) if each else 0
            places = np.where(places < 0, len(self._values) + ends, places)
            both = StringTensor(concatenate([pool, default]), (pool.size + default.size,))
            return both.take(places.reshape((*shape, *self.value_shape)))
        assert isinstance(default, np.ndarray)
        if not len(pool):
            pool = np.zeros((1, *self.value_shape), pool.dtype)
        unknown = np.flatnonzero(places < 0)
        # In most vocabularies a word's value is its number, which is known.
        result = places if self._counts_up else pool.take(places, axis=0, mode="clip")
        if unknown.size:
            result[unknown] = default.reshape(-1, *self.value_shape)[unknown] if each else default
        return result.reshape((*shape, *self.value_shape))

    def _shape_of_keys(self, keys: Tensor) -> tuple[int, ...]:
        if not hasattr(keys, "shape") or _name(keys) != self.key_dtype:
            raise ValueError(f"{self!r} takes keys of dtype {self.key_dtype}, but {_name(keys)} came")
        rank = len(self.key_shape)
        if keys.shape[keys.ndim - rank :] != self.key_shape:
            raise ValueError(f"{self!r} takes keys of shape {self.key_shape}, but {keys.shape} came")
        return keys.shape[: keys.ndim - rank]

    def _check_value_dtype(self, values: Tensor) -> None:
        if _name(values) != self.value_dtype:
            raise ValueError(f"{self!r} has values of dtype {self.value_dtype}, but {_name(values)} came")

    def _as_keys(self, keys: Tensor) -> list[Any]:
        return _elements(keys, self.key_shape)

    def _as_tensor(self, values: list[Any], shape: tuple[int, ...], dtype: str | None = None) -> Tensor:
        return _tensor(values, shape, dtype or self.value_dtype)

    def _find_rows(self, keys: Tensor, count: int) -> np.ndarray:
        """int64: which row has each of `count` keys, -1 for none."""
        if count >= (_MANY_LISTED if isinstance(keys, StringTensor) and keys.is_listed else _MANY) and self._rows:
            self._asked += count
            if self._index is None and self._indexable and self._asked * 4 >= len(self._rows):
                self._make_index()
            if isinstance(self._index, StringIndex) and isinstance(keys, StringTensor):
                return self._index.find(keys)
            if isinstance(self._index, IntegerIndex) and isinstance(keys, np.ndarray):
                return self._index.find(keys.astype(np.int64).ravel())
        return np.fromiter(map(self._rows.get, self._as_keys(keys), repeat(-1)), np.int64, count)

    def _make_index(self) -> None:
        try:
            if self.key_dtype == "string" and max(map(len, self._rows)) <= LONGEST:
                self._index = StringIndex(StringTensor.from_list(self._rows))
            elif self.key_dtype in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"):
                self._index = IntegerIndex(np.array(list(self._rows), np.int64))
        except ValueError:
            self._index = None
        self._indexable = self._index is not None and not self.key_shape

    def _pool(self) -> Tensor:
        if self._array is None:
            self._array = self._as_tensor(self._values, (len(self._values), *self.value_shape))
            numbers = self._array if self.value_dtype == "int64" else None
            self._counts_up = isinstance(numbers, np.ndarray) and np.array_equal(numbers, np.arange(len(numbers)))
        return self._array

    def _changed(self) -> None:
        self._index: StringIndex | IntegerIndex | None = None
        self._indexable = not self.key_shape
        self._asked = 0
        self._array: Tensor | None = None
        self._counts_up = False

    def pairs(self, keys: Tensor, values: Tensor) -> tuple[list[Any], list[Any]]:
        """Keys and values as the table keeps them. Raises ValueError if they are not the table's, or not as many."""
        shape = self._shape_of_keys(keys)
        self._check_value_dtype(values)
        needed = (*shape, *self.value_shape)
        if values.shape != needed:
            raise ValueError(f"keys of shape {keys.shape} need values of shape {needed}, but {values.shape} came")
        return self._as_keys(keys), _elements(values, self.value_shape)

    def export(self) -> list[Tensor]:
        """All keys, shape (size, *key_shape), and all values, shape (size, *value_shape), in the same order."""
        keys = self._as_tensor(list(self._rows), (len(self._rows), *self.key_shape), self.key_dtype)
        return [keys, self._as_tensor(self._values, (len(self._values), *self.value_shape))]

    def _add(self, keys: Sequence[Any], values: Sequence[Any]) -> None:
        """Set values; those of new keys come last."""
        rows, kept = self._rows, self._values
        for key, value in zip(keys, values, strict=True):
            row = rows.setdefault(key, len(kept))
            if row == len(kept):
                kept.append(value)
            else:
                kept[row] = value
        self._changed()


class ImmutableTable(LookupTable):
    """A table that is filled once."""

    initialized = False

    def initialize(self, keys: list[Any], values: list[Any]) -> None:
        """Fill the table. Raises ValueError for no keys, as TensorFlow does, and for a key with two values.

        A second time nothing happens if the number of entries is the same, and else ValueError is raised.
        """
        if self.initialized:
            if len(keys) != len(self._rows):
                raise ValueError(f"{self!r} was filled already, with other entries")
            return
        if not keys:
            raise ValueError(f"table {self.name!r} is filled with nothing: its vocabulary is empty")
        rows = dict(zip(keys, range(len(keys)), strict=True))
        if len(rows) != len(keys):
            rows, values = self._without_repetitions(keys, values)
        self._rows, self._values = rows, values
        self._changed()
        self.initialized = True

    def _without_repetitions(self, keys: list[Any], values: list[Any]) -> tuple[dict[Any, int], list[Any]]:
        rows: dict[Any, int] = {}
        kept: list[Any] = []
        for key, value in zip(keys, values, strict=True):
            row = rows.setdefault(key, len(kept))
            if row == len(kept):
                kept.append(value)
            elif kept[row] != value:
                raise ValueError(f"table {self.name!r}: key {key!r} has value {kept[row]!r} and also {value!r}")
        return rows, kept

    def find(self, keys: Tensor, default: Tensor) -> Tensor:
        """As LookupTable.find. Raises ValueError if the table was not filled yet."""
        if not self.initialized:
            raise ValueError(f"table {self.name!r} was not initialized: its initializer has not run")
        return super().find(keys, default)


class MutableTable(LookupTable):
    """A table that ops change."""

    mutable = True

    def insert(self, keys: Tensor, values: Tensor) -> None:
        """Set the values of `keys`."""
        self._add(*self.pairs(keys, values))

    def replace(self, keys: Tensor, values: Tensor) -> None:
        """Forget everything and set the values of `keys`."""
        pairs = self.pairs(keys, values)
        self._rows, self._values = {}, []
        self._add(*pairs)

    def remove(self, keys: Tensor) -> None:
        """Forget `keys`; those that are not there are ignored."""
        self._shape_of_keys(keys)
        gone = set(self._as_keys(keys)) & self._rows.keys()
        if not gone:
            return
        kept = [(key, self._values[row]) for key, row in self._rows.items() if key not in gone]
        self._rows = {key: row for row, (key, _) in enumerate(kept)}
        self._values = [value for _, value in kept]
        self._changed()


class DenseTable(MutableTable):
    """A mutable table with two keys, "empty" and "deleted", that may not be used."""

    def __init__(self, name: str, value_dtype: str, value_shape: tuple[int, ...], empty: Tensor, deleted: Tensor):
        """Raises ValueError if the two keys are the same or of different shapes."""
        super().__init__(name, _name(empty), value_dtype, empty.shape, value_shape)
        if empty.shape != deleted.shape:
            raise ValueError(f"the empty key has shape {empty.shape}, but the deleted key {deleted.shape}")
        self._empty, self._deleted = super()._as_keys(empty)[0], super()._as_keys(deleted)[0]
        if self._empty == self._deleted:
            raise ValueError(f"the empty key and the deleted key are both {self._empty!r}")

    def _as_keys(self, keys: Tensor) -> list[Any]:
        keys_ = super()._as_keys(keys)
        for kind, key in (("empty", self._empty), ("deleted", self._deleted)):
            if key in keys_:
                raise ValueError(f"{self!r} uses the key {key!r} as its {kind} key: it cannot be looked up or set")
        return keys_

    def _find_rows(self, keys: Tensor, count: int) -> np.ndarray:
        self._as_keys(keys)
        return super()._find_rows(keys, count)

    def replace(self, keys: Tensor, values: Tensor) -> None:
        """Forget everything and set the values of `keys`. What was exported may hold the two unused keys."""
        unused = (self._empty, self._deleted)
        kept = [i for i, key in enumerate(super()._as_keys(keys)) if key not in unused]
        super().replace(_rows_of(keys, kept), _rows_of(values, kept))


def _rows_of(tensor: Tensor, rows: list[int]) -> Tensor:
    """Those rows of the first dimension."""
    if isinstance(tensor, StringTensor):
        places = np.arange(tensor.size).reshape(tensor.shape)
        return tensor.take(places[rows])
    return tensor[rows]


def _name(value: Any) -> str:
    return _text(getattr(value, "dtype", type(value).__name__))


@cache
def _text(dtype: Any) -> str:
    """NumPy takes microseconds to name a dtype."""
    return str(dtype)


def _elements(tensor: Tensor, shape: tuple[int, ...]) -> list[Any]:
    """The elements of a tensor as Python has them, as tuples if they have a shape."""
    flat = tensor.to_list() if isinstance(tensor, StringTensor) else tensor.ravel().tolist()
    if not shape:
        return flat
    size = int(np.prod(shape))
    return [tuple(flat[i * size : (i + 1) * size]) for i in range(int(np.prod(tensor.shape[: -len(shape)])))]


def _tensor(values: list[Any], shape: tuple[int, ...], dtype: str) -> Tensor:
    if values and isinstance(values[0], tuple):
        values = [item for value in values for item in value]
    if dtype == "string":
        return StringTensor.from_list(list(values), shape)  # a copy, because the tensor keeps the list
    return np.array(values, constant_dtype(dtype)).reshape(shape)

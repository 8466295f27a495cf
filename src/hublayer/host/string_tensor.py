"""A tensor of byte strings: one Arrow array and a shape, or the same in a form that is quicker to make."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

# Up to so many strings Python's own methods on each are faster than passes over the bytes of all.
FEW = 64
# What may stand between strings that are joined: bytes at which text is split anyway.
_BETWEEN = (b"\n", b"\v", b"\f", b"\r")
# Strings of more bytes on average, images for example, are not joined: it would only copy them.
_LONG = 4096


def _arrow() -> Any:
    """pyarrow, which models without strings need not load (24 MB)."""
    import pyarrow

    return pyarrow


class StringTensor:
    """Byte strings in row-major order in an Arrow ``large_binary`` array without nulls, with a tensor's shape.

    It is never changed. Lengths are in bytes; TensorFlow's strings are bytes too, whatever they encode.
    """

    dtype = "string"

    def __init__(self, array: pa.Array, shape: Sequence[int]):
        """array: type ``large_binary``, as many strings as `shape` has elements, no nulls."""
        self.__dict__["array"] = array
        self.shape = tuple(int(dim) for dim in shape)
        self.size = len(array)

    @classmethod
    def from_pieces(cls, starts: np.ndarray, ends: np.ndarray, data: np.ndarray, shape: Sequence[int]) -> StringTensor:
        """String i is data[starts[i] : ends[i]]; they ascend and do not overlap. starts, ends: int64; data: uint8.

        Their bytes are brought together only when `array` is asked for.
        """
        tensor = cls.__new__(cls)
        tensor.shape = tuple(int(dim) for dim in shape)
        tensor.size = len(starts)
        tensor.__dict__["pieces"] = (starts, ends, data)
        return tensor

    @classmethod
    def from_joined(cls, data: bytes, between: bytes, shape: Sequence[int]) -> StringTensor:
        """The strings are data.split(between); `between` is one byte. There must be some strings."""
        tensor = cls.__new__(cls)
        tensor.shape = tuple(int(dim) for dim in shape)
        tensor.size = math.prod(tensor.shape)
        tensor.__dict__["joined"] = (data, between)
        return tensor

    @classmethod
    def later(cls, make: Callable[[], pa.Array], shape: Sequence[int]) -> StringTensor:
        """The strings that `make` returns, as `array` has them, when somebody asks for them."""
        tensor = cls.__new__(cls)
        tensor.shape = tuple(int(dim) for dim in shape)
        tensor.size = math.prod(tensor.shape)
        tensor.__dict__["_make"] = make
        return tensor

    @property
    def joined(self) -> tuple[bytes, bytes] | None:
        """(data, between) if it was made from joined strings."""
        return self.__dict__.get("joined")

    def as_joined(self) -> tuple[bytes, bytes] | None:
        """(data, between) as in `from_joined`; None if no byte would do, or there are no strings."""
        return self.joined or (_joined(self.to_list()) if self.size else None)

    @cached_property
    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(starts, ends, data): int64 and uint8; string i is data[starts[i] : ends[i]]."""
        if self.joined is not None:
            raw, between = self.joined
            data = np.frombuffer(raw, np.uint8)
            places = np.flatnonzero(data == between[0])
            return np.concatenate([[0], places + 1]), np.append(places, len(data)), data
        offsets = self.offsets
        return offsets[:-1], offsets[1:], self.data

    @cached_property
    def array(self) -> pa.Array:
        """The strings as an Arrow ``large_binary`` array."""
        if (make := self.__dict__.get("_make")) is not None:
            return make()
        pa = _arrow()
        if self.joined is not None:
            raw, between = self.joined
            starts, ends, _ = self.pieces
            offsets = np.append(starts, ends[-1] + 1) - np.arange(self.size + 1)
            buffers = [None, pa.py_buffer(offsets), pa.py_buffer(raw.translate(None, between))]
            return pa.Array.from_buffers(pa.large_binary(), self.size, buffers)
        if "pieces" not in self.__dict__:
            return pa.array(self._values, pa.large_binary())
        starts, ends, data = self.pieces
        offsets = np.zeros(self.size + 1, np.int64)
        np.cumsum(ends - starts, out=offsets[1:])
        changes = np.zeros(len(data) + 1, np.int8)
        np.add.at(changes, starts, 1)
        np.subtract.at(changes, ends, 1)
        kept = np.cumsum(changes[:-1], dtype=np.int8).view(np.bool_)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data[kept])]
        return pa.Array.from_buffers(pa.large_binary(), self.size, buffers)

    @classmethod
    def from_list(cls, values: Iterable[bytes], shape: Sequence[int] | None = None) -> StringTensor:
        """The strings of a flat list; `shape` is by default that of a vector."""
        values = values if isinstance(values, list) else list(values)
        tensor = cls.__new__(cls)
        tensor.shape = (len(values),) if shape is None else tuple(int(dim) for dim in shape)
        tensor.size = len(values)
        tensor.__dict__["_values"] = values
        return tensor

    @classmethod
    def from_numpy(cls, array: np.ndarray) -> StringTensor:
        """An object array of str or bytes, or a NumPy array of fixed-width strings. str is encoded as UTF-8.

        Raises TypeError for other elements.
        """
        if array.dtype.kind == "O" and array.size > FEW:
            joined = _joined(array.ravel().tolist())
            if joined is not None:
                return cls.from_joined(*joined, array.shape)
            pa = _arrow()
            try:
                strings = pa.array(array.ravel(), pa.large_binary())
            except (pa.ArrowException, UnicodeEncodeError):
                strings = None
            if strings is not None and not strings.null_count:
                return cls(strings, array.shape)
        if array.dtype.kind == "U":
            array = np.char.encode(array, "utf-8")
        values = array.ravel().tolist()
        if any(type(value) is not bytes for value in values):
            values = [_as_bytes(value) for value in values]
        return cls.from_list(values, array.shape)

    @classmethod
    def from_buffers(cls, offsets: np.ndarray, data: np.ndarray | bytes, shape: Sequence[int]) -> StringTensor:
        """String i is data[offsets[i] : offsets[i + 1]]. offsets: int64, one more than there are strings."""
        offsets = np.ascontiguousarray(offsets, np.int64)
        pa = _arrow()
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return cls(pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers), shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def offsets(self) -> np.ndarray:
        """int64, shape (size + 1,): where each string starts and ends in `data`."""
        if not self.size:
            return np.zeros(1, np.int64)
        raw = np.frombuffer(self.array.buffers()[1], np.int64)
        return raw[self.array.offset : self.array.offset + len(self.array) + 1]

    @property
    def data(self) -> np.ndarray:
        """uint8: the bytes that `offsets` point into."""
        buffer = self.array.buffers()[2]
        return np.zeros(0, np.uint8) if buffer is None else np.frombuffer(buffer, np.uint8)

    @cached_property
    def _values(self) -> list[bytes]:
        if self.joined is not None:
            data, between = self.joined
            return data.split(between)
        if self._has_array:
            return self.array.to_pylist()
        starts, ends, data = self.pieces
        raw = data.tobytes()
        return [raw[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    @property
    def _has_array(self) -> bool:
        return "array" in self.__dict__ or "_make" in self.__dict__

    @property
    def is_listed(self) -> bool:
        """Whether `to_list` costs nothing."""
        return "_values" in self.__dict__

    def to_list(self) -> list[bytes]:
        """All strings in row-major order. The list is kept: do not change it."""
        return self._values

    def to_numpy(self) -> np.ndarray:
        """An object array of bytes with the tensor's shape."""
        array = np.empty(self.size, object)
        array[:] = self._values
        return array.reshape(self.shape)

    def item(self) -> bytes:
        """The only string. Raises ValueError if there is not exactly one."""
        (value,) = self._values
        return value

    def reshape(self, shape: Sequence[int]) -> StringTensor:
        """The same strings in another shape, which may hold one -1."""
        shape = np.empty(self.size, np.bool_).reshape(tuple(shape)).shape
        if self.joined is not None:
            return StringTensor.from_joined(*self.joined, shape)
        if self._has_array:
            return StringTensor.later(lambda: self.array, shape)
        if "pieces" in self.__dict__:
            return StringTensor.from_pieces(*self.pieces, shape)
        return StringTensor.from_list(self._values, shape)

    def take(self, indices: np.ndarray) -> StringTensor:
        """String number indices[i] of the row-major order at each place of `indices`."""
        flat = indices.ravel()
        if flat.size and int(flat.min()) < 0:
            raise IndexError(f"string {int(flat.min())} was asked for; they are counted from 0")
        if self._has_array:
            return StringTensor(self.array.take(_arrow().array(flat)), indices.shape)
        if "pieces" not in self.__dict__ and self.joined is None:
            values = self._values
            return StringTensor.from_list([values[i] for i in flat.tolist()], indices.shape)
        if (flat[1:] > flat[:-1]).all():
            starts, ends, data = self.pieces
            return StringTensor.from_pieces(starts.take(flat), ends.take(flat), data, indices.shape)
        return StringTensor(self.array.take(_arrow().array(flat)), indices.shape)

    def with_array(self, array: pa.Array) -> StringTensor:
        """Other strings, as many, in the same shape."""
        return StringTensor(array, self.shape)

    def __repr__(self) -> str:
        return f"StringTensor({self.to_numpy().tolist()!r})"


def _joined(values: list[Any]) -> tuple[bytes, bytes] | None:
    """Short strings of one kind with a byte between them that is in none of them; None if they are not like that."""
    kind = type(values[0])
    if kind not in (str, bytes):
        return None
    first, *others = _BETWEEN
    try:
        joined = _join(values, first)
        if len(joined) > _LONG * len(values):
            return None
        if np.count_nonzero(np.frombuffer(joined, np.uint8) == first[0]) == len(values) - 1:
            return joined, first
        for between in others:
            if between not in joined:
                return _join(values, between), between
    except (TypeError, UnicodeEncodeError):  # of several kinds, or no text
        return None
    return None


def _join(values: list[Any], between: bytes) -> bytes:
    return between.decode().join(values).encode() if isinstance(values[0], str) else between.join(values)


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return bytes(value)
    raise TypeError(f"a string tensor holds str or bytes, but {type(value).__name__} came: {value!r}")


def concatenate(tensors: Sequence[StringTensor]) -> pa.Array:
    """The strings of all tensors, one after another, as one Arrow array."""
    return _arrow().concat_arrays([tensor.array for tensor in tensors])

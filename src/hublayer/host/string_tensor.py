"""A tensor of byte strings: one Arrow array and a shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa


class StringTensor:
    """Byte strings in row-major order in an Arrow ``large_binary`` array without nulls, with a tensor's shape.

    It is never changed. Lengths are in bytes; TensorFlow's strings are bytes too, whatever they encode.
    """

    dtype = "string"

    def __init__(self, array: pa.Array, shape: Sequence[int]):
        """array: type ``large_binary``, as many strings as `shape` has elements, no nulls."""
        self.array = array
        self.shape = tuple(int(dim) for dim in shape)

    @classmethod
    def from_list(cls, values: Iterable[bytes], shape: Sequence[int] | None = None) -> StringTensor:
        """The strings of a flat list; `shape` is by default that of a vector."""
        values = values if isinstance(values, list) else list(values)
        tensor = cls(pa.array(values, pa.large_binary()), (len(values),) if shape is None else shape)
        tensor.__dict__["_values"] = values
        return tensor

    @classmethod
    def from_numpy(cls, array: np.ndarray) -> StringTensor:
        """An object array of str or bytes, or a NumPy array of fixed-width strings. str is encoded as UTF-8.

        Raises TypeError for other elements.
        """
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
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        return cls(pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers), shape)

    @property
    def size(self) -> int:
        """Number of strings."""
        return len(self.array)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def offsets(self) -> np.ndarray:
        """int64, shape (size + 1,): where each string starts and ends in `data`."""
        if not len(self.array):
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
        return self.array.to_pylist()

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
        return StringTensor(self.array, np.empty(self.size, np.bool_).reshape(tuple(shape)).shape)

    def take(self, indices: np.ndarray) -> StringTensor:
        """String number indices[i] of the row-major order at each place of `indices`."""
        return StringTensor(self.array.take(pa.array(indices.ravel())), indices.shape)

    def with_array(self, array: pa.Array) -> StringTensor:
        """Other strings, as many, in the same shape."""
        return StringTensor(array, self.shape)

    def __repr__(self) -> str:
        return f"StringTensor({self.to_numpy().tolist()!r})"


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return bytes(value)
    raise TypeError(f"a string tensor holds str or bytes, but {type(value).__name__} came: {value!r}")


def concatenate(tensors: Sequence[StringTensor]) -> pa.Array:
    """The strings of all tensors, one after another, as one Arrow array."""
    return pa.concat_arrays([tensor.array for tensor in tensors])

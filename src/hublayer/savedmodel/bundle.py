"""Read a checkpoint ("tensor bundle"): the variables folder of a SavedModel.

An index table, ``variables.index``, leads from names to places in the data shards ``variables.data-00000-of-00001``
and so on. The format is that of tensorflow/core/util/tensor_bundle/ and tensorflow/core/protobuf/tensor_bundle.proto.

Everything in the files is data from outside: sizes are compared with the files before memory is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import message as protobuf_message

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import dtypes, schema
from hublayer.savedmodel.checksums import masked_crc32c
from hublayer.savedmodel.damage import damaged
from hublayer.savedmodel.numpy_dtypes import numpy_dtype
from hublayer.savedmodel.shards import Shards
from hublayer.savedmodel.slices import SLICE_MARK, Slice, region, slice_key
from hublayer.savedmodel.string_tensors import decode_strings
from hublayer.savedmodel.table import read_table

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"

_HEADER_KEY = b""
_VERSION = 1
_BIG_ENDIAN = 1
_HIGHEST_RANK = 32  # of an array in NumPy 1
_MOST_ELEMENTS = 1 << 59  # whose bytes, 16 each at most, NumPy can count
_STRING = "string"
_ALIGNMENT = 64  # bytes, which JAX and PyTorch want of arrays that they share
_PIECE = 16 << 20


@dataclass(frozen=True)
class BundleEntry:
    """What the index tells about one tensor.

    `dtype` is TensorFlow's name of it. The `size` bytes start at byte `offset` of the shard numbered `shard` and have
    the masked CRC-32C `crc32c`. A partitioned tensor has none of these but `slices`, each with an entry of its own.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc32c: int
    slices: tuple[Slice, ...] = ()

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


class Bundle:
    """The tensors of a checkpoint, by key. Open one with `Bundle.open`.

    Arrays are memory maps: a shard is opened when first needed, and its bytes are read where an array is used.
    All methods raise CorruptSavedModelError, which names the file, if it is missing or damaged or lacks the key.
    """

    def __init__(self, index: Path, prefix: Path, table: dict[bytes, bytes]):
        self.index = index
        self._table = table
        header = self._message("BundleHeader", _HEADER_KEY, "its header")
        if header.endianness == _BIG_ENDIAN:
            raise CorruptSavedModelError(
                f"{index}: the variables are stored in big-endian byte order, which hublayer does not read. "
                "Load the model with TensorFlow on a little-endian machine and save it again."
            )
        if header.version.min_consumer > _VERSION:
            raise CorruptSavedModelError(
                f"{index}: the variables are stored in version {header.version.min_consumer} of the format, of which "
                f"hublayer knows version {_VERSION}. Update hublayer, or export the model with an older TensorFlow."
            )
        self._shards = Shards(prefix, header.num_shards)
        names = [key for key in table if key != _HEADER_KEY and key[:1] != SLICE_MARK]
        try:
            self._keys = {name.decode(): name for name in names}
        except UnicodeDecodeError as error:
            raise damaged(index, f"the key {error.object[:100]!r} is not UTF-8") from error

    @classmethod
    def open(cls, prefix: str | Path, verify: bool = False) -> Bundle:
        """The bundle at `prefix`: for a SavedModel, its folder / "variables" / "variables".

        `verify` compares the index with its checksums; those of the tensors are left to `array` and `verify`.
        """
        prefix = Path(prefix)
        index = prefix.with_name(prefix.name + ".index")
        return cls(index, prefix, read_table(index, verify))

    def keys(self) -> tuple[str, ...]:
        """The keys of all tensors in the order of the index; a partitioned tensor is one."""
        return tuple(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def entry(self, key: str) -> BundleEntry:
        """What the index tells about the tensor `key`."""
        if key not in self._keys:
            raise CorruptSavedModelError(
                f"{self.index}: none of its {len(self._keys)} tensors has the key {key!r}. "
                "The file belongs to another model or is damaged; fetch or export the model again."
            )
        return self._entry(key, self._keys[key])

    def array(self, key: str, verify: bool = False) -> np.ndarray:
        """The tensor `key`, read-only, in its shape and its NumPy dtype (those that NumPy lacks are ml_dtypes').

        A view of the mapped shard, so it may be unaligned. Only strings, an object array of bytes, and partitioned
        tensors are built in memory. `verify` compares the bytes with their checksum.
        """
        entry = self.entry(key)
        array = self._assembled(entry, verify) if entry.slices else self._stored(entry, verify)
        array.flags.writeable = False
        return array

    def copy(self, key: str) -> np.ndarray:
        """The tensor `key` in memory of its own, which may be written to, aligned for any backend to use as it is.

        It takes the tensor's bytes and little more: what has been copied is let go of piece by piece.
        """
        entry = self.entry(key)
        dtype = numpy_dtype(entry.dtype)
        if entry.slices or dtype is None:
            whole = self._assembled(entry, False) if entry.slices else self._stored(entry, False)
            self._shards.release()
            return whole
        data = self._data(entry)
        room = np.empty(entry.size + _ALIGNMENT, np.uint8)
        start = -room.ctypes.data % _ALIGNMENT
        copied = room[start : start + entry.size]
        for at in range(0, entry.size, _PIECE):
            copied[at : at + _PIECE] = data[at : at + _PIECE]
            self._shards.release()
        return copied.view(dtype).reshape(entry.shape)

    def release(self) -> None:
        """Let go of the memory that holds what was read of the shards; arrays stay valid."""
        self._shards.release()

    def verify(self) -> None:
        """Read all tensors, compare each with its checksum, and check that no two share bytes."""
        stored: list[BundleEntry] = []
        for key in self._keys:
            entry = self.entry(key)
            stored += self._parts(entry) if entry.slices else [entry]
        self._check_apart(stored)
        for entry in stored:
            self._stored(entry, verify=True)

    def object_graph(self) -> Any | None:
        """The TrackableObjectGraph message of a checkpoint that TF2 wrote; None for TF1."""
        if OBJECT_GRAPH_KEY not in self:
            return None
        entry = self.entry(OBJECT_GRAPH_KEY)
        if entry.dtype != _STRING or entry.shape:
            raise damaged(self.index, f"{OBJECT_GRAPH_KEY!r} is a {entry.dtype} of shape {entry.shape}, not a string")
        content = self.array(OBJECT_GRAPH_KEY).item()
        try:
            return schema.message("TrackableObjectGraph").FromString(content)
        except protobuf_message.DecodeError as error:
            raise damaged(self._shards.path(entry.shard), f"{OBJECT_GRAPH_KEY!r} cannot be parsed ({error})") from error

    def _message(self, kind: str, key: bytes, what: str) -> Any:
        if key not in self._table:
            raise damaged(self.index, f"{what} is not there")
        try:
            return schema.message(kind).FromString(self._table[key])
        except protobuf_message.DecodeError as error:
            raise damaged(self.index, f"{what} cannot be parsed ({error})") from error

    def _entry(self, name: str, key: bytes) -> BundleEntry:
        """The checked entry under `key`, a part of the tensor `name` or all of it."""
        message = self._message("BundleEntry", key, f"the entry of {name!r}")
        shape = tuple(dim.size for dim in message.shape.dim)
        if message.shape.unknown_rank or len(shape) > _HIGHEST_RANK or min(shape, default=0) < 0:
            raise damaged(self.index, f"{name!r} has no shape that an array can have")
        if math.prod(max(dim, 1) for dim in shape) > _MOST_ELEMENTS:
            raise damaged(self.index, f"{name!r} has the shape {shape}, too large for any file")
        if not 0 <= message.shard_id < self._shards.count:
            raise damaged(self.index, f"{name!r} is in shard {message.shard_id} of {self._shards.count}")
        slices = tuple(
            tuple((extent.start, extent.length if extent.HasField("length") else None) for extent in part.extent)
            for part in message.slices
        )
        dtype = dtypes.name(message.dtype)
        return BundleEntry(name, dtype, shape, message.shard_id, message.offset, message.size, message.crc32c, slices)

    def _data(self, entry: BundleEntry) -> np.ndarray:
        """The bytes of `entry`, uint8, shape (entry.size,), as many as its shape and dtype need."""
        dtype = numpy_dtype(entry.dtype)
        if dtype is None and entry.dtype != _STRING:
            raise damaged(self.index, f"{entry.name!r} is stored as {entry.dtype}, which hublayer cannot read")
        if dtype is not None and entry.elements * dtype.itemsize != entry.size:
            raise damaged(
                self.index, f"{entry.name!r}, {entry.dtype} of shape {entry.shape}, is stored in {entry.size} bytes"
            )
        if dtype is None and entry.elements > entry.size:
            raise damaged(self.index, f"{entry.name!r}, {entry.elements} strings, is stored in {entry.size} bytes")
        return self._shards.data(entry.shard, entry.offset, entry.size, entry.name)

    def _stored(self, entry: BundleEntry, verify: bool) -> np.ndarray:
        """The array of an entry without slices."""
        data = self._data(entry)
        where = f"{self._shards.path(entry.shard)}, {entry.name!r}"
        dtype = numpy_dtype(entry.dtype)
        if dtype is None:
            return decode_strings(data, entry.elements, where, entry.crc32c if verify else None).reshape(entry.shape)
        if verify and masked_crc32c([data]) != entry.crc32c:
            raise damaged(where, "its bytes do not fit their checksum")
        return data.view(dtype).reshape(entry.shape)

    def _parts(self, entry: BundleEntry) -> list[BundleEntry]:
        """The entries of the slices of `entry`, which together cover it once."""
        parts, elements = [], 0
        for part in entry.slices:
            index = region(part, entry.shape, f"{self.index}, {entry.name!r}")
            stored = self._entry(entry.name, slice_key(entry.name, part))
            expected = tuple(dim.stop - dim.start for dim in index)
            if (stored.dtype, stored.shape, stored.slices) != (entry.dtype, expected, ()):
                raise damaged(
                    self.index,
                    f"the slice of {entry.name!r} of shape {expected} is stored as {stored.dtype} {stored.shape}",
                )
            self._data(stored)
            parts.append(stored)
            elements += stored.elements
        self._check_apart(parts)  # so the bytes of the whole are no more than those of the shards
        if elements != entry.elements:
            raise damaged(self.index, f"the slices of {entry.name!r} have {elements} of {entry.elements} elements")
        covered = np.zeros(entry.shape, bool)
        for part in entry.slices:
            covered[region(part, entry.shape, entry.name)] = True
        if not covered.all():
            raise damaged(self.index, f"the slices of {entry.name!r} overlap")
        return parts

    def _assembled(self, entry: BundleEntry, verify: bool) -> np.ndarray:
        """The array of an entry with slices."""
        parts = self._parts(entry)
        whole = np.empty(entry.shape, numpy_dtype(entry.dtype) or object)
        for part, stored in zip(entry.slices, parts, strict=True):
            whole[region(part, entry.shape, entry.name)] = self._stored(stored, verify)
        return whole

    def _check_apart(self, entries: Iterable[BundleEntry]) -> None:
        """Check that no two entries share bytes, so that reading all of them takes time in proportion to the shards."""
        shard, read_to = -1, 0
        for entry in sorted(entries, key=lambda entry: (entry.shard, entry.offset, entry.size)):
            if entry.shard != shard:
                shard, read_to = entry.shard, 0
            if entry.size and entry.offset < read_to:
                raise damaged(
                    self.index, f"{entry.name!r} shares bytes of {self._shards.path(shard)} with another tensor"
                )
            read_to = max(read_to, entry.offset + entry.size)

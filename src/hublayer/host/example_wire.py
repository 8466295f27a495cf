"""Many tf.Example records read at once, step by step in all of them, where they are laid out as everybody writes them.

The wire format is that of Protocol Buffers (https://protobuf.dev/programming-guides/encoding). Records that are laid
out in another legal way, or damaged, are left to example_messages, which reads them one by one and names what is wrong.
"""

from __future__ import annotations

import numpy as np

from hublayer.host.elements import Tensor, distinct, ranges, splits_of, within_rows
from hublayer.host.string_tensor import StringTensor

# Tags: a length-delimited field of number 1, 2 or 3.
_FIRST, _SECOND, _THIRD = 0x0A, 0x12, 0x1A
_KINDS = {"string": _FIRST, "float32": _SECOND, "int64": _THIRD}
# Features of a record, and strings of a feature, that are stepped through together. More are rare, and gain nothing.
_MOST_STEPS = 256


class IrregularLayoutError(Exception):
    """Some record is not laid out as the reader here expects."""


def _expect(condition: np.ndarray | bool) -> None:
    if not np.all(condition):
        raise IrregularLayoutError


class WireBatch:
    """The features of many records: where the name and the list of values of each are in the bytes of all."""

    def __init__(self, serialized: StringTensor):
        """Raises IrregularLayoutError for records that are laid out in another way, or damaged."""
        offsets = serialized.offsets
        first = int(offsets[0])
        self._data = np.zeros(int(offsets[-1]) - first + 16, np.uint8)  # reading a little too far is no harm
        self._data[:-16] = serialized.data[first : int(offsets[-1])]
        self.size = serialized.size
        starts, ends = offsets[:-1] - first, offsets[1:] - first
        rows = np.flatnonzero(ends > starts)
        begin, stop = self._field(starts[rows], ends[rows], _FIRST)
        _expect(stop == ends[rows])
        self._rows, entry, end = self._steps(rows, begin, stop)
        name, name_end = self._field(entry, end, _FIRST)
        value, value_end = self._field(name_end, end, _SECOND)
        _expect(value_end == end)
        self._kind = np.where(value < value_end, self._data[value], 0)
        _expect((self._kind == 0) | (self._kind == _FIRST) | (self._kind == _SECOND) | (self._kind == _THIRD))
        filled = np.flatnonzero(self._kind)
        self._list, self._list_end = value.copy(), value_end
        self._list[filled], last = self._field(value[filled], value_end[filled], self._kind[filled])
        _expect(last == value_end[filled])
        self._entries = self._by_name(name, name_end - name)

    def _by_name(self, begin: np.ndarray, sizes: np.ndarray) -> dict[bytes, np.ndarray]:
        """Which features have each name; those of one record in its order."""
        names = StringTensor.from_buffers(splits_of(sizes), self._bytes(begin, sizes), (len(sizes),))
        codes, values = distinct(names)
        assert isinstance(values, StringTensor)
        order = np.argsort(codes, kind="stable")
        splits = splits_of(np.bincount(codes, minlength=values.size)).tolist()
        return {name: order[splits[i] : splits[i + 1]] for i, name in enumerate(values.to_list())}

    def _field(self, at: np.ndarray, end: np.ndarray, tag: int | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the content of the length-delimited field at each place starts and ends, which is not after `end`."""
        _expect((at < end) & (self._data[np.minimum(at, len(self._data) - 1)] == tag))
        place = at + 1
        length = self._data[place].astype(np.int64)
        long = np.flatnonzero(length >= 0x80)
        length &= 0x7F
        place += 1
        for shift in (7, 14, 21, 28):
            if not long.size:
                break
            byte = self._data[place[long]].astype(np.int64)
            length[long] |= (byte & 0x7F) << shift
            place[long] += 1
            long = long[byte >= 0x80]
        _expect(not long.size)
        _expect(place + length <= end)
        return place, place + length

    def _steps(self, rows: np.ndarray, at: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The repeated fields of number 1 that fill the ranges: whose each is, and its content; in order for each."""
        owners, starts, ends = [rows[:0]], [at[:0]], [end[:0]]
        for _ in range(_MOST_STEPS):
            open_ = at < end
            if not open_.all():
                rows, at, end = rows[open_], at[open_], end[open_]
            if not rows.size:
                return np.concatenate(owners), np.concatenate(starts), np.concatenate(ends)
            start, at = self._field(at, end, _FIRST)
            owners.append(rows)
            starts.append(start)
            ends.append(at)
        raise IrregularLayoutError

    def column(self, key: bytes, dtype: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
        """All values of a feature, how many each record has, and whether it has the feature.

        Raises IrregularLayoutError for values of another dtype, too: the slow reader says what is wrong.
        """
        found = self._entries.get(key, np.zeros(0, np.int64))
        entry = np.full(self.size, -1, np.int64)
        entry[self._rows[found]] = found  # the last of several of one name counts
        rows = np.flatnonzero(entry >= 0)
        rows = rows[self._kind[entry[rows]] != 0]
        entry = entry[rows]
        _expect(self._kind[entry] == _KINDS[dtype])
        present = np.zeros(self.size, np.bool_)
        present[rows] = True
        lengths = np.zeros(self.size, np.int64)
        values, lengths[rows] = self._values(self._list[entry], self._list_end[entry], dtype)
        return values, lengths, present

    def _values(self, start: np.ndarray, end: np.ndarray, dtype: str) -> tuple[Tensor, np.ndarray]:
        """The values in some lists of values, and how many each has."""
        if dtype == "string":
            owner, begin, stop = self._steps(np.arange(len(start)), start, end)
            order = np.argsort(owner, kind="stable")
            begin, sizes = begin[order], (stop - begin)[order]
            strings = StringTensor.from_buffers(splits_of(sizes), self._bytes(begin, sizes), (len(sizes),))
            return strings, np.bincount(owner, minlength=len(start))
        counts = np.zeros(len(start), np.int64)
        filled = np.flatnonzero(start < end)
        begin, stop = self._field(start[filled], end[filled], _FIRST)  # values one by one have another tag
        _expect(stop == end[filled])
        sizes = stop - begin
        content = self._bytes(begin, sizes)
        if dtype == "float32":
            _expect(sizes % 4 == 0)
            counts[filled] = sizes // 4
            return content.view("<f4").astype(np.float32, copy=False), counts
        last = content < 0x80
        _expect(last[np.cumsum(sizes)[sizes > 0] - 1])
        done = np.concatenate([[0], np.cumsum(last)])
        splits = splits_of(sizes)
        counts[filled] = done[splits[1:]] - done[splits[:-1]]
        return _varints(content, last), counts

    def _bytes(self, begin: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        return self._data[ranges(begin, sizes)]


def _varints(content: np.ndarray, last: np.ndarray) -> np.ndarray:
    """int64: integers of seven bits a byte, the lowest first. last: whether a byte ends one."""
    if last.all():
        return content.astype(np.int64)
    ends = np.flatnonzero(last)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    _expect(sizes <= 10)
    shifts = (7 * within_rows(sizes)).astype(np.uint64)
    parts = (content & np.uint8(0x7F)).astype(np.uint64) << shifts
    return np.add.reduceat(parts, starts).view(np.int64)

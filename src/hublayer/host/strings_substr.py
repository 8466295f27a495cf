"""Lengths and substrings, in bytes or in characters of UTF-8."""

from __future__ import annotations

import numpy as np

from hublayer.host.byte_sets import offsets_of, region
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor


def _unit(unit: str) -> bool:
    if unit not in ("BYTE", "UTF8_CHAR"):
        raise ValueError(f"the unit must be 'BYTE' or 'UTF8_CHAR', but it is {unit!r}")
    return unit == "UTF8_CHAR"


def _begins_character(data: np.ndarray) -> np.ndarray:
    return data.view(np.int8) >= -0x40


@host_op("StringLength")
def string_length(input, *, unit="BYTE"):
    """int32, of the input's shape: bytes, or with unit "UTF8_CHAR" bytes that do not continue a character."""
    offsets = input.offsets
    if _unit(unit):
        before = np.zeros(int(offsets[-1] - offsets[0]) + 1, np.int64)
        np.cumsum(_begins_character(region(input)), out=before[1:])
        offsets = before[offsets - offsets[0]]
    return np.diff(offsets).astype(np.int32).reshape(input.shape)


@host_op("Substr")
def substr(input, pos, len, *, unit="BYTE"):
    """`len` units from `pos` on, which counts from the end if it is negative; pos and len broadcast with the input.

    A negative length means the rest for bytes and nothing for characters. Raises ValueError where `pos` is outside
    of its string.
    """
    characters = _unit(unit)
    if pos.shape != len.shape:
        raise ValueError(f"pos and len must have the same shape, but they have {pos.shape} and {len.shape}")
    shape = np.broadcast_shapes(input.shape, pos.shape)
    if pos.shape not in ((), input.shape) and np.ndim(np.empty(shape, bool)) > 2:
        raise ValueError(f"a substring broadcasts up to 2 dimensions, but the result would have shape {shape}")
    if shape != input.shape:
        input = input.take(np.broadcast_to(np.arange(input.size).reshape(input.shape), shape))
    pos, length = (np.broadcast_to(value, shape).ravel().astype(np.int64) for value in (pos, len))
    data, offsets = region(input), input.offsets - input.offsets[0]
    # Where the units start: for characters their first bytes, for bytes every byte; `bounds` are the strings' ends
    # in units.
    if characters:
        first = _begins_character(data)
        first[offsets[:-1][np.diff(offsets) > 0]] = True
        starts = np.append(np.flatnonzero(first), data.size)
        bounds = np.searchsorted(starts, offsets)
    else:
        starts, bounds = None, offsets
    count = np.diff(bounds)
    wrong = np.flatnonzero((pos > count) | (pos < -count) | (characters & (pos < 0) & (length < 0)))
    if wrong.size:
        index = int(wrong[0])
        raise ValueError(f"position {pos[index]} is outside of string number {index}, of {count[index]} units")
    pos = np.where(pos < 0, pos + count, pos)
    length = np.where(length < 0, 0 if characters else count, length)
    begin = bounds[:-1] + pos
    end = bounds[:-1] + pos + np.minimum(length, count - pos)
    if starts is not None:
        begin, end = starts[begin], starts[end]
    return _ranges(data, begin, end - begin, shape)


def _ranges(data: np.ndarray, begin: np.ndarray, lengths: np.ndarray, shape: tuple[int, ...]) -> StringTensor:
    offsets = offsets_of(lengths)
    places = np.arange(offsets[-1]) + np.repeat(begin - offsets[:-1], lengths)
    return StringTensor.from_buffers(offsets, data[places], shape)

"""FarmHash's Fingerprint64 of many strings at once.

Strings up to 32 bytes, which is nearly every token, are hashed together by their length class, with the formulas of
FarmHash (Geoff Pike, https://github.com/google/farmhash, farmhashna); longer ones by the farmhash library, one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import farmhash
import numpy as np

from hublayer.host.byte_sets import region
from hublayer.host.string_tensor import StringTensor

_K0 = np.uint64(0xC3A5C85C97CB3127)
_K1 = np.uint64(0xB492B66FBE98F273)
_K2 = np.uint64(0x9AE16A3B2F90404F)
# It takes bytes too; its types only say str.
_fingerprint = cast(Callable[[bytes], int], farmhash.fingerprint64)
# Fewer strings than this are hashed faster one by one.
_FEW = 1000


def fingerprints(strings: StringTensor) -> np.ndarray:
    """uint64, of the shape of `strings`."""
    if strings.size < _FEW:
        values = [_fingerprint(value) for value in strings.to_list()]
        return np.array(values, np.uint64).reshape(strings.shape)
    offsets = strings.offsets
    data, starts, lengths = region(strings), offsets[:-1] - offsets[0], np.diff(offsets)
    result = np.full(strings.size, _K2, np.uint64)
    for shortest, longest, formula in _CLASSES:
        chosen = np.flatnonzero((lengths >= shortest) & (lengths <= longest))
        if len(chosen):
            result[chosen] = formula(data, starts[chosen], lengths[chosen])
    for index in np.flatnonzero(lengths > 32).tolist():
        start = int(starts[index])
        result[index] = _fingerprint(data[start : start + int(lengths[index])].tobytes())
    return result.reshape(strings.shape)


def words_at(data: np.ndarray, places: np.ndarray, dtype: str) -> np.ndarray:
    """uint64: the little-endian words of `dtype` that start at `places` of `data`, which they must not leave."""
    size = np.dtype(dtype).itemsize
    every = np.ndarray((len(data) - size + 1,), dtype, data, strides=(1,))
    return every[places].astype(np.uint64)


def _rotated(x: np.ndarray, by: int) -> np.ndarray:
    return (x >> np.uint64(by)) | (x << np.uint64(64 - by))


def _mixed(x: np.ndarray) -> np.ndarray:
    return x ^ (x >> np.uint64(47))


def _of_two(u: np.ndarray, v: np.ndarray, factor: np.ndarray) -> np.ndarray:
    a = _mixed((u ^ v) * factor)
    return _mixed((v ^ a) * factor) * factor


def _factor(lengths: np.ndarray) -> np.ndarray:
    return _K2 + lengths.astype(np.uint64) * np.uint64(2)


def _up_to_3(data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    first, middle, last = (
        data[places].astype(np.uint64) for places in (starts, starts + (lengths >> 1), starts + lengths - 1)
    )
    y = first + (middle << np.uint64(8))
    z = lengths.astype(np.uint64) + (last << np.uint64(2))
    return _mixed(y * _K2 ^ z * _K0) * _K2


def _up_to_7(data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    first, last = words_at(data, starts, "<u4"), words_at(data, starts + lengths - 4, "<u4")
    return _of_two(lengths.astype(np.uint64) + (first << np.uint64(3)), last, _factor(lengths))


def _up_to_16(data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    factor = _factor(lengths)
    a, b = words_at(data, starts, "<u8") + _K2, words_at(data, starts + lengths - 8, "<u8")
    return _of_two(_rotated(b, 37) * factor + a, (_rotated(a, 25) + b) * factor, factor)


def _up_to_32(data: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    factor, ends = _factor(lengths), starts + lengths
    a, b = words_at(data, starts, "<u8") * _K1, words_at(data, starts + 8, "<u8")
    c, d = words_at(data, ends - 8, "<u8") * factor, words_at(data, ends - 16, "<u8") * _K2
    return _of_two(_rotated(a + b, 43) + _rotated(c, 30) + d, a + _rotated(b + _K2, 18) + c, factor)


_CLASSES = ((1, 3, _up_to_3), (4, 7, _up_to_7), (8, 16, _up_to_16), (17, 32, _up_to_32))

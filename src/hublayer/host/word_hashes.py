"""Hashes that read strings in words of 8 bytes, of many strings at once: SipHash-2-4 and MurmurHash64A.

SipHash: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. MurmurHash64A: Austin Appleby.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hublayer.host.byte_sets import region
from hublayer.host.fingerprints import words_at
from hublayer.host.string_tensor import StringTensor

_MURMUR_FACTOR = np.uint64(0xC6A4A7935BD1E995)
_MURMUR_SHIFT = np.uint64(47)


class _Words:
    """The strings, longest first, as words: `full` whole ones each, and the rest of up to 7 bytes in one more."""

    def __init__(self, strings: StringTensor):
        offsets = strings.offsets - strings.offsets[0]
        lengths = np.diff(offsets)
        self.order = np.argsort(-lengths, kind="stable")
        self.lengths = lengths[self.order]
        self._starts = offsets[:-1][self.order]
        self._data = np.concatenate((region(strings), np.zeros(8, np.uint8)))
        self.full = self.lengths >> 3

    def whole(self) -> Iterator[tuple[int, np.ndarray]]:
        """How many strings, from the first, have a word number 0, 1, …, and these words as uint64."""
        for number in range(int(self.full.max(initial=0))):
            count = int(np.searchsorted(-self.full, -number, side="left"))
            yield count, words_at(self._data, self._starts[:count] + 8 * number, "<u8")

    def rest(self) -> np.ndarray:
        """uint64: the bytes behind the whole words, filled up with zeros."""
        bits = ((self.lengths & 7) << 3).astype(np.uint64)
        return words_at(self._data, self._starts + 8 * self.full, "<u8") & ((np.uint64(1) << bits) - np.uint64(1))

    def in_order(self, hashes: np.ndarray) -> np.ndarray:
        """The hashes in the order that the strings came in."""
        result = np.empty_like(hashes)
        result[self.order] = hashes
        return result


def sip_hashes(strings: StringTensor, key: tuple[int, int]) -> np.ndarray:
    """SipHash-2-4 under two uint64 keys. uint64, of the shape of `strings`."""
    words = _Words(strings)
    first, second = (np.uint64(part & 0xFFFFFFFFFFFFFFFF) for part in key)
    state = np.empty((4, strings.size), np.uint64)
    for row, (part, constant) in enumerate(
        ((first, 0x736F6D6570736575), (second, 0x646F72616E646F6D), (first, 0x6C7967656E657261),
         (second, 0x7465646279746573))
    ):  # fmt: skip
        state[row] = part ^ np.uint64(constant)
    for count, word in words.whole():
        _sip_absorb(state[:, :count], word)
    _sip_absorb(state, words.rest() | (words.lengths.astype(np.uint64) << np.uint64(56)))
    state[2] ^= np.uint64(0xFF)
    for _ in range(4):
        _sip_round(state)
    return words.in_order(state[0] ^ state[1] ^ state[2] ^ state[3]).reshape(strings.shape)


def _sip_absorb(state: np.ndarray, word: np.ndarray) -> None:
    state[3] ^= word
    _sip_round(state)
    _sip_round(state)
    state[0] ^= word


def _sip_round(state: np.ndarray) -> None:
    for first, second, left, right in ((0, 2, 13, 16), (2, 0, 17, 21)):
        state[first] += state[1]
        state[second] += state[3]
        state[1] = _left(state[1], left) ^ state[first]
        state[3] = _left(state[3], right) ^ state[second]
        state[first] = _left(state[first], 32)


def _left(x: np.ndarray, by: int) -> np.ndarray:
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


def murmur_hashes(strings: StringTensor, seed: int) -> np.ndarray:
    """MurmurHash64A. uint64, of the shape of `strings`."""
    words = _Words(strings)
    state = np.uint64(seed) ^ (words.lengths.astype(np.uint64) * _MURMUR_FACTOR)
    for count, word in words.whole():
        mixed = word * _MURMUR_FACTOR
        mixed ^= mixed >> _MURMUR_SHIFT
        state[:count] = (state[:count] ^ (mixed * _MURMUR_FACTOR)) * _MURMUR_FACTOR
    state = np.where(words.lengths & 7, (state ^ words.rest()) * _MURMUR_FACTOR, state)
    state = (state ^ (state >> _MURMUR_SHIFT)) * _MURMUR_FACTOR
    return words.in_order(state ^ (state >> _MURMUR_SHIFT)).reshape(strings.shape)

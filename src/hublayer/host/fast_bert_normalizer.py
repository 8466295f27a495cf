"""FastBertNormalize: characters replaced one by one, by a table that comes with the model as a flatbuffer."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from hublayer.host.byte_sets import region
from hublayer.host.double_array import ROOT, DoubleArray
from hublayer.host.elements import splits_of
from hublayer.host.execute import HostRun
from hublayer.host.flatbuffer import FlatTable
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import FEW, StringTensor
from hublayer.host.utf8 import beyond_ascii, characters

_DIFFERENT = 0x40000000
# In long texts a pass for each different character is faster than a step for each place, if they are few.
_LONG, _MOST_CHARACTERS = 2048, 32
_BEYOND_ASCII = re.compile(r"[^\0-\x7f]+")


class _Replacements(dict[int, str]):
    """What each character becomes, found when it first comes up; bytes that are no UTF-8 stay as they are."""

    def __init__(self, normalizer: FastBertNormalizer):
        super().__init__()
        self._normalizer = normalizer

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if not 0xDC80 <= code <= 0xDCFF:
            character = self._normalizer.replacement(character.encode()).decode("utf-8", "surrogateescape")
        self[code] = character
        return character


class FastBertNormalizer:
    """A normaliser out of its flatbuffer. Raises ValueError for one that does not hang together.

    The value of a character in the trie: bit 30 whether it is replaced at all, bits 6 to 29 where in the pool its
    replacement begins, bits 0 to 5 how many bytes that has.
    """

    def __init__(self, buffer: bytes):
        table = FlatTable(buffer)
        self._trie = DoubleArray(table.array(1, "<u4"))
        self._nul = int(table.scalar(2, "int32"))
        self._pool = table.array(3, "u1").tobytes()
        self._replacements = _Replacements(self)
        ascii_ = [self.replacement(bytes((code,))) for code in range(0x80)]
        self._bytes = None
        if all(len(text) == 1 for text in ascii_):
            self._bytes = b"".join(ascii_) + bytes(range(0x80, 0x100))

    def replacement(self, character: bytes) -> bytes:
        """What one character becomes. Raises ValueError if the table leads out of its pool."""
        if character == b"\0":
            data = self._nul
        else:
            node = self._trie.walk(ROOT, character)
            data = max(self._trie.value(node), 0) if node >= 0 else 0
        if not data & _DIFFERENT:
            return character
        begin, length = (data & (_DIFFERENT - 1)) >> 6, data & 0x3F
        if begin + length > len(self._pool):
            raise ValueError(f"broken normalizer: the replacement of {character!r} lies outside of its pool")
        return self._pool[begin : begin + length]

    def normalized(self, strings: StringTensor) -> StringTensor:
        """Each string with its characters replaced."""
        if self._bytes is None:
            texts = [
                text.decode("utf-8", "surrogateescape").translate(self._replacements).encode("utf-8", "surrogateescape")
                for text in strings.to_list()
            ]
            return StringTensor.from_list(texts, strings.shape)
        if strings.joined is not None:
            data, between = strings.joined
            table = bytearray(self._bytes)
            table[between[0]] = between[0]
            data = self._beyond_ascii(data.translate(table))
            if data.count(between) == strings.size - 1:  # or a character became what stands between
                return StringTensor.from_joined(data, between, strings.shape)
        if strings.size > FEW:
            offsets = strings.offsets
            raw = region(strings).tobytes().translate(self._bytes)
            if raw.isascii():
                return StringTensor.from_buffers(offsets - offsets[0], raw, strings.shape)
        texts = [self._beyond_ascii(text.translate(self._bytes)) for text in strings.to_list()]
        return StringTensor.from_list(texts, strings.shape)

    def _beyond_ascii(self, text: bytes) -> bytes:
        """A string with all characters but ASCII's replaced."""
        if text.isascii():
            return text
        table = self._replacements
        decoded = text.decode("utf-8", "surrogateescape")
        if len(text) > _LONG:
            changes = {character: table[ord(character)] for character in beyond_ascii(decoded)}
            changes = {old: new for old, new in changes.items() if old != new}
            if len(changes) <= _MOST_CHARACTERS and changes.keys().isdisjoint("".join(changes.values())):
                for old, new in changes.items():
                    decoded = decoded.replace(old, new)
                return decoded.encode("utf-8", "surrogateescape")
        replaced = _BEYOND_ASCII.sub(lambda found: found[0].translate(table), decoded)
        return replaced.encode("utf-8", "surrogateescape")

    def with_offsets(self, text: bytes) -> tuple[bytes, list[int]]:
        """A string with its characters replaced, and for each byte of the result, and its end, the byte it is from."""
        parts: list[bytes] = []
        offsets: list[int] = []
        place = 0
        for _, end in characters(text):
            character = text[place:end]
            replaced = self.replacement(character)
            parts.append(replaced)
            offsets += range(place, end) if replaced == character else [place] * len(replaced)
            place = end
        return b"".join(parts), [*offsets, len(text)]


_normalizer = lru_cache(maxsize=8)(FastBertNormalizer)


@host_op("FastBertNormalize")
def fast_bert_normalize(run: HostRun, input_values, fast_bert_normalizer_model, *, get_offsets=False):
    """Strings with their characters replaced; with get_offsets for each byte of the results, and for their ends, the
    byte of the string it comes from (int64), and the row splits of these.
    """
    normalizer = run.prepared(fast_bert_normalizer_model, lambda array: _normalizer(array.tobytes()))
    if not get_offsets:
        empty = np.zeros(input_values.size + 1, np.int64)
        return [normalizer.normalized(input_values), np.zeros(0, np.int64), empty]
    results = [normalizer.with_offsets(text) for text in input_values.to_list()]
    texts = StringTensor.from_list([text for text, _ in results], input_values.shape)
    sources = [offset for _, offsets in results for offset in offsets]
    splits = splits_of(np.array([len(offsets) for _, offsets in results], np.int64))
    return [texts, np.array(sources, np.int64), splits]

"""Tries as double arrays of 32-bit units, as Darts-clone lays them out.

A unit: bits 0 to 7 the label, bit 8 whether a value ends here, bits 10 to 30 the offset to the children, shifted by 8
if bit 9 is set; bit 31 marks a unit that is a value, 31 bits wide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

ROOT = 0
_LABEL = 0x800000FF
_VALUE = 0x7FFFFFFF


class DoubleArray:
    """A trie over bytes. A node is a number; whatever the units say, no node outside of them is ever read."""

    def __init__(self, units: np.ndarray):
        """units: uint32, shape (n,). Raises ValueError for none at all."""
        if not len(units):
            raise ValueError("a trie has no units")
        self._units = units.tolist()

    def _children(self, node: int) -> int:
        unit = self._units[node]
        return node ^ ((unit >> 10) << ((unit & 0x200) >> 6))

    def step(self, node: int, byte: int) -> int:
        """The child of `node` by a byte; -1 if there is none."""
        units = self._units
        unit = units[node]
        child = node ^ ((unit >> 10) << ((unit & 0x200) >> 6)) ^ byte
        return child if child < len(units) and units[child] & _LABEL == byte else -1

    def value(self, node: int) -> int:
        """The value of the string that ends at `node`; -1 if none does."""
        if not self._units[node] & 0x100:
            return -1
        child = self._children(node)
        return self._units[child] & _VALUE if child < len(self._units) else -1

    def walk(self, node: int, text: bytes) -> int:
        """The node that all bytes of `text` lead to; -1 if there is none."""
        for byte in text:
            node = self.step(node, byte)
            if node < 0:
                break
        return node

    def prefixes(self, text: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
        """(where it ends, value) of each string of the trie that `text` has at `start`, shortest first."""
        node = ROOT
        for place in range(start, len(text)):
            node = self.step(node, text[place])
            if node < 0:
                return
            value = self.value(node)
            if value >= 0:
                yield place + 1, value

    def items(self) -> Iterator[tuple[bytes, int]]:
        """All strings and their values. Raises ValueError if the units lead back to where they came from."""
        seen = 0
        stack = [(ROOT, b"")]
        while stack:
            node, text = stack.pop()
            seen += 1
            if seen > len(self._units):
                raise ValueError("a trie goes round in circles")
            value = self.value(node)
            if value >= 0 and text:
                yield text, value
            for byte in range(255, 0, -1):
                child = self.step(node, byte)
                if child > 0:
                    stack.append((child, text + bytes((byte,))))

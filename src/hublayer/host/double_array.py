"""Tries as double arrays of 32-bit units, as Darts-clone lays them out.

A unit: bits 0 to 7 the label, bit 8 whether a value ends here, bits 10 to 30 the offset to the children, shifted by 8
if bit 9 is set; bit 31 marks a unit that is a value, 31 bits wide.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

ROOT = 0
LABEL = 0x800000FF
_VALUE = 0x7FFFFFFF


class DoubleArray:
    """A trie over bytes. A node is a number; whatever the units say, no node outside of them is ever read.

    units: the units as a list, for a loop that cannot afford a call for each step.
    """

    def __init__(self, units: np.ndarray):
        """units: uint32, shape (n,). Raises ValueError for none at all."""
        if not len(units):
            raise ValueError("a trie has no units")
        self.units = units.tolist()

    def _children(self, node: int) -> int:
        unit = self.units[node]
        return node ^ ((unit >> 10) << ((unit & 0x200) >> 6))

    def step(self, node: int, byte: int) -> int:
        """The child of `node` by a byte; -1 if there is none."""
        units = self.units
        unit = units[node]
        child = node ^ ((unit >> 10) << ((unit & 0x200) >> 6)) ^ byte
        return child if child < len(units) and units[child] & LABEL == byte else -1

    def value(self, node: int) -> int:
        """The value of the string that ends at `node`; -1 if none does."""
        if not self.units[node] & 0x100:
            return -1
        child = self._children(node)
        return self.units[child] & _VALUE if child < len(self.units) else -1

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

    def inner_labels(self) -> np.ndarray:
        """bool, shape (256,): which bytes stand anywhere in the trie but as a whole string of one byte.

        The levels of the trie are walked one by one, all nodes of a level at once.
        """
        units = np.array(self.units, np.int64)
        offsets = (units >> 10) << ((units & 0x200) >> 6)
        inner = np.zeros(256, np.bool_)
        nodes, seen, first = np.zeros(1, np.int64), 0, True
        labels = np.arange(1, 256)
        while nodes.size and seen <= len(units):
            seen += nodes.size
            children = (nodes ^ offsets[nodes])[:, None] ^ labels
            inside = children < len(units)
            found = inside & (units[np.where(inside, children, 0)] & LABEL == labels)
            if first:
                roots = children[0][found[0]], labels[found[0]]
            else:
                inner[labels[found.any(0)]] = True
            nodes, first = children[found], False
        starts, bytes_ = roots
        for start, byte in zip(starts.tolist(), bytes_.tolist(), strict=True):
            inner[byte] |= any(self.step(start, label) >= 0 for label in range(1, 256))
        return inner

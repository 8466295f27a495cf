"""Seeds for the random ops of one execution."""

from __future__ import annotations

from typing import Any

import keras


class ForkedSeeds(keras.random.SeedGenerator):
    """A seed generator without state of its own: its seeds follow from `base`, one draw of the layer's generator.

    keras.random takes seeds from a SeedGenerator only; inside a compiled program there must be no variable.
    """

    def __init__(self, base: Any):
        self._base = base
        self._drawn = 0

    def next(self, ordered: bool = True) -> Any:
        """A seed, shape (2,), uint32, that no other call of this object gave."""
        self._drawn += 1
        offset = keras.ops.convert_to_tensor([0, 0x9E3779B1 * self._drawn % 2**32], dtype="uint32")
        return keras.ops.bitwise_xor(keras.ops.cast(self._base, "uint32"), offset)

    def itself(self) -> ForkedSeeds:
        """The object: what a run's `seeds` returns."""
        return self


def seed_of_part(seed: Any, number: int) -> Any:
    """A seed like `seed`, shape (2,), for part `number` of an execution, so that parts draw different numbers."""
    offset = keras.ops.convert_to_tensor([0x85EBCA6B * number % 2**32, 0], dtype="uint32")
    return keras.ops.bitwise_xor(keras.ops.cast(seed, "uint32"), offset)

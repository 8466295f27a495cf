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

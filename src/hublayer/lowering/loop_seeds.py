"""Random seeds inside a compiled branch or loop, where a generator outside must not be advanced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import keras

from hublayer.graph.ir import Function
from hublayer.lowering.execute import Run
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.loop_analysis import draws

_ODD = 0x9E3779B1  # 2^32 / golden ratio: multiplying by it spreads the bits


class _Words(keras.random.SeedGenerator):
    """Two words as keras.random takes them."""

    def __init__(self, words: Any):
        self._words = words

    def next(self, ordered: bool = True) -> Any:
        """The words, shape (2,)."""
        return self._words


def inner_seeds(run: Run, functions: Sequence[Function]) -> Callable[[Any], Callable[[], Any] | None]:
    """For a step number, the seeds of that step: from one seed drawn outside, the step, and how many were drawn."""
    if run.seeds is None or not draws(functions, run.executable):
        return lambda step: run.seeds
    given = run.seeds()
    words = given.next() if isinstance(given, keras.random.SeedGenerator) else [0, int(given)]
    words = ops.cast(ops.convert_to_tensor(words), "int32")

    def at(step: Any) -> Callable[[], Any]:
        drawn = count(1)

        def draw() -> Any:
            # Any mixture does that gives each step and draw its own words; they wrap around in 32 bits.
            mixture = ops.stack([ops.cast(step, "int32"), ops.convert_to_tensor(next(drawn), "int32")])
            return _Words(ops.cast(ops.bitwise_xor(words, ops.multiply(mixture, _ODD - 2**32)), "uint32"))

        return draw

    return at

"""XLA's ops on bits and sizes: numbers of lower precision, random bits, and a dimension of a known size."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering import random
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.generators import full_integers
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.straight_through import straight_through
from hublayer.lowering.windows import ops, tensor

_EXPONENTS = np.arange(-149, 128)
_POWERS = np.ldexp(1.0, _EXPONENTS).astype(np.float32)


@lowers("XlaReducePrecision")
def xla_reduce_precision(operand: Any, *, exponent_bits: int, mantissa_bits: int) -> Any:
    """`operand` rounded to a float with these bits, halves to even; the gradient passes unchanged.

    What that float has no exponent for becomes zero or infinite. float64 is rounded to at most float32's precision.
    """
    x = tensor(operand)
    value = ops.stop_gradient(cast(x, "float32"))
    size = ops.abs(value)
    finite = (size > 0) & (size < np.inf)
    safe = ops.where(finite, size, ops.ones_like(size))
    # How many powers of two are not greater: their number tells the exponent without a logarithm that rounds.
    powers = tensor(_POWERS)
    place = ops.clip(ops.searchsorted(powers, ops.reshape(safe, (-1,)), side="right") - 1, 0, _POWERS.size - 1)
    unit = ops.reshape(ops.take(powers, place), ops.shape(safe))
    scale = 2.0**mantissa_bits
    rounded = ops.round(safe / unit * scale) / scale * unit
    widest = 2 ** (exponent_bits - 1) - 1
    if exponent_bits < 8:
        rounded = ops.where(rounded >= 2.0 ** (widest + 1), np.inf, rounded)
        rounded = ops.where(rounded < 2.0 ** (1 - widest), 0.0, rounded)
    result = cast(ops.where(finite, ops.where(value < 0, -rounded, rounded), value), dtype_of(x))
    return straight_through(x, result)


@lowers("XlaRngBitGenerator")
def xla_rng_bit_generator(
    algorithm: Any, initial_state: Any, shape: Static, *, dtype: str = "uint64"
) -> tuple[Any, Any]:
    """The generator's next state, and random bits. They are not XLA's, for any of its algorithms."""
    state = tensor(initial_state)
    words = random.words(state)
    bits = full_integers(shape, dtype, random.of_key(words[:1], words[1:2]))
    moved = ops.concatenate([state[:1], state[1:2] + cast(np.asarray([1]), dtype_of(state)), state[2:]])
    return moved, bits


@lowers("XlaSetDynamicDimensionSize")
def xla_set_dynamic_dimension_size(input: Any, dim_index: Static, size: Static) -> Any:
    """The first `size` of dimension `dim_index`: all that a dynamic dimension of XLA's shows."""
    x = tensor(input)
    return x[(slice(None),) * (int(dim_index) % len(x.shape)) + (slice(0, int(size)),)]

"""Random counts: Poisson and binomial. How they are drawn is each backend's own; what the ops take is the same.

Keras has neither. As in hublayer.lowering.random, the numbers are not TensorFlow's, and they have no gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import random as keras_random

from hublayer.lowering import random
from hublayer.lowering.dtypes import cast
from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers

# Of the words of a seed, (2,) of int32, the shape, and float32 parameters of that shape.
Draw = Callable[..., Any]


def lowers_counts(backend: str, poisson: Draw, binomial: Draw) -> None:
    """Register the ops of random counts on `backend`, drawn by the two functions."""

    def drawn(draw: Draw, shape: tuple[int, ...], dtype: str, seed: Any, *parameters: Any) -> Any:
        words = keras_random.randint((2,), 0, 2**31 - 1, dtype="int32", seed=seed)
        given = [ops.broadcast_to(cast(ops.convert_to_tensor(x), "float32"), shape) for x in parameters]
        return cast(ops.stop_gradient(draw(words, shape, *given)), dtype)

    @lowers("RandomPoissonV2", backend=backend)
    def random_poisson_v2(
        run: Run, shape: Static, rate: Any, *, seed: int = 0, seed2: int = 0, dtype: str = "int64"
    ) -> Any:
        """`shape` counts for each element of rate."""
        return drawn(poisson, (*shape.tolist(), *rate.shape), dtype, random.new_seed(run), rate)

    @lowers("RandomPoisson", backend=backend)
    def random_poisson(run: Run, shape: Static, rate: Any, *, seed: int = 0, seed2: int = 0, dtype: str = "") -> Any:
        """`shape` counts, in the dtype of rate, for each element of it."""
        dtype = random.dtype_of(rate)
        return drawn(poisson, (*shape.tolist(), *rate.shape), dtype, random.new_seed(run), rate)

    @lowers("StatelessRandomPoisson", backend=backend)
    def stateless_poisson(shape: Static, seed: Any, lam: Any, *, dtype: str) -> Any:
        """Counts of a shape to which the rates broadcast."""
        return drawn(poisson, tuple(shape.tolist()), dtype, random.of_seed(seed), lam)

    @lowers("StatelessRandomBinomial", backend=backend)
    def stateless_binomial(shape: Static, seed: Any, counts: Any, probs: Any, *, dtype: str = "int64") -> Any:
        """How many of `counts` trials succeed, each with the probability `probs`; both broadcast to the shape."""
        return drawn(binomial, tuple(shape.tolist()), dtype, random.of_seed(seed), counts, probs)

    @lowers("StatefulRandomBinomial", backend=backend)
    def stateful_binomial(
        run: Run,
        resource: VariableHandle,
        algorithm: Any,
        shape: Static,
        counts: Any,
        probs: Any,
        *,
        dtype: str = "int64",
    ) -> Any:
        """StatelessRandomBinomial with the state of a generator, which moves on."""
        seed = random.of_generator(run, resource, shape)
        return drawn(binomial, tuple(shape.tolist()), dtype, seed, counts, probs)

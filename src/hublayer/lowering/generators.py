"""Random generators with a state of their own, as tf.random.Generator had them, and integers of all bits.

As in hublayer.lowering.random, no backend draws TensorFlow's very numbers.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import random as keras_random

from hublayer.lowering import random
from hublayer.lowering.dtypes import backend_dtype, cast
from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers

_BITS = {"int32": 32, "uint32": 32, "int64": 64, "uint64": 64}


def full_integers(shape: Any, dtype: str, seed: Any) -> Any:
    """Uniform over all integers of a dtype, put together from 16 bits at a time, the first with the sign."""
    backend = wanted = backend_dtype(dtype)
    if backend == "uint64" and keras.config.backend() != "jax":
        backend = "int64"  # the same bits: there is no arithmetic in uint64
    signed, pieces = backend.startswith("int"), _BITS[backend] // 16
    sizes = tuple(int(size) for size in shape.ravel())
    # One draw gives all bits: a seed that the graph computes gives the same numbers at every draw.
    drawn = keras_random.randint((pieces, *sizes), 0, 2**16, dtype="int32", seed=seed)
    result = cast(ops.subtract(drawn[0], 2**15) if signed else drawn[0], backend)
    for i in range(1, pieces):
        result = ops.add(ops.multiply(result, cast(np.asarray(2**16), backend)), cast(drawn[i], backend))
    return cast(result, wanted) if keras.config.backend() == "tensorflow" else result


@lowers("StatelessRandomUniformFullInt")
def stateless_full_integers(shape: Static, seed: Any, *, dtype: str = "uint64") -> Any:
    """Uniform over all integers of the dtype."""
    return full_integers(shape, dtype, random.of_seed(seed))


@lowers("StatelessRandomUniformFullIntV2")
def stateless_full_integers_v2(shape: Static, key: Any, counter: Any, alg: Any, *, dtype: str = "uint64") -> Any:
    """Uniform over all integers of the dtype."""
    return full_integers(shape, dtype, random.of_key(key, counter))


@lowers("StatefulStandardNormalV2")
def stateful_normal(
    run: Run, resource: VariableHandle, algorithm: Any, shape: Static, *, dtype: str = "float32"
) -> Any:
    """Normal with mean 0 and deviation 1."""
    return random.normal(shape, dtype, random.of_generator(run, resource, shape))


@lowers("StatefulTruncatedNormal")
def stateful_truncated_normal(
    run: Run, resource: VariableHandle, algorithm: Any, shape: Static, *, dtype: str = "float32"
) -> Any:
    """Normal, but no further than 2 from 0."""
    return random.truncated_normal(shape, dtype, random.of_generator(run, resource, shape))


@lowers("StatefulUniform")
def stateful_uniform(
    run: Run, resource: VariableHandle, algorithm: Any, shape: Static, *, dtype: str = "float32"
) -> Any:
    """Uniform in [0, 1)."""
    return random.uniform(shape, dtype, random.of_generator(run, resource, shape))


@lowers("StatefulUniformInt", picks=True)
def stateful_integers(
    run: Run,
    resource: VariableHandle,
    algorithm: Any,
    shape: Static,
    minval: Any,
    maxval: Any,
    *,
    dtype: str = "int64",
) -> Any:
    """Uniform integers in [minval, maxval)."""
    return random.integers(shape, minval, maxval, dtype, random.of_generator(run, resource, shape))


@lowers("StatefulUniformFullInt")
def stateful_full_integers(
    run: Run, resource: VariableHandle, algorithm: Any, shape: Static, *, dtype: str = "uint64"
) -> Any:
    """Uniform over all integers of the dtype."""
    return full_integers(shape, dtype, random.of_generator(run, resource, shape))


@lowers("RngSkip")
def skip(run: Run, resource: VariableHandle, algorithm: Any, delta: Static) -> tuple[()]:
    """Nothing but a generator's counter moves on, by `delta` numbers."""
    random.read_and_skip(run, resource, algorithm, delta)
    return ()

"""Random ops: TensorFlow's distributions and dtypes, never its very numbers.

Stateful ops draw a new seed from the run, each at each call. Their own seed attributes are ignored: on TensorFlow they
say where a sequence starts, and the layer's seed generator says that here. Stateless ops are a function of their seed
input; it is not TensorFlow's function, except on Keras's TensorFlow backend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import random as keras_random

from hublayer.lowering.dtypes import backend_dtype, cast, dtype_of
from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import Static, lowers

_ODD = 0x9E3779B1  # 2^32 / golden ratio: multiplying by it spreads the bits
_PHILOX = 1  # TensorFlow's number for its default generator
_FIXED_SEED = 1337
_STEP = 256  # how far TensorFlow's generators skip for each number


class _Counted:
    """Whole numbers from `first` on."""

    def __init__(self, first: int):
        self._next = first

    def __call__(self) -> int:
        """The next number."""
        self._next += 1
        return self._next - 1


def new_seed(run: Run) -> Any:
    """A new seed for keras.random. A run without seeds counts from a fixed one, so that its ops still differ."""
    if run.seeds is None:
        run.seeds = _Counted(_FIXED_SEED)
    return run.seeds()


class _Given(keras.random.SeedGenerator):
    """A seed that a graph computes, in the form that keras.random takes: two words."""

    def __init__(self, words: Any):
        self._words = words

    def next(self, ordered: bool = True) -> Any:
        """The two words of the seed."""
        return self._words


def words(x: Any) -> Any:
    """Integers as the backend's seeds: uint32 on JAX, else int64."""
    on_jax = keras.config.backend() == "jax"
    if isinstance(x, np.ndarray):
        return ops.convert_to_tensor(x.astype("uint32" if on_jax else "int64"))
    return ops.cast(x, "uint32" if on_jax else "int64")


def of_seed(seed: Any) -> _Given:
    """A stateless op's seed, shape (2,). Keras adds the words on PyTorch: (1, 2) and (2, 1) must differ."""
    return _Given(ops.multiply(words(seed), words(np.asarray([1, _ODD]))))


def of_key(key: Any, counter: Any) -> _Given:
    """A key, shape (1,), and a counter, shape (2,) or, not for Philox, (1,)."""
    weights = words(np.asarray([1, 3])[: counter.shape[0]])
    total = ops.sum(ops.multiply(words(counter), weights), axis=-1, keepdims=True)
    return of_seed(ops.concatenate([words(key)[:1], words(total)]))


def _shape(shape: Any) -> Any:
    """A static shape as a tuple; on TensorFlow it may be a tensor."""
    return tuple(int(size) for size in shape.ravel()) if isinstance(shape, np.ndarray) else shape


def _floats(draw: Callable[..., Any], shape: Any, dtype: str, seed: Any) -> Any:
    """draw(shape, dtype, seed) of keras.random. Half precision is drawn in single."""
    wide = dtype if dtype == "float64" else "float32"
    return cast(draw(_shape(shape), dtype=backend_dtype(wide), seed=seed), dtype)


def uniform(shape: Any, dtype: str, seed: Any) -> Any:
    """Uniform in [0, 1). What a half float would round up to 1 is the number below it."""
    drawn = _floats(keras_random.uniform, shape, dtype, seed)
    if dtype in ("float16", "bfloat16"):
        drawn = ops.minimum(drawn, ops.full_like(drawn, 1 - 2.0 ** (-11 if dtype == "float16" else -8)))
    return drawn


def normal(shape: Any, dtype: str, seed: Any) -> Any:
    """Normal with mean 0 and deviation 1."""
    return _floats(keras_random.normal, shape, dtype, seed)


def truncated_normal(shape: Any, dtype: str, seed: Any) -> Any:
    """Normal, but no further than 2 from 0."""
    return _floats(keras_random.truncated_normal, shape, dtype, seed)


def integers(shape: Any, minval: Any, maxval: Any, dtype: str, seed: Any) -> Any:
    """Uniform in [minval, maxval). Bounds that the model computes give at most 2^24 different numbers."""
    dtype = backend_dtype(dtype)
    if isinstance(minval, np.ndarray) and isinstance(maxval, np.ndarray):
        low, high = int(minval), min(int(maxval), int(np.iinfo(dtype).max))
        return cast(keras_random.randint(_shape(shape), low, high, dtype=dtype, seed=seed), dtype)
    minval, maxval = ops.cast(minval, dtype), ops.cast(maxval, dtype)
    reach = ops.subtract(maxval, minval)
    drawn = ops.multiply(keras_random.uniform(_shape(shape), dtype="float32", seed=seed), ops.cast(reach, "float32"))
    return ops.add(minval, ops.minimum(ops.cast(ops.floor(drawn), dtype), ops.subtract(reach, 1)))


def categorical(logits: Any, num_samples: Any, dtype: str, seed: Any) -> Any:
    """Class numbers, (batch, num_samples), by unnormalised log probabilities (batch, classes)."""
    number = int(num_samples)
    return cast(keras_random.categorical(ops.convert_to_tensor(logits), number, dtype="int32", seed=seed), dtype)


def shuffle(value: Any, seed: Any) -> Any:
    """Rows in another order. (keras.random.shuffle orders every column on its own on JAX.)"""
    rows = ops.shape(value)[0]
    return ops.take(value, ops.argsort(keras_random.uniform((rows,), dtype="float32", seed=seed)), axis=0)


def gamma(shape: Any, alpha: Any, seed: Any) -> Any:
    """Gamma of rate 1: `shape` samples for each element of alpha."""
    alpha = ops.convert_to_tensor(alpha)
    total = (*_shape(shape), *alpha.shape)
    drawn = keras_random.gamma(total, ops.cast(alpha, "float32"), dtype="float32", seed=seed)
    return cast(drawn, dtype_of(alpha))


@lowers("RandomUniform")
def random_uniform(run: Run, shape: Static, *, seed: int = 0, seed2: int = 0, dtype: str) -> Any:
    """Uniform in [0, 1)."""
    return uniform(shape, dtype, new_seed(run))


@lowers("RandomStandardNormal")
def random_standard_normal(run: Run, shape: Static, *, seed: int = 0, seed2: int = 0, dtype: str) -> Any:
    """Normal with mean 0 and deviation 1."""
    return normal(shape, dtype, new_seed(run))


@lowers("TruncatedNormal")
def random_truncated_normal(run: Run, shape: Static, *, seed: int = 0, seed2: int = 0, dtype: str) -> Any:
    """Normal, but no further than 2 from 0."""
    return truncated_normal(shape, dtype, new_seed(run))


@lowers("RandomUniformInt", picks=True)
def random_uniform_int(
    run: Run,
    shape: Static,
    minval: Any,
    maxval: Any,
    *,
    seed: int = 0,
    seed2: int = 0,
    Tout: str = "int32",
) -> Any:
    """Uniform integers in [minval, maxval)."""
    return integers(shape, minval, maxval, dtype_of(minval), new_seed(run))


@lowers("ParameterizedTruncatedNormal")
def parameterized_truncated_normal(
    run: Run,
    shape: Static,
    means: Any,
    stdevs: Any,
    minvals: Any,
    maxvals: Any,
    *,
    seed: int = 0,
    seed2: int = 0,
    dtype: str = "float32",
) -> Any:
    """Normal within bounds. The parameters are scalars, or vectors along the first axis.

    By inverting the distribution function, so in single precision only for bounds within 5 deviations of the mean.
    """
    rank = len(_shape(shape))
    dtype = dtype_of(means)

    def spread(x: Any) -> Any:
        x = cast(x, "float32")
        return ops.reshape(x, (-1,) + (1,) * (rank - 1)) if len(x.shape) == 1 and rank > 1 else x

    mean, deviation, low, high = (spread(x) for x in (means, stdevs, minvals, maxvals))
    low_erf, high_erf = (ops.erf((bound - mean) / deviation * math.sqrt(0.5)) for bound in (low, high))
    drawn = low_erf + (high_erf - low_erf) * uniform(shape, "float32", new_seed(run))
    result = mean + deviation * math.sqrt(2) * ops.erfinv(ops.clip(drawn, -1 + 1e-7, 1 - 1e-7))
    return cast(ops.maximum(ops.minimum(result, high), low), dtype)


@lowers("Multinomial", picks=True)
def multinomial(
    run: Run, logits: Any, num_samples: Static, *, seed: int = 0, seed2: int = 0, output_dtype: str = "int64"
) -> Any:
    """Class numbers by unnormalised log probabilities."""
    return categorical(logits, num_samples, output_dtype, new_seed(run))


@lowers("RandomShuffle")
def random_shuffle(run: Run, value: Any, *, seed: int = 0, seed2: int = 0) -> Any:
    """Rows in another order."""
    return shuffle(value, new_seed(run))


@lowers("RandomGamma")
def random_gamma(run: Run, shape: Static, alpha: Any, *, seed: int = 0, seed2: int = 0) -> Any:
    """Gamma of rate 1: `shape` samples for each element of alpha."""
    return gamma(shape, alpha, new_seed(run))


@lowers("StatelessRandomUniform")
def stateless_uniform(shape: Static, seed: Any, *, dtype: str = "float32") -> Any:
    """Uniform in [0, 1)."""
    return uniform(shape, dtype, of_seed(seed))


@lowers("StatelessRandomUniformV2")
def stateless_uniform_v2(shape: Static, key: Any, counter: Any, alg: Any, *, dtype: str = "float32") -> Any:
    """Uniform in [0, 1)."""
    return uniform(shape, dtype, of_key(key, counter))


@lowers("StatelessRandomNormal")
def stateless_normal(shape: Static, seed: Any, *, dtype: str = "float32") -> Any:
    """Normal with mean 0 and deviation 1."""
    return normal(shape, dtype, of_seed(seed))


@lowers("StatelessRandomNormalV2")
def stateless_normal_v2(shape: Static, key: Any, counter: Any, alg: Any, *, dtype: str = "float32") -> Any:
    """Normal with mean 0 and deviation 1."""
    return normal(shape, dtype, of_key(key, counter))


@lowers("StatelessTruncatedNormal")
def stateless_truncated_normal(shape: Static, seed: Any, *, dtype: str = "float32") -> Any:
    """Normal, but no further than 2 from 0."""
    return truncated_normal(shape, dtype, of_seed(seed))


@lowers("StatelessTruncatedNormalV2")
def stateless_truncated_normal_v2(shape: Static, key: Any, counter: Any, alg: Any, *, dtype: str = "float32") -> Any:
    """Normal, but no further than 2 from 0."""
    return truncated_normal(shape, dtype, of_key(key, counter))


@lowers("StatelessRandomUniformInt", picks=True)
def stateless_uniform_int(shape: Static, seed: Any, minval: Any, maxval: Any, *, dtype: str = "") -> Any:
    """Uniform integers in [minval, maxval)."""
    return integers(shape, minval, maxval, dtype_of(minval), of_seed(seed))


@lowers("StatelessRandomUniformIntV2", picks=True)
def stateless_uniform_int_v2(
    shape: Static, key: Any, counter: Any, alg: Any, minval: Any, maxval: Any, *, dtype: str = ""
) -> Any:
    """Uniform integers in [minval, maxval)."""
    return integers(shape, minval, maxval, dtype_of(minval), of_key(key, counter))


@lowers("StatelessMultinomial", picks=True)
def stateless_multinomial(logits: Any, num_samples: Static, seed: Any, *, output_dtype: str = "int64") -> Any:
    """Class numbers by unnormalised log probabilities."""
    return categorical(logits, num_samples, output_dtype, of_seed(seed))


@lowers("StatelessRandomGammaV2")
def stateless_gamma_v2(shape: Static, seed: Any, alpha: Any, *, dtype: str = "") -> Any:
    """Gamma of rate 1; `shape` ends with alpha's."""
    return _stateless_gamma(shape, alpha, of_seed(seed))


@lowers("StatelessRandomGammaV3")
def stateless_gamma_v3(shape: Static, key: Any, counter: Any, alg: Any, alpha: Any, *, dtype: str = "") -> Any:
    """Gamma of rate 1; `shape` ends with alpha's."""
    return _stateless_gamma(shape, alpha, of_key(key, counter))


def _stateless_gamma(shape: np.ndarray, alpha: Any, seed: Any) -> Any:
    return gamma(shape[: len(shape) - len(alpha.shape)], alpha, seed)


@lowers("StatelessShuffle")
def stateless_shuffle(value: Any, key: Any, counter: Any, alg: Any) -> Any:
    """Rows in another order."""
    return shuffle(value, of_key(key, counter))


@lowers("StatelessRandomGetKeyCounter", picks=True)
def key_counter(seed: Any) -> tuple[Any, Any]:
    """A key, shape (1,), and a counter, shape (2,), that stand for `seed`; 64 bits wide where the backend has them."""
    both = words(seed)
    return both[:1], ops.concatenate([both[1:], ops.zeros_like(both[1:])])


@lowers("StatelessRandomGetKeyCounterAlg", picks=True)
def key_counter_alg(seed: Any) -> tuple[Any, Any, Any]:
    """See key_counter, and the number of the algorithm."""
    return *key_counter(seed), algorithm()


@lowers("StatelessRandomGetAlg")
def algorithm() -> Any:
    """The number of the algorithm, which the ops here do not need."""
    return np.asarray(_PHILOX, np.int32)


@lowers("RngReadAndSkip")
def read_and_skip(run: Run, resource: VariableHandle, alg: Any, delta: Static) -> Any:
    """A generator's state: two words of counter and a key. The counter moves on by `delta` numbers."""
    state = run.variables[resource.key]
    step = np.zeros(state.shape[0], dtype_of(state))
    step[0] = int(delta) * _STEP
    run.assign(resource, ops.add(state, step))
    return state


def of_generator(run: Run, resource: VariableHandle, shape: np.ndarray) -> Any:
    """A seed of a generator's state, which moves on by as many numbers as `shape` has."""
    state = words(read_and_skip(run, resource, None, np.asarray(max(int(np.prod(shape)), 1))))
    return of_key(state[-1:], state[:-1][:2])

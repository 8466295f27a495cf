"""Random counts by JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from hublayer.lowering.counts import lowers_counts


def _key(words: Any) -> Any:
    return jax.random.wrap_key_data(jnp.asarray(words, "uint32"), impl="threefry2x32")


def _poisson(words: Any, shape: tuple[int, ...], rate: Any) -> Any:
    return jax.random.poisson(_key(words), rate, shape)


def _binomial(words: Any, shape: tuple[int, ...], counts: Any, probs: Any) -> Any:
    return jax.random.binomial(_key(words), counts, probs, shape)


lowers_counts("jax", _poisson, _binomial)

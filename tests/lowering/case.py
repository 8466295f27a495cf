"""One case of one op: its inputs and attributes. Results come from TensorFlow's kernel, never from here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """op: TensorFlow's name. inputs: arrays by position, a list of arrays for an input that is a list.

    gradient: whether the gradient for the float inputs is compared too. rtol, atol: of float outputs, relative and
    absolute to the outputs' scale. limits: backends on which the case does not hold, with the reason; the test fails
    when it does hold after all. static: positions of inputs that are constants here, though they may be traced.
    outputs: how many of the outputs TensorFlow defines, if not all; the others depend on its machine.
    wide: run it where JAX has its 64-bit types.
    """

    op: str
    inputs: tuple[Any, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    gradient: bool = True
    rtol: float = 1e-5
    limits: Mapping[str, str] = field(default_factory=dict)
    static: tuple[int, ...] = ()
    outputs: int | None = None
    wide: bool = False

    @property
    def id(self) -> str:
        """The op, and what is special about the case."""
        return f"{self.op}-{self.name}" if self.name else self.op

    @property
    def digest(self) -> str:
        """Changes with the inputs or attributes, so that a stale golden is noticed."""
        text = hashlib.sha256(repr((self.op, sorted(self.attrs.items(), key=str))).encode())
        for array in self.flat_inputs:
            text.update(repr((array.dtype, array.shape, array.tolist())).encode())
        return text.hexdigest()[:16]

    @property
    def flat_inputs(self) -> list[np.ndarray]:
        """The inputs, lists opened."""
        flat: list[np.ndarray] = []
        for item in self.inputs:
            flat += [np.asarray(x) for x in item] if isinstance(item, list) else [np.asarray(item)]
        return flat


def floats(*shape: int, seed: int = 0, low: float = -2.0, high: float = 2.0, dtype: str = "float32") -> np.ndarray:
    """Uniform floats of a fixed seed."""
    rng = np.random.default_rng((seed, *shape))
    return rng.uniform(low, high, shape).astype(dtype)


def integers(*shape: int, seed: int = 0, low: int = -5, high: int = 6, dtype: str = "int32") -> np.ndarray:
    """Uniform integers of a fixed seed, `high` excluded."""
    return np.random.default_rng((seed, *shape)).integers(low, high, shape).astype(dtype)


def i32(*values: Any) -> np.ndarray:
    """An int32 array: i32(1, 2) is a vector, i32([1, 2]) too, i32(1) a scalar."""
    return np.array(values[0] if len(values) == 1 else values, np.int32)


def i64(*values: Any) -> np.ndarray:
    """An int64 array, as i32."""
    return np.array(values[0] if len(values) == 1 else values, np.int64)


def cotangent(index: int, array: np.ndarray) -> np.ndarray:
    """What the output number `index` is weighted with before it is summed and differentiated."""
    return np.cos(np.arange(array.size, dtype="float64") * 1.7 + index).reshape(array.shape).astype(array.dtype)

"""Runs a StableHLO module with JAX's own operations, one by one, so that it is traced, compiled and differentiated.

Numbers that shapes are computed from stay NumPy arrays, so a module for any batch size runs at the size at hand.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

from hublayer.errors import UnsupportedOpsError
from hublayer.lowering.backends.jax.xla_module import Block, Module, Operation
from hublayer.lowering.dtypes import backend_dtype

Lower = Callable[..., Any]
OPS: dict[str, Lower] = {}
CUSTOM_CALLS: dict[str, Lower] = {}
_RAW: set[str] = set()
# Arrays of at most so many integers are computed in NumPy: shapes, starts, counters.
_SMALL = 64


def lowers_op(*names: str, raw: bool = False, dialect: str = "stablehlo") -> Callable[[Lower], Lower]:
    """Register a function (interpreter, operation, *operands) for the operations `names`.

    raw: it takes operands that are known as NumPy arrays; otherwise all are JAX's.
    """

    def register(function: Lower) -> Lower:
        for name in names:
            OPS[f"{dialect}.{name}"] = function
            if raw:
                _RAW.add(f"{dialect}.{name}")
        return function

    return register


def lowers_custom_call(*targets: str) -> Callable[[Lower], Lower]:
    """Register a function (interpreter, operation, *operands) for custom calls of `targets`; operands are raw."""

    def register(function: Lower) -> Lower:
        CUSTOM_CALLS.update(dict.fromkeys(targets, function))
        return function

    return register


def jax_dtype(name: str) -> Any:
    """The dtype that JAX computes TensorFlow's `name` in."""
    return jnp.dtype(backend_dtype(name))


def array(value: Any) -> jax.Array:
    """A value as JAX has it; NumPy's 64-bit numbers become 32-bit ones, unless JAX computes in 64."""
    if isinstance(value, np.ndarray):
        name = "bfloat16" if value.dtype == ml_dtypes.bfloat16 else value.dtype.name
        return jnp.asarray(value.astype(jax_dtype(name), copy=False))
    return value


def known(value: Any, what: str) -> list[int]:
    """Integers that must not depend on the model's inputs. Raises ValueError if they do."""
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{what} depends on values, not on shapes alone; a compiled program needs it beforehand")
    return [int(x) for x in value.reshape(-1)]


class Interpreter:
    """Runs functions and regions of one module.

    call: runs function number i of the XlaCallModule's function_list. platform: where the run is.
    """

    def __init__(
        self,
        module: Module,
        call: Callable[[int, Sequence[Any]], Sequence[Any]] | None = None,
        platform: str = "cpu",
    ):
        self.module = module
        self.call = call
        self.platform = platform
        self.whole = False
        # By id of a computed sum: the sum, the computed summand, and the known one. A slice that begins at the one and
        # ends at the sum has a known size.
        self._sums: dict[int, tuple[Any, Any, np.ndarray]] = {}

    def function(self, name: str, arguments: Sequence[Any]) -> list[Any]:
        """The results of the function `name`."""
        return self.block(self.module.functions[name], arguments, {})

    def block(self, block: Block, arguments: Sequence[Any], outer: Mapping[int, Any]) -> list[Any]:
        """The results of a block; `outer` has the values of what encloses it."""
        values: ChainMap[int, Any] = ChainMap({}, *_maps(outer))
        values.update(zip(block.parameters, arguments, strict=True))
        for operation in block.operations:
            results = self.run(operation, [values[number] for number in operation.operands], values)
            values.update(zip(operation.results, results, strict=True))
        return [values[number] for number in block.results]

    def run(self, operation: Operation, operands: list[Any], values: Mapping[int, Any]) -> Sequence[Any]:
        """The results of one operation. Raises ValueError, which names it, for whatever goes wrong."""
        try:
            fold = _NUMPY.get(operation.name)
            if fold is not None and all(_small(x) for x in operands):
                return [fold(operation, *operands)]
            if operation.blocks:
                return BLOCKS[operation.name](self, operation, values, *operands)
            lower = OPS[operation.name]
            given = operands if operation.name in _RAW else [array(x) for x in operands]
            results = lower(self, operation, *given)
            if operation.name == "stablehlo.add":
                self._note_sum(results, *operands)
        except (ValueError, TypeError, KeyError, AssertionError) as error:
            if str(error).startswith("StableHLO"):
                raise
            shapes = ", ".join(f"{x.dtype} {tuple(x.shape)}" for x in operands if hasattr(x, "shape"))
            raise ValueError(f"StableHLO's {operation.name} on ({shapes}): {type(error).__name__}: {error}") from error
        return results if isinstance(results, list | tuple) else [results]

    def _note_sum(self, total: Any, x: Any, y: Any) -> None:
        for computed, constant in ((x, y), (y, x)):
            if _small(constant) and not isinstance(computed, np.ndarray):
                self._sums[id(total)] = (total, computed, constant)

    def distance(self, start: Any, limit: Any) -> list[int]:
        """How far `limit` lies from `start`. Raises ValueError if that depends on values."""
        if isinstance(start, np.ndarray) and isinstance(limit, np.ndarray):
            return known(limit - start, "a slice's size")
        found = self._sums.get(id(limit))
        if found is None or found[1] is not start:
            raise ValueError("the size of a slice depends on values; a compiled program needs it beforehand")
        return known(found[2], "a slice's size")

    def elementwise(self, block: Block, outer: Mapping[int, Any]) -> Callable[[Sequence[Any]], list[Any]]:
        """The region of numbers `block` for tensors of one shape, or of none."""

        def call(arguments: Sequence[Any]) -> list[Any]:
            inner = Interpreter(self.module, self.call, self.platform)
            inner.whole = True
            return inner.block(block, arguments, outer)

        return call


BLOCKS: dict[str, Lower] = {}


def lowers_blocks(*names: str) -> Callable[[Lower], Lower]:
    """Register a function (interpreter, operation, enclosing values, *raw operands) for operations with regions."""

    def register(function: Lower) -> Lower:
        BLOCKS.update({f"stablehlo.{name}": function for name in names})
        return function

    return register


def _maps(outer: Mapping[int, Any]) -> Sequence[Any]:
    return outer.maps if isinstance(outer, ChainMap) else [outer]


def _small(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "iub" and value.size <= _SMALL


def _as_declared(result: Any, operation: Operation) -> np.ndarray:
    return np.asarray(result).astype(operation.types[0].dtype, copy=False)


def _shape(operation: Operation) -> tuple[int, ...] | None:
    shape = operation.types[0].shape
    return None if None in shape else tuple(size for size in shape if size is not None)


def _fold(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(operation: Operation, *operands: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return _as_declared(function(*operands), operation)

    return run


_COMPARED = {
    "EQ": np.equal,
    "NE": np.not_equal,
    "GE": np.greater_equal,
    "GT": np.greater,
    "LE": np.less_equal,
    "LT": np.less,
}


def _fold_broadcast(operation: Operation, x: np.ndarray) -> Any:
    shape = [1] * len(operation.types[0].shape)
    for axis, size in zip(operation.attrs["broadcast_dimensions"], x.shape, strict=True):
        shape[axis] = size
    return np.broadcast_to(x.reshape(shape), operation.types[0].shape)


def _fold_slice(operation: Operation, x: np.ndarray) -> np.ndarray:
    attrs = operation.attrs
    limits = zip(attrs["start_indices"], attrs["limit_indices"], attrs["strides"], strict=True)
    return x[tuple(slice(*limit) for limit in limits)]


def _truncated(x: np.ndarray, y: np.ndarray) -> Any:
    safe = np.where(y == 0, 1, y)
    return np.where(y == 0, -1, (np.abs(x) // np.abs(safe)) * np.sign(x) * np.sign(safe))


_NUMPY: dict[str, Callable[..., Any]] = {
    "stablehlo.abs": _fold(np.abs),
    "stablehlo.add": _fold(np.add),
    "stablehlo.and": _fold(np.bitwise_and),
    "stablehlo.broadcast_in_dim": _fold_broadcast,
    "stablehlo.clamp": _fold(lambda low, x, high: np.clip(x, low, high)),
    "stablehlo.compare": lambda operation, x, y: np.asarray(_COMPARED[operation.attrs["comparison_direction"]](x, y)),
    "stablehlo.concatenate": lambda operation, *parts: np.concatenate(parts, operation.attrs["dimension"]),
    "stablehlo.convert": lambda operation, x: (
        _as_declared(x, operation) if operation.types[0].dtype != "bfloat16" else x.astype(ml_dtypes.bfloat16)
    ),
    "stablehlo.divide": _fold(_truncated),
    "stablehlo.maximum": _fold(np.maximum),
    "stablehlo.minimum": _fold(np.minimum),
    "stablehlo.multiply": _fold(np.multiply),
    "stablehlo.negate": _fold(np.negative),
    "stablehlo.not": _fold(np.bitwise_not),
    "stablehlo.or": _fold(np.bitwise_or),
    "stablehlo.remainder": _fold(lambda x, y: np.fmod(x, np.where(y == 0, 1, y))),
    "stablehlo.reshape": lambda operation, x: x.reshape(_shape(operation) or (-1,) * len(operation.types[0].shape)),
    "stablehlo.select": _fold(np.where),
    "stablehlo.sign": _fold(np.sign),
    "stablehlo.slice": _fold_slice,
    "stablehlo.subtract": _fold(np.subtract),
    "stablehlo.xor": _fold(np.bitwise_xor),
}


def unsupported(module: Module) -> list[str]:
    """Operations, custom calls and dtypes of the module that cannot be run."""
    missing = set()
    for operation in module.operations():
        if operation.name == "stablehlo.custom_call":
            target = str(operation.attrs["call_target_name"])
            if target not in CUSTOM_CALLS:
                missing.add(f"stablehlo.custom_call @{target}")
        elif operation.name not in (BLOCKS if operation.blocks else OPS):
            missing.add(operation.name)
        for kind in operation.types:
            if kind.dtype != "token" and kind.dtype not in _DTYPES:
                missing.add(f"the element type {kind.dtype}")
    return sorted(missing)


_DTYPES = frozenset(
    {"bool", "bfloat16", "complex64", "complex128", "float16", "float32", "float64"}
    | {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
)


def refuse_unsupported(module: Module) -> None:
    """Raise UnsupportedOpsError with everything in `module` that cannot be run."""
    missing = unsupported(module)
    if missing:
        raise UnsupportedOpsError(
            f"The model's StableHLO (XlaCallModule) has {len(missing)} operations that the translated runtime does not "
            "know:\n" + "\n".join(f"    {name}" for name in missing) + "\nOn Keras's TensorFlow backend, "
            "runtime='native' runs StableHLO by itself."
        )

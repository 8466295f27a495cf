"""StableHLO's operations that make, rearrange and cut tensors, and its gathers and scatters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jax import lax

from hublayer.lowering.backends.jax import xla_indexing
from hublayer.lowering.backends.jax.xla_module import Operation
from hublayer.lowering.backends.jax.xla_regions import as_function
from hublayer.lowering.backends.jax.xla_stablehlo import (
    Interpreter,
    array,
    jax_dtype,
    known,
    lowers_blocks,
    lowers_op,
)
from hublayer.lowering.xla_computations import monoid


def _declared(operation: Operation) -> list[int]:
    shape = operation.types[0].shape
    if None in shape:
        raise ValueError(f"the shape {shape} of the result is not known")
    return [size for size in shape if size is not None]


@lowers_op("constant", raw=True)
def _constant(interpreter: Interpreter, operation: Operation) -> np.ndarray:
    return operation.attrs["value"]


@lowers_op("iota")
def _iota(interpreter: Interpreter, operation: Operation) -> jax.Array:
    return _counted(operation, _declared(operation))


@lowers_op("dynamic_iota", raw=True)
def _dynamic_iota(interpreter: Interpreter, operation: Operation, shape: Any) -> jax.Array:
    return _counted(operation, known(shape, "a shape"))


def _counted(operation: Operation, shape: Sequence[int]) -> jax.Array:
    return lax.broadcasted_iota(jax_dtype(operation.types[0].dtype), tuple(shape), operation.attrs["iota_dimension"])


@lowers_op("get_dimension_size", raw=True)
def _get_dimension_size(interpreter: Interpreter, operation: Operation, x: Any) -> np.ndarray:
    return np.array(x.shape[operation.attrs["dimension"]], np.int32)


@lowers_op("broadcast_in_dim")
def _broadcast_in_dim(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    if interpreter.whole and not operation.types[0].shape:
        return x
    return lax.broadcast_in_dim(x, _declared(operation), operation.attrs["broadcast_dimensions"])


@lowers_op("dynamic_broadcast_in_dim", raw=True)
def _dynamic_broadcast_in_dim(interpreter: Interpreter, operation: Operation, x: Any, shape: Any) -> jax.Array:
    return lax.broadcast_in_dim(array(x), known(shape, "a shape"), operation.attrs["broadcast_dimensions"])


@lowers_op("broadcast")
def _broadcast(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    return lax.broadcast(x, operation.attrs["broadcast_sizes"])


@lowers_op("reshape")
def _reshape(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    if interpreter.whole and not operation.types[0].shape:
        return x
    return lax.reshape(x, _declared(operation))


@lowers_op("dynamic_reshape", raw=True)
def _dynamic_reshape(interpreter: Interpreter, operation: Operation, x: Any, shape: Any) -> Any:
    if isinstance(x, np.ndarray):
        return x.reshape(known(shape, "a shape"))
    return lax.reshape(x, known(shape, "a shape"))


@lowers_op("transpose")
def _transpose(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    return lax.transpose(x, operation.attrs["permutation"])


@lowers_op("reverse")
def _reverse(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    return lax.rev(x, operation.attrs["dimensions"])


@lowers_op("concatenate")
def _concatenate(interpreter: Interpreter, operation: Operation, *parts: Any) -> jax.Array:
    return lax.concatenate(parts, operation.attrs["dimension"])


@lowers_op("slice")
def _slice(interpreter: Interpreter, operation: Operation, x: Any) -> jax.Array:
    attrs = operation.attrs
    return lax.slice(x, attrs["start_indices"], attrs["limit_indices"], attrs["strides"])


@lowers_op("real_dynamic_slice", raw=True)
def _real_dynamic_slice(
    interpreter: Interpreter, operation: Operation, x: Any, start: Any, limit: Any, strides: Any
) -> Any:
    steps = known(strides, "a slice's stride")
    if isinstance(start, np.ndarray) and isinstance(limit, np.ndarray):
        bounds = zip(known(start, "a start"), known(limit, "an end"), steps, strict=True)
        return x[tuple(slice(*bound) for bound in bounds)]
    window = xla_indexing.dynamic_slice(array(x), list(array(start)), interpreter.distance(start, limit))
    return window[tuple(slice(None, None, step) for step in steps)]


@lowers_op("dynamic_slice", raw=True)
def _dynamic_slice(interpreter: Interpreter, operation: Operation, x: Any, *starts: Any) -> Any:
    sizes = operation.attrs["slice_sizes"]
    if isinstance(x, np.ndarray) and x.size <= 64 and all(isinstance(start, np.ndarray) for start in starts):
        begin = [int(np.clip(s, 0, n - size)) for s, n, size in zip(starts, x.shape, sizes, strict=True)]
        return x[tuple(slice(b, b + size) for b, size in zip(begin, sizes, strict=True))]
    return xla_indexing.dynamic_slice(array(x), [array(start) for start in starts], sizes)


@lowers_op("dynamic_update_slice")
def _dynamic_update_slice(interpreter: Interpreter, operation: Operation, x: Any, update: Any, *starts: Any) -> Any:
    return xla_indexing.dynamic_update_slice(x, update, starts)


@lowers_op("pad")
def _pad(interpreter: Interpreter, operation: Operation, x: Any, value: Any) -> jax.Array:
    attrs = operation.attrs
    edges = attrs["edge_padding_low"], attrs["edge_padding_high"], attrs["interior_padding"]
    return lax.pad(x, value, list(zip(*edges, strict=True)))


@lowers_op("dynamic_pad", raw=True)
def _dynamic_pad(interpreter: Interpreter, operation: Operation, x: Any, value: Any, *edges: Any) -> jax.Array:
    pads = zip(*(known(edge, "a padding") for edge in edges), strict=True)
    return lax.pad(array(x), array(value), list(pads))


@lowers_op("gather")
def _gather(interpreter: Interpreter, operation: Operation, x: Any, indices: Any) -> jax.Array:
    attrs = operation.attrs
    return xla_indexing.gather(x, indices, attrs["slice_sizes"], attrs["dimension_numbers"])


@lowers_op("dynamic_gather", raw=True)
def _dynamic_gather(interpreter: Interpreter, operation: Operation, x: Any, indices: Any, sizes: Any) -> jax.Array:
    dims = operation.attrs["dimension_numbers"]
    return xla_indexing.gather(array(x), array(indices), known(sizes, "a window's size"), dims)


@lowers_blocks("scatter")
def _scatter(
    interpreter: Interpreter, operation: Operation, outer: Mapping[int, Any], x: Any, indices: Any, *updates: Any
) -> list[jax.Array]:
    if len(updates) != 1:
        raise ValueError("several operands at once")
    kind = monoid(as_function(operation.blocks[0]))
    reduce = interpreter.elementwise(operation.blocks[0], outer)
    dims = operation.attrs["scatter_dimension_numbers"]
    return [xla_indexing.scatter(array(x), array(indices), array(updates[0]), dims, kind, reduce)]


@lowers_op("optimization_barrier", "tuple", raw=True)
def _same(interpreter: Interpreter, operation: Operation, *values: Any) -> list[Any]:
    return list(values) if operation.name != "stablehlo.tuple" else [list(values)]


@lowers_op("get_tuple_element", raw=True)
def _get_tuple_element(interpreter: Interpreter, operation: Operation, values: Any) -> list[Any]:
    return [values[operation.attrs["index"]]]


@lowers_op("create_token", "after_all", raw=True)
def _token(interpreter: Interpreter, operation: Operation, *tokens: Any) -> np.ndarray:
    return np.zeros((0,), bool)


@lowers_op("partition_id", "replica_id", raw=True)
def _first(interpreter: Interpreter, operation: Operation) -> np.ndarray:
    return np.zeros((), np.uint32)

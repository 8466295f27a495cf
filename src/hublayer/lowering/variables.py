"""Reading and assigning variables. A resource input is a VariableHandle; the Run has the values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hublayer.lowering import gather
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers


@lowers("VarHandleOp")
def var_handle(
    *,
    container: str = "",
    shared_name: str = "",
    dtype: str = "",
    shape: Any = None,
    allowed_devices: Any = (),
    debug_name: str = "",
    _part: Any = None,
) -> VariableHandle:
    """The handle of the variable `shared_name`, or of its part `_part`: (start, length) per dimension."""
    return VariableHandle(shared_name, _part)


@lowers("ReadVariableOp")
def read_variable(run: Run, resource: VariableHandle, *, dtype: str) -> Any:
    """The variable's current value."""
    return run.read(resource)


@lowers("DisableCopyOnRead")
def disable_copy_on_read(run: Run, resource: VariableHandle) -> tuple[()]:
    """Nothing: it speaks of TensorFlow's memory."""
    return ()


@lowers("VarIsInitializedOp")
def var_is_initialized(run: Run, resource: VariableHandle) -> Any:
    """True: every variable was restored."""
    return ops.convert_to_tensor(True)


@lowers("AssignVariableOp")
def assign_variable(
    run: Run, resource: VariableHandle, value: Any, *, dtype: str, validate_shape: bool = False
) -> tuple[()]:
    """Replace the value."""
    run.assign(resource, _as_current(run, resource, value))
    return ()


@lowers("AssignAddVariableOp")
def assign_add_variable(run: Run, resource: VariableHandle, value: Any, *, dtype: str) -> tuple[()]:
    """Add to the value."""
    run.assign(resource, ops.add(run.read(resource), _as_current(run, resource, value)))
    return ()


@lowers("AssignSubVariableOp")
def assign_sub_variable(run: Run, resource: VariableHandle, value: Any, *, dtype: str) -> tuple[()]:
    """Subtract from the value."""
    run.assign(resource, ops.subtract(run.read(resource), _as_current(run, resource, value)))
    return ()


def _as_current(run: Run, resource: VariableHandle, value: Any) -> Any:
    return cast(value, dtype_of(run.variables[resource.key]))


@lowers("ResourceGather")
def resource_gather(
    run: Run,
    resource: VariableHandle,
    indices: Any,
    *,
    batch_dims: int = 0,
    validate_indices: bool = True,
    dtype: str,
) -> Any:
    """Rows of the variable: its value at `indices` of axis `batch_dims`."""
    return gather.gather(run.read(resource), indices, batch_dims=batch_dims)


_Combine = Callable[[Any, Any, Any], Any]


def _combined(run: Run, ref: VariableHandle, places: Any, updates: Any, combine: _Combine) -> tuple[()]:
    """Assign the variable with `updates` combined into it at `places` (…, depth)."""
    value = run.read(ref)
    rest = tuple(value.shape[places.shape[-1] :])
    updates = ops.broadcast_to(_as_current(run, ref, updates), (*places.shape[:-1], *rest))
    run.assign(ref, combine(value, places, updates))
    return ()


def _scattered_rows(combine: _Combine) -> Callable[..., tuple[()]]:
    """The lowering of an op that combines `updates` into the rows `indices` of a variable."""

    def scatter(run: Run, resource: VariableHandle, indices: Any, updates: Any, *, dtype: str = "") -> tuple[()]:
        return _combined(run, resource, ops.expand_dims(ops.convert_to_tensor(indices), -1), updates, combine)

    return scatter


def _scattered_places(combine: _Combine) -> Callable[..., tuple[()]]:
    """The same at places (…, depth)."""

    def scatter(
        run: Run, ref: VariableHandle, indices: Any, updates: Any, *, use_locking: bool = True,
        bad_indices_policy: str = "",
    ) -> tuple[()]:  # fmt: skip
        return _combined(run, ref, ops.convert_to_tensor(indices), updates, combine)

    return scatter


def _scaled(factor: Callable[[Any], Any]) -> _Combine:
    """Multiplication at places, which may come several times."""

    def combine(value: Any, places: Any, updates: Any) -> Any:
        factors = ops.ones_like(value)
        for i in range(math.prod(places.shape[:-1])):
            at = np.unravel_index(i, tuple(places.shape[:-1]))
            one = ops.expand_dims(factor(updates[at]), 0)
            place = ops.expand_dims(places[at], 0)
            factors = gather.tensor_scatter_update(factors, place, ops.multiply(gather.gather_nd(factors, place), one))
        return ops.multiply(value, factors)

    return combine


_COMBINATIONS = {
    "Update": gather.tensor_scatter_update,
    "Add": gather.tensor_scatter_add,
    "Sub": gather.tensor_scatter_sub,
    "Max": gather.tensor_scatter_max,
    "Min": gather.tensor_scatter_min,
    "Mul": _scaled(lambda x: x),
    "Div": _scaled(lambda x: ops.divide(1.0, x)),
}
for _name, _combine in _COMBINATIONS.items():
    lowers(f"ResourceScatter{_name}", orders=_name in ("Max", "Min"))(_scattered_rows(_combine))
    if _name not in ("Mul", "Div"):
        lowers(f"ResourceScatterNd{_name}", orders=_name in ("Max", "Min"))(_scattered_places(_combine))

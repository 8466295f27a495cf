"""Reading and assigning variables. A resource input is a VariableHandle; the Run has the values."""

from __future__ import annotations

from typing import Any

from keras import ops

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run, VariableHandle
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
) -> VariableHandle:
    """The handle of the variable `shared_name`."""
    return VariableHandle(shared_name)


@lowers("ReadVariableOp")
def read_variable(run: Run, resource: VariableHandle, *, dtype: str) -> Any:
    """The variable's current value."""
    return run.variables[resource.key]


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
    run.assign(resource, ops.add(run.variables[resource.key], _as_current(run, resource, value)))
    return ()


@lowers("AssignSubVariableOp")
def assign_sub_variable(run: Run, resource: VariableHandle, value: Any, *, dtype: str) -> tuple[()]:
    """Subtract from the value."""
    run.assign(resource, ops.subtract(run.variables[resource.key], _as_current(run, resource, value)))
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
    from hublayer.lowering.gather import gather

    return gather(run.variables[resource.key], indices, batch_dims=batch_dims)

"""Variables on the host: those of strings, and weights that a loop over strings reads. A variable is its own handle."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.host.execute import HostRun
from hublayer.host.movement import on_strings
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.savedmodel.tensors import constant_dtype


class HostVariable(Protocol):
    """What the host needs of a variable: its value, an array or a StringTensor, which may be set."""

    value: Any


class StringVariable:
    """A variable of strings. It belongs to a loaded model, whose endpoints share it."""

    def __init__(self, value: StringTensor):
        self.value = value


def _moved(op: str, inputs: list[Any], attrs: dict[str, Any]) -> Any:
    strings = any(isinstance(value, StringTensor) for value in inputs)
    return on_strings(op, inputs, attrs) if strings else NUMPY_OPS[op](inputs, attrs)


@host_op("VarHandleOp")
def var_handle(
    run: HostRun, *, dtype, shape, container="", shared_name="", debug_name="", allowed_devices=(), node_name=""
):
    """The variable of a TF1 graph that has this name."""
    return run.variable(shared_name or node_name)


@host_op("ReadVariableOp")
def read_variable(resource: HostVariable, *, dtype):
    """The value."""
    return resource.value


@host_op("ResourceGather")
def resource_gather(resource: HostVariable, indices, *, dtype, batch_dims=0, validate_indices=True):
    """Rows of the value."""
    return _moved("GatherV2", [resource.value, indices, np.array(batch_dims)], {"batch_dims": batch_dims})


@host_op("ResourceGatherNd")
def resource_gather_nd(resource: HostVariable, indices, *, dtype):
    """Elements or slices of the value."""
    return _moved("GatherNd", [resource.value, indices], {})


@host_op("VariableShape")
def variable_shape(input: HostVariable, *, out_type="int32"):
    """The shape of the value."""
    return np.array(input.value.shape, constant_dtype(out_type))


@host_op("VarIsInitializedOp")
def var_is_initialized(resource: HostVariable):
    """True: a loaded variable has a value."""
    return np.array(True)


@host_op("AssignVariableOp")
def assign_variable(resource: HostVariable, value, *, dtype, validate_shape=False):
    """A new value. Raises ValueError for another shape if validate_shape is set."""
    if validate_shape and value.shape != resource.value.shape:
        raise ValueError(f"a variable of shape {resource.value.shape} cannot take a value of shape {value.shape}")
    resource.value = value
    return ()


@host_op("AssignAddVariableOp")
def assign_add_variable(resource: HostVariable, value, *, dtype):
    """Add to the value."""
    resource.value = NUMPY_OPS["AddV2"]([resource.value, value], {})
    return ()


@host_op("AssignSubVariableOp")
def assign_sub_variable(resource: HostVariable, value, *, dtype):
    """Subtract from the value."""
    resource.value = NUMPY_OPS["Sub"]([resource.value, value], {})
    return ()

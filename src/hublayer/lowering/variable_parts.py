"""Shapes of variables, and elements and slices of them read and assigned."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering import gather
from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.execute import Run, VariableHandle
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.slicing import tensor_strided_slice_update


@lowers("VariableShape")
def variable_shape(run: Run, input: VariableHandle, *, out_type: str = "int32") -> np.ndarray:
    """The shape, which is known."""
    return np.array([int(size) for size in run.read(input).shape], out_type)


@lowers("ResourceGatherNd")
def resource_gather_nd(run: Run, resource: VariableHandle, indices: Any, *, dtype: str) -> Any:
    """Slices of the variable at the indices that the last dimension of `indices` holds."""
    return gather.gather_nd(run.read(resource), indices)


@lowers("ResourceStridedSliceAssign")
def resource_strided_slice_assign(
    run: Run,
    ref: VariableHandle,
    begin: Any,
    end: Any,
    strides: Static,
    value: Any,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> tuple[()]:
    """Assign the variable with `value` in the place of the slice."""
    current = run.read(ref)
    updated = tensor_strided_slice_update(
        current,
        begin,
        end,
        strides,
        cast(value, dtype_of(current)),
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
    )
    run.assign(ref, updated)
    return ()

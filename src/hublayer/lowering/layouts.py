"""Axes and sizes from one layout of images to another, as a graph has them that was rewritten for channels first."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.lowering.dtypes import cast, dtype_of
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.registry import lowers


def _places(src: str, dst: str) -> list[int]:
    """Where each letter of `dst` stands in `src`; space alone counts where a vector has no batch and channels."""
    return [src.index(letter) for letter in dst]


@lowers("DataFormatDimMap", picks=True)
def data_format_dim_map(x: Any, *, src_format: str = "NHWC", dst_format: str = "NCHW") -> Any:
    """For axes of `src_format`, negative ones counted from the end, those of `dst_format`."""
    table = np.array(_places(dst_format, src_format) * 2, np.int32)
    return cast(ops.take(table, ops.add(x, len(src_format))), dtype_of(x))


@lowers("DataFormatVecPermute", picks=True)
def data_format_vec_permute(x: Any, *, src_format: str = "NHWC", dst_format: str = "NCHW") -> Any:
    """Sizes (a vector) or pairs of paddings (two columns) in the order of `dst_format`, of all axes or of space."""
    if x.shape[0] == len(src_format) - 2:
        src_format, dst_format = (name.replace("N", "").replace("C", "") for name in (src_format, dst_format))
    return ops.take(x, _places(src_format, dst_format), axis=0)


@lowers("UnravelIndex", picks=True)
def unravel_index(indices: Any, dims: Any) -> Any:
    """The position along each of `dims` of elements of a flattened tensor; an axis for the dimensions comes first."""
    places = []
    left = indices
    for axis in reversed(range(dims.shape[0])):
        places.append(ops.mod(left, dims[axis]))
        left = ops.floor_divide(left, dims[axis])
    return cast(ops.stack(places[::-1]), dtype_of(indices))

"""Ops with indices: gathering, scattering, partitions, segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from values.drawers.registry import draws, draws_op
from values.drawing import Drawing, Shape


@draws("params indices", "params indices axis")
def gather(d: Drawing) -> list[Any]:
    """Rows by number, along any axis, batch by batch."""
    shape = d.shape(1, 4)
    if len(d.schema.inputs) == 2:
        return [d.given(0, shape), d.indices(d.of(1), d.shape(0, 3), shape[0])]
    axis = d.whole(0, len(shape) - 1)
    batch = d.attrs["batch_dims"] = d.whole(0, min(axis, 2))
    indices = d.indices(d.of(1), (*shape[:batch], *d.shape(0, 2)), shape[axis])
    return [d.given(0, shape), indices, d.whole_array(2, axis - len(shape) if d.flag() else axis)]


def _places(d: Drawing, dtype: str, shape: Shape, outer: Shape) -> np.ndarray:
    """Places in a tensor of `shape`, of its first dimensions or of all."""
    depth = d.whole(1 if d.op != "GatherNd" else 0, len(shape))
    columns = [d.indices(dtype, (*outer, 1), size) for size in shape[:depth]]
    none = d.indices(dtype, (*outer, 0), 1)
    return np.concatenate([none, *columns], axis=-1).astype(none.dtype)


@draws_op("GatherNd")
def gather_nd(d: Drawing) -> list[Any]:
    """Parts by place."""
    shape = d.shape(1, 4)
    return [d.given(0, shape), _places(d, d.of(1), shape, d.shape(0, 2))]


@draws("indices updates shape", "tensor indices updates", "input indices updates")
def scatter(d: Drawing) -> list[Any]:
    """Parts put at places, some of them at the same."""
    shape, outer = d.shape(1, 3), d.shape(1, 2)
    first = d.schema.inputs[0].name == "indices"
    at = 0 if first else 1
    indices = _places(d, d.of(at), shape, outer)
    updates = d.given(at + 1, (*outer, *shape[indices.shape[-1] :]))
    return [indices, updates, d.whole_array(2, shape)] if first else [d.given(0, shape), indices, updates]


@draws("x i v")
def in_place(d: Drawing) -> list[Any]:
    """Rows that are replaced."""
    shape = d.shape(1, 3, empty=False)
    rows = d.whole(1, 3)
    return [d.given(0, shape), d.indices(d.of(1), (rows,), shape[0]), d.given(2, (rows, *shape[1:]))]


@draws("data partitions")
def partition(d: Drawing) -> list[Any]:
    """Each element or row goes to one of some parts."""
    shape = d.shape(0, 3)
    count = d.attrs["num_partitions"] = d.whole(1, 3)
    return [d.given(0, shape), d.indices(d.of(1), shape[: d.whole(0, len(shape))], count)]


@draws("indices data")
def stitch(d: Drawing) -> list[Any]:
    """Rows with their numbers, all of which occur."""
    rest, shapes = d.shape(0, 2), [d.shape(0, 2) for _ in range(d.whole(1, 3))]
    total = sum(int(np.prod(shape)) for shape in shapes)
    # Where parts are put in parallel, which of two wins is not said.
    repeated = int(d.op == "DynamicStitch" and total > 1 and d.flag())
    order = np.random.default_rng(d.whole(0, 9)).permutation(total - repeated)
    order = np.concatenate([order, order[:repeated]])
    indices, start = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        indices.append(d.whole_array(0, order[start : start + size].reshape(shape)))
        start += size
    return [indices, [d.given(1, (*shape, *rest)) for shape in shapes]]


@draws("indices dims")
def unravel(d: Drawing) -> list[Any]:
    """Places in a tensor by one number."""
    dims = d.shape(1, 3, empty=False)
    return [d.indices(d.of(0), d.shape(0, 1), int(np.prod(dims))), d.whole_array(1, dims)]


@draws("data segment_ids")
def segments(d: Drawing) -> list[Any]:
    """Rows with the number of their segment, in order, some of which do not occur."""
    shape = d.shape(1, 3)
    return [d.given(0, shape), np.sort(d.indices(d.of(1), shape[:1], 5))]


@draws("data segment_ids num_segments")
def unsorted_segments(d: Drawing) -> list[Any]:
    """Segments in any order; rows with a negative number are left out."""
    shape = d.shape(1, 3)
    count = d.whole(0, 4)
    ids = shape[: d.whole(1, len(shape))]
    return [d.given(0, shape), d.indices(d.of(1), ids, count, -1), d.whole_array(2, count)]


@draws("data indices segment_ids", "data indices segment_ids num_segments")
def sparse_segments(d: Drawing) -> list[Any]:
    """Rows picked by number, and added up by segment."""
    shape = d.shape(1, 3)
    picked = d.choose([3, 1, 4])  # of none, TensorFlow's gradient holds whatever the memory held
    inputs = [
        d.given(0, shape),
        d.indices(d.of(1), (picked,), shape[0]),
        np.sort(d.indices(d.of(2), (picked,), 4)),
    ]
    return inputs if len(d.schema.inputs) == 3 else [*inputs, d.whole_array(3, d.whole(4, 6))]


@draws_op("SparseToDense")
def sparse_to_dense(d: Drawing) -> list[Any]:
    """Values at places, in order."""
    size, count = d.whole(1, 5), d.whole(0, 3)
    places = np.sort(d.indices(d.of(0), (count,), size))
    if len(set(places.tolist())) < count:
        d.reject()
    return [places, d.whole_array(1, [size]), d.given(2, (count,)), d.given(3, ())]


@draws_op("SparseTensorDenseMatMul")
def sparse_matrix(d: Drawing) -> list[Any]:
    """A sparse matrix and a dense one."""
    rows, inner, columns, count = (d.choose([2, 3, 1]) for _ in range(4))
    shape = (inner, rows) if d.attrs["adjoint_a"] else (rows, inner)
    dense = (columns, inner) if d.attrs["adjoint_b"] else (inner, columns)
    places = np.stack([d.indices(d.of(0), (count,), size) for size in shape], axis=1)
    return [places, d.given(1, (count,)), d.whole_array(2, shape), d.given(3, dense)]

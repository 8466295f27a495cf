"""Ops that move elements: shapes, slices, padding, joining, taking apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from values.drawers.reductions import axes_of, axis_of
from values.drawers.registry import draws, draws_op
from values.drawing import Drawing


@draws("input shape")
def broadcast_to(d: Drawing) -> list[Any]:
    """A shape that the input broadcasts to."""
    shape = d.shape()
    return [d.given(0, d.broadcastable(shape)), d.whole_array(1, shape)]


@draws("tensor shape")
def reshape(d: Drawing) -> list[Any]:
    """The same elements in another shape, one dimension of which may be left open."""
    shape = d.shape()
    size = int(np.prod(shape))
    wanted = list(d.choose([shape[::-1], (size,), (1, size), shape]))
    if wanted and d.flag():
        wanted[d.whole(0, len(wanted) - 1)] = -1
    return [d.given(0, shape), d.whole_array(1, wanted)]


@draws("dims value")
def fill(d: Drawing) -> list[Any]:
    """A shape and a scalar."""
    return [d.whole_array(0, d.shape()), d.given(1, ())]


@draws("shape")
def made(d: Drawing) -> list[Any]:
    """A shape; what is not initialised has no value to compare."""
    if "init" in d.attrs:
        d.attrs["init"] = True
    return [d.whole_array(0, d.shape())]


@draws("input multiples")
def tile(d: Drawing) -> list[Any]:
    """How often each dimension is repeated."""
    shape = d.shape(0, 4)
    return [d.given(0, shape), d.whole_array(1, [d.choose([1, 2, 0, 3]) for _ in shape])]


@draws("x perm")
def transpose(d: Drawing) -> list[Any]:
    """An order of the dimensions."""
    shape = d.shape()
    order = np.random.default_rng(d.whole(0, 9)).permutation(len(shape))
    return [d.given(0, shape), d.whole_array(1, order)]


@draws("input paddings", "input paddings constant_values")
def pad(d: Drawing) -> list[Any]:
    """How much before and after each dimension; a mirror has no more than there is."""
    shape = d.shape(0, 4)
    most = [3] * len(shape)
    if d.op == "MirrorPad":
        most = [size - (d.attrs["mode"] == "REFLECT") for size in shape]
    before_and_after = [[d.whole(0, min(m, 2)) if m > 0 else 0 for _ in range(2)] for m in most]
    inputs = [d.given(0, shape), d.whole_array(1, np.reshape(before_and_after, (len(shape), 2)))]
    return inputs if len(d.schema.inputs) == 2 else [*inputs, d.given(2, ())]


@draws("input dim")
def expand(d: Drawing) -> list[Any]:
    """Where a dimension is put in."""
    shape = d.shape(0, 4)
    axis = axis_of(d, 1, len(shape), 1)
    return [d.given(0, shape), axis.reshape(1) if d.flag() else axis]


@draws("input begin size")
def slice_(d: Drawing) -> list[Any]:
    """A part; -1 is the rest."""
    shape = d.shape()
    begin = [d.whole(0, size) for size in shape]
    size = [-1 if d.flag() else d.whole(0, s - b) for s, b in zip(shape, begin, strict=True)]
    return [d.given(0, shape), d.whole_array(1, begin), d.whole_array(2, size)]


def _strides(d: Drawing, rank: int) -> tuple[list[int], list[int], list[int]]:
    """Bounds beyond the ends too, steps back and forth, and masks."""
    count = d.whole(0, rank)
    step = [d.choose([1, 2, -1, -2, 3]) for _ in range(count)]
    begin = [d.whole(-4, 4) for _ in range(count)]
    end = [d.whole(-5, 5) for _ in range(count)]
    for name in ("begin_mask", "end_mask", "new_axis_mask", "shrink_axis_mask"):
        d.attrs[name] = sum(1 << i for i in range(count) if d.choose([False, False, True]))
    d.attrs["ellipsis_mask"] = 1 << d.whole(0, count - 1) if count and d.choose([False, False, True]) else 0
    return begin, end, step


@draws_op("StridedSlice")
def strided_slice(d: Drawing) -> list[Any]:
    """Any index that Python knows."""
    shape = d.shape()
    begin, end, step = _strides(d, len(shape))
    return [d.given(0, shape), d.whole_array(1, begin), d.whole_array(2, end), d.whole_array(3, step)]


def _sliced(d: Drawing, shape: tuple[int, ...], bounds: tuple[list[int], list[int], list[int]]) -> tuple[int, ...]:
    import tensorflow as tf

    masks = {name: d.attrs[name] for name in d.attrs if name.endswith("_mask")}
    try:
        return tuple(tf.raw_ops.StridedSlice(input=tf.zeros(shape), begin=bounds[0], end=bounds[1], strides=bounds[2],
                                             **masks).shape)  # fmt: skip
    except (tf.errors.OpError, ValueError, TypeError):
        d.reject()
        return ()


@draws_op("StridedSliceGrad")
def strided_slice_gradient(d: Drawing) -> list[Any]:
    """The gradient has the shape of the slice."""
    shape = d.shape()
    bounds = _strides(d, len(shape))
    part = _sliced(d, shape, bounds)
    return [*(d.whole_array(i, value) for i, value in enumerate((shape, *bounds))), d.given(4, part)]


@draws_op("TensorStridedSliceUpdate")
def strided_slice_update(d: Drawing) -> list[Any]:
    """What is put in has the shape of the slice."""
    shape = d.shape()
    bounds = _strides(d, len(shape))
    part = _sliced(d, shape, bounds)
    return [d.given(0, shape), *(d.whole_array(i + 1, x) for i, x in enumerate(bounds)), d.given(4, part)]


@draws("split_dim value")
def split(d: Drawing) -> list[Any]:
    """Equal parts along one dimension."""
    shape = list(d.shape(1, 4))
    axis = d.whole(0, len(shape) - 1)
    d.attrs["num_split"] = d.choose([2, 1, 3])
    shape[axis] = d.attrs["num_split"] * d.choose([1, 2, 0])
    return [d.whole_array(0, axis - len(shape) if d.flag() else axis), d.given(1, tuple(shape))]


@draws("value size_splits split_dim")
def split_sizes(d: Drawing) -> list[Any]:
    """Parts of given sizes, one of which may be the rest."""
    shape = list(d.shape(1, 4))
    axis = d.whole(0, len(shape) - 1)
    sizes = [d.choose([1, 2, 0]) for _ in range(d.whole(1, 3))]
    shape[axis] = sum(sizes)
    if d.flag():
        sizes[d.whole(0, len(sizes) - 1)] = -1
    d.attrs["num_split"] = len(sizes)
    axis = d.whole_array(2, axis - len(shape) if d.flag() else axis)
    return [d.given(0, tuple(shape)), d.whole_array(1, sizes), axis]


@draws_op("Pack")
def pack(d: Drawing) -> list[Any]:
    """Tensors of one shape along a new dimension."""
    shape = d.shape(0, 4)
    d.attrs["axis"] = d.whole(-len(shape) - 1, len(shape))
    return [[d.given(0, shape) for _ in range(d.whole(1, 3))]]


@draws_op("Unpack")
def unpack(d: Drawing) -> list[Any]:
    """One dimension taken apart."""
    shape = d.shape(1)
    axis = d.whole(0, len(shape) - 1)
    d.attrs |= {"num": shape[axis], "axis": axis - len(shape) if d.flag() else axis}
    return [d.given(0, shape)]


@draws("values axis", "concat_dim values")
def concat(d: Drawing) -> list[Any]:
    """Tensors that differ in one dimension."""
    shape = d.shape(1, 4)
    axis = d.whole(0, len(shape) - 1)
    first = d.schema.inputs[0].length is None
    parts = [
        d.given(int(first), (*shape[:axis], d.choose([1, 2, 0, 3]), *shape[axis + 1 :])) for _ in range(d.whole(2, 3))
    ]
    where = d.whole_array(0 if first else 1, axis - len(shape) if d.flag() else axis)
    return [where, parts] if first else [parts, where]


@draws("concat_dim shape")
def offsets(d: Drawing) -> list[Any]:
    """Shapes that differ in one dimension."""
    shape = d.shape(1, 4)
    axis = d.whole(0, len(shape) - 1)
    shapes = [[*shape[:axis], d.choose([1, 2, 0]), *shape[axis + 1 :]] for _ in range(d.whole(2, 3))]
    return [d.whole_array(0, axis), [d.whole_array(1, x) for x in shapes]]


@draws("s0 s1")
def shapes(d: Drawing) -> list[Any]:
    """Two shapes that broadcast."""
    shape = d.shape()
    pair = [shape, d.broadcastable(shape)]
    if d.flag():
        pair.reverse()
    return [d.whole_array(i, x) for i, x in enumerate(pair)]


@draws("tensor axis")
def reverse(d: Drawing) -> list[Any]:
    """The axes that are reversed."""
    shape = d.shape()
    return [d.given(0, shape), np.atleast_1d(axes_of(d, 1, len(shape)))]


@draws("tensor dims")
def reverse_flags(d: Drawing) -> list[Any]:
    """A flag for each dimension."""
    shape = d.shape()
    return [d.given(0, shape), d.whole_array(1, [d.flag() for _ in shape])]


@draws("input shift axis")
def roll(d: Drawing) -> list[Any]:
    """Shifts, longer ones too, along axes that may repeat."""
    shape = d.shape(1, 4)
    count = d.whole(1, 2)
    axes = [int(axis_of(d, 2, len(shape))) for _ in range(count)]
    shifts = [d.whole(-5, 5) for _ in range(count)]
    if count == 1 and d.flag():
        return [d.given(0, shape), d.whole_array(1, shifts[0]), d.whole_array(2, axes[0])]
    return [d.given(0, shape), d.whole_array(1, shifts), d.whole_array(2, axes)]


@draws("input seq_lengths")
def reverse_sequences(d: Drawing) -> list[Any]:
    """How much of each sequence is reversed."""
    shape = d.shape(2, 4)
    axes = list(np.random.default_rng(d.whole(0, 9)).permutation(len(shape))[:2])
    d.attrs |= {"seq_dim": int(axes[0]), "batch_dim": int(axes[1])}
    return [d.given(0, shape), d.indices(d.of(1), (shape[axes[1]],), shape[axes[0]] + 1)]


@draws("start limit delta")
def range_(d: Drawing) -> list[Any]:
    """Up and down, nothing too."""
    start, limit = d.whole(-3, 3), d.whole(-6, 9)
    step = d.choose([1, 2, 3, -1, -2, 0.5, 0.3, -0.7])
    if np.issubdtype(d.whole_array(0, 0).dtype, np.integer):
        step = int(step) or 1
    if np.issubdtype(d.whole_array(0, 0).dtype, np.unsignedinteger):
        start, limit, step = abs(start), abs(limit), abs(step)
    return [d.whole_array(0, start), d.whole_array(1, limit), d.whole_array(2, step)]


@draws("start stop num")
def linear(d: Drawing) -> list[Any]:
    """Numbers between two, one or a few."""
    return [d.given(0, (), "finite"), d.given(1, (), "finite"), d.whole_array(2, d.whole(1, 6))]


@draws("indices depth on_value off_value")
def one_hot(d: Drawing) -> list[Any]:
    """Indices, some beyond the depth."""
    shape = d.shape(0, 3)
    d.attrs["axis"] = d.whole(-1, len(shape))
    low = -1 if not d.of(0).startswith("u") else 0
    return [d.indices(d.of(0), shape, 5, low), d.whole_array(1, d.whole(0, 4)), d.given(2, ()), d.given(3, ())]


@draws_op("Squeeze")
def squeeze(d: Drawing) -> list[Any]:
    """Dimensions of one, all of them or those that are named."""
    shape = tuple(1 if d.flag() else size for size in d.shape())
    ones = [i for i, size in enumerate(shape) if size == 1]
    d.attrs["squeeze_dims"] = [i - len(shape) if d.flag() else i for i in ones if d.flag()]
    return [d.given(0, shape)]


@draws("input block_shape crops", "input block_shape paddings")
def blocks(d: Drawing) -> list[Any]:
    """Blocks of one or two dimensions, padded or cropped."""
    count = d.whole(1, 2)
    block = [d.choose([2, 1, 3]) for _ in range(count)]
    around = [[d.whole(0, 1), d.whole(0, 1)] for _ in range(count)]
    rest = d.shape(0, 1)
    if "crops" in d.schema.inputs[2].name:
        batch = int(np.prod(block)) * d.choose([1, 2])
        sizes = [d.choose([2, 1, 3]) for _ in range(count)]
    else:
        batch = d.choose([1, 2])
        sizes = [b * d.choose([1, 2]) - sum(a) for b, a in zip(block, around, strict=True)]
        if min(sizes) < 0:
            d.reject()
    return [d.given(0, (batch, *sizes, *rest)), d.whole_array(1, block), d.whole_array(2, around)]


@draws("input crops")
@draws_op("SpaceToBatch")
def image_blocks(d: Drawing) -> list[Any]:
    """Square blocks of images."""
    size = d.attrs["block_size"] = d.choose([2, 3])
    around = [[d.whole(0, 1), d.whole(0, 1)] for _ in range(2)]
    if d.op == "BatchToSpace":
        shape = (size * size * d.choose([1, 2]), d.choose([2, 1]), d.choose([2, 1]), d.choose([1, 2]))
    else:
        height, width = (size * d.choose([1, 2]) - sum(a) for a in around)
        if min(height, width) < 0:
            d.reject()
        shape = (d.choose([1, 2]), height, width, d.choose([1, 2]))
    return [d.given(0, shape), d.whole_array(1, around)]


@draws_op("DepthToSpace", "SpaceToDepth")
def depth(d: Drawing) -> list[Any]:
    """Square blocks of pixels and channels."""
    size = d.attrs["block_size"] = d.choose([2, 3])
    batch, height, width, channels = (d.choose([1, 2]) for _ in range(4))
    if d.op == "DepthToSpace":
        channels *= size * size
    else:
        height, width = height * size, width * size
    return [d.given(0, (batch, height, width, channels))]


@draws_op("DataFormatDimMap", "DataFormatVecPermute")
def layout(d: Drawing) -> list[Any]:
    """Numbers of dimensions, or one number for each."""
    d.attrs |= {"src_format": d.choose(["NHWC", "NCHW"]), "dst_format": d.choose(["NCHW", "NHWC"])}
    if d.op == "DataFormatDimMap":
        return [d.indices(d.of(0), d.shape(), 4, -4)]
    return [d.given(0, d.choose([(4,), (4, 2), (2,)]))]


@draws_op("ConjugateTranspose")
def conjugate_transpose(d: Drawing) -> list[Any]:
    """An order of the dimensions."""
    return transpose(d)

"""TensorFlow's own lists, as variants: their lengths and element shapes need not be known.

A TensorArray is a list in its flow here too.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from hublayer.lowering.backends.tensorflow.native import lowers_native
from hublayer.lowering.lists import ArrayHandle
from hublayer.lowering.registry import lowers
from hublayer.lowering.tensor_list import Shape

lowers_native(
    "EmptyTensorList",
    "TensorListConcatLists",
    "TensorListConcatV2",
    "TensorListElementShape",
    "TensorListFromTensor",
    "TensorListGather",
    "TensorListGetItem",
    "TensorListLength",
    "TensorListPopBack",
    "TensorListPushBack",
    "TensorListReserve",
    "TensorListResize",
    "TensorListScatter",
    "TensorListScatterIntoExistingList",
    "TensorListScatterV2",
    "TensorListSetItem",
    "TensorListSplit",
    "TensorListStack",
)


def _shape(shape: Shape) -> tf.Tensor:
    return tf.constant(-1 if shape is None else [-1 if dim is None else dim for dim in shape], tf.int32)


def _learn(handle: ArrayHandle, shape: tf.TensorShape) -> None:
    """Take the shape of an element that is written for that of all, as far as it does not contradict another."""
    if shape.rank is None:
        return
    known = handle.shape
    if known is None:
        handle.shape = tuple(shape)
    elif len(known) == shape.rank:
        handle.shape = tuple(new if old is None else old for old, new in zip(known, shape, strict=True))


@lowers("TensorArrayV3", backend="tensorflow")
def tensor_array(
    size: Any,
    *,
    dtype: str,
    element_shape: Shape = None,
    dynamic_size: bool = False,
    clear_after_read: bool = True,
    identical_element_shapes: bool = False,
    tensor_array_name: str = "",
) -> tuple[ArrayHandle, tf.Tensor]:
    """A handle, and the flow: a list of `size` elements."""
    flow = tf.raw_ops.TensorListReserve(element_shape=_shape(element_shape), num_elements=size, element_dtype=dtype)
    return ArrayHandle(dtype, element_shape, dynamic_size), flow


@lowers("TensorArrayWriteV3", backend="tensorflow")
def tensor_array_write(handle: ArrayHandle, index: Any, value: Any, flow_in: tf.Tensor) -> tf.Tensor:
    """The flow with another element at `index`."""
    _learn(handle, tf.convert_to_tensor(value).shape)
    return tf.raw_ops.TensorListSetItem(
        input_handle=flow_in, index=index, item=value, resize_if_index_out_of_bounds=handle.dynamic_size
    )


@lowers("TensorArrayReadV3", backend="tensorflow")
def tensor_array_read(handle: ArrayHandle, index: Any, flow_in: tf.Tensor, *, dtype: str) -> tf.Tensor:
    """One element."""
    return tf.raw_ops.TensorListGetItem(
        input_handle=flow_in, index=index, element_shape=_shape(handle.shape), element_dtype=dtype
    )


@lowers("TensorArrayGatherV3", backend="tensorflow")
def tensor_array_gather(
    handle: ArrayHandle, indices: Any, flow_in: tf.Tensor, *, dtype: str, element_shape: Shape = None
) -> tf.Tensor:
    """Some elements, in one tensor."""
    return tf.raw_ops.TensorListGather(
        input_handle=flow_in, indices=indices, element_shape=_shape(element_shape), element_dtype=dtype
    )


@lowers("TensorArrayScatterV3", backend="tensorflow")
def tensor_array_scatter(handle: ArrayHandle, indices: Any, value: Any, flow_in: tf.Tensor) -> tf.Tensor:
    """The flow with value[i] at indices[i]."""
    _learn(handle, tf.convert_to_tensor(value).shape[1:])
    return tf.raw_ops.TensorListScatterIntoExistingList(input_handle=flow_in, tensor=value, indices=indices)


@lowers("TensorArraySizeV3", backend="tensorflow")
def tensor_array_size(handle: ArrayHandle, flow_in: tf.Tensor) -> tf.Tensor:
    """How many elements there are."""
    return tf.raw_ops.TensorListLength(input_handle=flow_in)


@lowers("TensorArrayConcatV3", backend="tensorflow")
def tensor_array_concat(
    handle: ArrayHandle, flow_in: tf.Tensor, *, dtype: str, element_shape_except0: Shape = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """All elements one after the other along their first axis, and their lengths."""
    rest = None if element_shape_except0 is None else (None, *element_shape_except0)
    tensor, lengths = tf.raw_ops.TensorListConcatV2(
        input_handle=flow_in,
        element_shape=_shape(rest),
        leading_dims=tf.constant([], tf.int64),
        element_dtype=dtype,
    )
    return tensor, lengths


@lowers("TensorArraySplitV3", backend="tensorflow")
def tensor_array_split(handle: ArrayHandle, value: Any, lengths: Any, flow_in: tf.Tensor) -> tf.Tensor:
    """The flow with pieces of `value` along its first axis."""
    rest = None if handle.shape is None else handle.shape[1:]
    shape = _shape(None if rest is None else (None, *rest))
    return tf.raw_ops.TensorListSplit(tensor=value, element_shape=shape, lengths=lengths)

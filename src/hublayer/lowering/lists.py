"""Lists of tensors: TensorList ops, and TensorArray ops, whose flow carries the list here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hublayer.lowering.dtypes import dtype_of
from hublayer.lowering.registry import Static, lowers
from hublayer.lowering.tensor_list import Shape, TensorList, merged, split_list, to_array


def shape_from(array: Any) -> Shape:
    """A shape as TensorFlow writes it in a tensor: -1 for an unknown dimension, the scalar -1 for an unknown rank."""
    if type(array) is not np.ndarray:
        array = np.array(-1)  # computed by the model, so it says nothing yet
    return None if array.ndim == 0 else tuple(None if dim < 0 else int(dim) for dim in array)


@lowers("EmptyTensorList")
def empty_tensor_list(
    element_shape: Any, max_num_elements: Any, *, element_dtype: str, shape_type: str = "int32"
) -> TensorList:
    """A list of nothing."""
    return TensorList(element_dtype, shape_from(element_shape), ())


@lowers("TensorListReserve")
def tensor_list_reserve(
    element_shape: Any, num_elements: Any, *, element_dtype: str, shape_type: str = "int32"
) -> TensorList:
    """A list of `num_elements` elements that were not written yet."""
    return TensorList(element_dtype, shape_from(element_shape), (None,) * _number(num_elements))


def _number(value: Any) -> int:
    if type(value) is not np.ndarray:
        value = to_array(value)
    return int(value)


@lowers("TensorListFromTensor", picks=True)
def tensor_list_from_tensor(
    tensor: Any, element_shape: Any, *, element_dtype: str = "", shape_type: str = "int32"
) -> TensorList:
    """A list of the rows of `tensor`."""
    return TensorList(element_dtype or dtype_of(tensor), shape_from(element_shape), None, tensor)


@lowers("TensorListStack", picks=True)
def tensor_list_stack(
    input_handle: TensorList, element_shape: Any, *, element_dtype: str, num_elements: int = -1
) -> Any:
    """All elements in one tensor."""
    return input_handle.narrowed(shape_from(element_shape)).stack()


@lowers("TensorListGetItem", picks=True)
def tensor_list_get_item(
    input_handle: TensorList, index: Any, element_shape: Any, *, element_dtype: str, Tshape: str = "int32"
) -> Any:
    """One element."""
    return input_handle.narrowed(shape_from(element_shape)).get(index)


@lowers("TensorListSetItem")
def tensor_list_set_item(
    input_handle: TensorList, index: Any, item: Any, *, resize_if_index_out_of_bounds: bool = False
) -> TensorList:
    """The list with another element at `index`."""
    return input_handle.set(index, item, resize_if_index_out_of_bounds)


@lowers("TensorListLength")
def tensor_list_length(input_handle: TensorList) -> np.ndarray:
    """How many elements there are."""
    return np.array(len(input_handle), np.int32)


@lowers("TensorListPushBack")
def tensor_list_push_back(input_handle: TensorList, tensor: Any) -> TensorList:
    """The list with one element more."""
    return input_handle.set(np.array(len(input_handle)), tensor, grow=True)


@lowers("TensorListPopBack", picks=True)
def tensor_list_pop_back(input_handle: TensorList, element_shape: Any, *, element_dtype: str) -> tuple[TensorList, Any]:
    """The list without its last element, and that element."""
    last = len(input_handle) - 1
    item = input_handle.narrowed(shape_from(element_shape)).get(np.array(last))
    return input_handle.resized(last), item


@lowers("TensorListConcatV2", picks=True)
def tensor_list_concat(
    input_handle: TensorList, element_shape: Any, leading_dims: Any, *, element_dtype: str, shape_type: str = "int32"
) -> tuple[Any, np.ndarray]:
    """All elements one after the other along their first axis, and their lengths."""
    return input_handle.narrowed(shape_from(element_shape)).concatenated()


@lowers("TensorListConcatLists")
def tensor_list_concat_lists(input_a: TensorList, input_b: TensorList, *, element_dtype: str) -> TensorList:
    """The elements of both lists."""
    return TensorList(
        element_dtype, merged(input_a.declared, input_b.declared), input_a.unstacked() + input_b.unstacked()
    )


@lowers("TensorListSplit")
def tensor_list_split(
    tensor: Any, element_shape: Any, lengths: Static, *, element_dtype: str = "", shape_type: str = "int32"
) -> TensorList:
    """A list of pieces of `tensor` along its first axis."""
    return split_list(element_dtype or dtype_of(tensor), shape_from(element_shape), tensor, lengths)


@lowers("TensorListGather", picks=True)
def tensor_list_gather(input_handle: TensorList, indices: Any, element_shape: Any, *, element_dtype: str) -> Any:
    """Some elements, in one tensor."""
    return input_handle.narrowed(shape_from(element_shape)).gather(indices)


@lowers("TensorListScatter")
def tensor_list_scatter(
    tensor: Any, indices: Any, element_shape: Any, *, element_dtype: str = "", shape_type: str = "int32"
) -> TensorList:
    """A list with tensor[i] at indices[i]."""
    return TensorList(element_dtype or dtype_of(tensor), shape_from(element_shape), ()).scatter(indices, tensor)


@lowers("TensorListScatterV2")
def tensor_list_scatter_v2(
    tensor: Any, indices: Any, element_shape: Any, num_elements: Any, *, element_dtype: str = "",
    shape_type: str = "int32",
) -> TensorList:  # fmt: skip
    """A list of `num_elements` elements, or as many as are needed for -1, with tensor[i] at indices[i]."""
    size = max(_number(num_elements), 0)
    empty = TensorList(element_dtype or dtype_of(tensor), shape_from(element_shape), (None,) * size)
    return empty.scatter(indices, tensor)


@lowers("TensorListScatterIntoExistingList")
def tensor_list_scatter_into(input_handle: TensorList, tensor: Any, indices: Any) -> TensorList:
    """The list with tensor[i] at indices[i]."""
    return input_handle.scatter(indices, tensor)


@lowers("TensorListElementShape")
def tensor_list_element_shape(input_handle: TensorList, *, shape_type: str) -> np.ndarray:
    """The shape of an element; -1 for an unknown dimension, the scalar -1 for an unknown rank."""
    shape = input_handle.declared
    return np.array(-1 if shape is None else [-1 if dim is None else dim for dim in shape], shape_type)


@lowers("TensorListResize")
def tensor_list_resize(input_handle: TensorList, size: Any) -> TensorList:
    """The list cut off or filled up."""
    return input_handle.resized(_number(size))


@dataclass(eq=False)
class ArrayHandle:
    """What a TensorArray's handle says. Its elements travel in the flow, which every writing op returns anew.

    shape: what is known of an element's shape; TensorFlow's lists do not tell, so there it is learnt from what is
    written while the program is traced.
    """

    dtype: str
    shape: Shape
    dynamic_size: bool


@lowers("TensorArrayV3")
def tensor_array(
    size: Any,
    *,
    dtype: str,
    element_shape: Shape = None,
    dynamic_size: bool = False,
    clear_after_read: bool = True,
    identical_element_shapes: bool = False,
    tensor_array_name: str = "",
) -> tuple[ArrayHandle, TensorList]:
    """A handle, and the flow: a list of `size` elements."""
    return ArrayHandle(dtype, element_shape, dynamic_size), TensorList(dtype, element_shape, (None,) * _number(size))


@lowers("TensorArrayWriteV3")
def tensor_array_write(handle: ArrayHandle, index: Any, value: Any, flow_in: TensorList) -> TensorList:
    """The flow with another element at `index`."""
    return flow_in.set(index, value, handle.dynamic_size)


@lowers("TensorArrayReadV3", picks=True)
def tensor_array_read(handle: ArrayHandle, index: Any, flow_in: TensorList, *, dtype: str) -> Any:
    """One element."""
    return flow_in.get(index)


@lowers("TensorArrayGatherV3", picks=True)
def tensor_array_gather(
    handle: ArrayHandle, indices: Any, flow_in: TensorList, *, dtype: str, element_shape: Shape = None
) -> Any:
    """Some elements, in one tensor."""
    return flow_in.narrowed(element_shape).gather(indices)


@lowers("TensorArrayScatterV3")
def tensor_array_scatter(handle: ArrayHandle, indices: Any, value: Any, flow_in: TensorList) -> TensorList:
    """The flow with value[i] at indices[i]."""
    if type(indices) is np.ndarray and np.array_equal(indices, np.arange(len(flow_in))):
        return TensorList(flow_in.dtype, flow_in.declared, None, value)
    return flow_in.scatter(indices, value)


@lowers("TensorArraySizeV3")
def tensor_array_size(handle: ArrayHandle, flow_in: TensorList) -> np.ndarray:
    """How many elements there are."""
    return np.array(len(flow_in), np.int32)


@lowers("TensorArrayConcatV3", picks=True)
def tensor_array_concat(
    handle: ArrayHandle, flow_in: TensorList, *, dtype: str, element_shape_except0: Shape = None
) -> tuple[Any, np.ndarray]:
    """All elements one after the other along their first axis, and their lengths."""
    rest = None if element_shape_except0 is None else (None, *element_shape_except0)
    return flow_in.narrowed(rest).concatenated()


@lowers("TensorArraySplitV3")
def tensor_array_split(handle: ArrayHandle, value: Any, lengths: Static, flow_in: TensorList) -> TensorList:
    """The flow with pieces of `value` along its first axis."""
    return split_list(handle.dtype, handle.shape, value, lengths)


@lowers("TensorArrayCloseV3")
def tensor_array_close(handle: ArrayHandle) -> tuple[()]:
    """Nothing: the list is a value."""
    return ()

"""TensorList ops on strings, numbers, variants and lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.tensor_list import (
    Shape,
    TensorList,
    check_element,
    compatible,
    joined,
    merged,
    row,
    rows,
    stacked,
    zeros,
)
from hublayer.savedmodel.tensors import constant_dtype


def _list(handle: Any) -> TensorList:
    if isinstance(handle, np.ndarray) and handle.dtype == object and handle.size == 1:
        handle = handle.item()
    if not isinstance(handle, TensorList):
        raise ValueError(f"a list of tensors was expected, but {type(handle).__name__} came")
    return handle


def _shape(value: np.ndarray) -> Shape:
    """A shape as TensorFlow writes it: -1 for an unknown dimension, the scalar -1 for an unknown rank."""
    if not value.ndim:
        if int(value) != -1:
            raise ValueError(f"a scalar shape is -1, for an unknown rank, but {int(value)} came")
        return None
    return tuple(None if dim < 0 else dim for dim in value.tolist())


def _number(value: np.ndarray, name: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError(f"{name} is {number}")
    return number


def _of_rows(tensor: Any, element_shape: Shape) -> list[Any]:
    if not tensor.ndim:
        raise ValueError("a scalar has no rows")
    if not compatible(tensor.shape[1:], element_shape):
        raise ValueError(f"elements have shape {element_shape}, but the rows of the tensor {tensor.shape[1:]}")
    return [row(tensor, index) for index in range(tensor.shape[0])]


def _name(tensor: Any) -> str:
    return str(tensor.dtype).replace("object", "variant")


@host_op("EmptyTensorList")
def empty_tensor_list(element_shape, max_num_elements, *, element_dtype):
    """A list of nothing, which grows to at most max_num_elements, if that is not -1."""
    return TensorList(element_dtype, _shape(element_shape), (), int(max_num_elements))


@host_op("TensorListReserve")
def tensor_list_reserve(element_shape, num_elements, *, element_dtype):
    """A list of items that were not written yet."""
    return TensorList(element_dtype, _shape(element_shape), (None,) * _number(num_elements, "num_elements"))


@host_op("TensorListFromTensor")
def tensor_list_from_tensor(tensor, element_shape):
    """A list of the rows of a tensor."""
    shape = _shape(element_shape)
    return TensorList(_name(tensor), shape, tuple(_of_rows(tensor, shape)))


@host_op("TensorListStack")
def tensor_list_stack(input_handle, element_shape, *, element_dtype, num_elements=-1):
    """All items as the rows of a tensor."""
    items = _typed(input_handle, element_dtype)
    if num_elements not in (-1, len(items)):
        raise ValueError(f"a list of {num_elements} items was expected, but one of {len(items)} came")
    elements, shape = items.elements(range(len(items)), _shape(element_shape))
    return stacked(elements, items.dtype, shape)


def _typed(handle: Any, dtype: str) -> TensorList:
    items = _list(handle)
    if items.dtype != dtype:
        raise ValueError(f"a list of {dtype} was expected, but one of {items.dtype} came")
    return items


@host_op("TensorListGather")
def tensor_list_gather(input_handle, indices, element_shape, *, element_dtype):
    """Some items as the rows of a tensor."""
    items = _typed(input_handle, element_dtype)
    elements, shape = items.elements(indices.reshape(-1).tolist(), _shape(element_shape))
    return stacked(elements, items.dtype, shape)


@host_op("TensorListGetItem")
def tensor_list_get_item(input_handle, index, element_shape, *, element_dtype):
    """One item."""
    return _typed(input_handle, element_dtype).get(int(index), _shape(element_shape))


@host_op("TensorListSetItem")
def tensor_list_set_item(input_handle, index, item, *, resize_if_index_out_of_bounds=False):
    """The list with another item at index."""
    items, place = _list(input_handle), int(index)
    check_element(item, items.dtype, items.element_shape)
    if resize_if_index_out_of_bounds and place >= len(items):
        items = items.with_items((*items.items, *[None] * (place + 1 - len(items))))
    changed = list(items.items)
    changed[items.at(place)] = item
    return items.with_items(changed)


@host_op("TensorListPushBack")
def tensor_list_push_back(input_handle, tensor):
    """The list with one more item."""
    items = _list(input_handle)
    check_element(tensor, items.dtype, items.element_shape)
    if items.most >= 0 and len(items) >= items.most:
        raise ValueError(f"the list holds at most {items.most} items")
    return items.with_items((*items.items, tensor))


@host_op("TensorListPushBackBatch")
def tensor_list_push_back_batch(input_handles, tensor):
    """Row i of a tensor pushed to list i of a vector of lists."""
    if input_handles.shape != tensor.shape[:1]:
        raise ValueError(f"{input_handles.shape} lists and a tensor of shape {tensor.shape} do not fit")
    result = np.empty(input_handles.shape, object)
    for place, handle in enumerate(input_handles.tolist()):
        result[place] = tensor_list_push_back(handle, row(tensor, place))
    return result


@host_op("TensorListPopBack")
def tensor_list_pop_back(input_handle, element_shape, *, element_dtype):
    """The list without its last item, and that."""
    items = _typed(input_handle, element_dtype)
    if not items.items:
        raise ValueError("there is nothing to take from an empty list")
    return [items.with_items(items.items[:-1]), items.get(len(items) - 1, _shape(element_shape))]


@host_op("TensorListLength")
def tensor_list_length(input_handle):
    """int32: how many items there are."""
    return np.array(len(_list(input_handle)), np.int32)


@host_op("TensorListElementShape")
def tensor_list_element_shape(input_handle, *, shape_type):
    """What is known of the elements' shape, as TensorFlow writes it."""
    shape, dtype = _list(input_handle).element_shape, constant_dtype(shape_type)
    return np.array(-1 if shape is None else [-1 if dim is None else dim for dim in shape], dtype)


@host_op("TensorListResize")
def tensor_list_resize(input_handle, size):
    """The list cut, or with more items that were not written."""
    items, number = _list(input_handle), _number(size, "size")
    return items.with_items((*items.items[:number], *[None] * (number - len(items))))


def _scattered(items: list[Any], indices: np.ndarray, elements: list[Any]) -> list[Any]:
    places = indices.reshape(-1).tolist()
    if len(places) != len(elements):
        raise ValueError(f"{len(places)} indices do not fit {len(elements)} rows")
    if places and min(places) < 0:
        raise ValueError(f"index {min(places)} is negative")
    items += [None] * (max(places, default=-1) + 1 - len(items))
    for place, element in zip(places, elements, strict=True):
        items[place] = element
    return items


@host_op("TensorListScatter")
def tensor_list_scatter(tensor, indices, element_shape):
    """A list that has row i of a tensor at indices[i], as long as the largest index needs."""
    shape = _shape(element_shape)
    items = _scattered([], indices, _of_rows(tensor, shape))
    return TensorList(_name(tensor), shape, tuple(items))


@host_op("TensorListScatterV2")
def tensor_list_scatter_v2(tensor, indices, element_shape, num_elements):
    """A list of num_elements items, if that is not -1, that has row i of a tensor at indices[i]."""
    shape, number = _shape(element_shape), int(num_elements)
    places = indices.reshape(-1).tolist()
    if number != -1 and max(places, default=-1) >= number:
        raise ValueError(f"index {max(places)} is not below num_elements={number}")
    items = _scattered([None] * max(number, 0), indices, _of_rows(tensor, shape))
    return TensorList(_name(tensor), shape, tuple(items))


@host_op("TensorListScatterIntoExistingList")
def tensor_list_scatter_into_existing_list(input_handle, tensor, indices):
    """The list with row i of a tensor at indices[i]; it grows if it must."""
    items = _typed(input_handle, _name(tensor))
    return items.with_items(_scattered(list(items.items), indices, _of_rows(tensor, items.element_shape)))


@host_op("TensorListSplit")
def tensor_list_split(tensor, element_shape, lengths):
    """A list of pieces of a tensor along its first axis."""
    shape, pieces, start = _shape(element_shape), [], 0
    sizes = lengths.tolist()
    if not tensor.ndim or lengths.ndim != 1 or min(sizes, default=0) < 0 or sum(sizes) != tensor.shape[0]:
        raise ValueError(f"lengths {sizes} do not divide a tensor of shape {tensor.shape}")
    for size in sizes:
        pieces.append(rows(tensor, start, start + size))
        start += size
    if pieces and not compatible(tensor.shape[1:], None if shape is None else shape[1:]):
        raise ValueError(f"elements have shape {shape}, but pieces of the tensor {tensor.shape[1:]} after the first")
    return TensorList(_name(tensor), shape, tuple(pieces))


def _concat(handle: Any, dtype: str, asked: Shape, leading: list[int]) -> list[Any]:
    """All items one after another, and their lengths. leading: those of items that were not written."""
    items = _typed(handle, dtype)
    shape = merged(items.element_shape, asked)
    rest: Shape = None if shape is None else shape[1:]
    for item in items.items:
        if item is not None:
            if not item.ndim:
                raise ValueError("scalars cannot be joined: stack them")
            rest = merged(rest, item.shape[1:])
    first = shape[0] if shape else None
    pieces = []
    for place, item in enumerate(items.items):
        if item is not None:
            pieces.append(item)
            continue
        length = leading[place] if place < len(leading) else first
        if rest is None or length is None or any(dim is None for dim in rest):
            raise ValueError(f"item {place} was not written, and the elements' shape {shape} is not known")
        pieces.append(zeros(items.dtype, (length, *(dim or 0 for dim in rest))))
    lengths = np.array([piece.shape[0] for piece in pieces], np.int64)
    if pieces:
        return [joined(pieces, items.dtype), lengths]
    if rest is None or any(dim is None for dim in rest):
        raise ValueError(f"the list is empty, and the elements' shape {shape} is not known")
    return [stacked([], items.dtype, tuple(dim or 0 for dim in rest)), lengths]


@host_op("TensorListConcat")
def tensor_list_concat(input_handle, *, element_dtype, element_shape=None):
    """All items one after another, and their lengths."""
    return _concat(input_handle, element_dtype, element_shape, [])


@host_op("TensorListConcatV2")
def tensor_list_concat_v2(input_handle, element_shape, leading_dims, *, element_dtype):
    """All items one after another, and their lengths; leading_dims are those of items that were not written."""
    return _concat(input_handle, element_dtype, _shape(element_shape), leading_dims.tolist())


@host_op("TensorListConcatLists")
def tensor_list_concat_lists(input_a, input_b, *, element_dtype):
    """One list of the items of two, or of each pair of two tensors of lists."""
    if isinstance(input_a, np.ndarray) and input_a.ndim:
        if input_a.shape != input_b.shape:
            raise ValueError(f"lists of shapes {input_a.shape} and {input_b.shape} do not fit")
        result = np.empty(input_a.size, object)
        pairs = zip(input_a.ravel().tolist(), input_b.ravel().tolist(), strict=True)
        for place, (a, b) in enumerate(pairs):
            result[place] = tensor_list_concat_lists(a, b, element_dtype=element_dtype)
        return result.reshape(input_a.shape)
    a, b = _typed(input_a, element_dtype), _typed(input_b, element_dtype)
    merged(a.element_shape, b.element_shape)
    return a.with_items((*a.items, *b.items))

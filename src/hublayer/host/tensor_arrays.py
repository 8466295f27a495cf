"""TensorArrays, third version, without gradients. The handle is the array; the flow is a float that only orders ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.tensor_list import (
    Shape,
    check_element,
    compatible,
    joined,
    known,
    merged,
    row,
    rows,
    shape_of,
    stacked,
    zeros,
)

_CLEARED = object()


class TensorArray:
    """Elements that are written once each; most of them are read once each too."""

    def __init__(self, size: int, dtype: str, element_shape: Shape, dynamic_size: bool, clear: bool, identical: bool):
        self.dtype = dtype
        self.element_shape = element_shape
        self._dynamic = dynamic_size
        self._clear = clear
        self._identical = identical
        self._items: list[Any] = [None] * size

    def __len__(self) -> int:
        return len(self._items)

    def write(self, index: int, element: Any) -> None:
        """Set an element. Raises ValueError if it was written already, or if there is no such place."""
        if index < 0 or (index >= len(self) and not self._dynamic):
            raise ValueError(f"there is no element {index} in a TensorArray of {len(self)} that does not grow")
        check_element(element, self.dtype, self.element_shape)
        self._items += [None] * (index + 1 - len(self))
        if self._items[index] is not None:
            raise ValueError(f"element {index} was written already")
        if self._identical:
            self.element_shape = merged(self.element_shape, shape_of(element))
        self._items[index] = element

    def read(self, indices: list[int], asked: Shape = None) -> list[Any]:
        """Elements; zeros for those that were not written. Raises ValueError for those that were read and forgotten."""
        found = []
        for index in indices:
            if not 0 <= index < len(self):
                raise ValueError(f"there is no element {index} in a TensorArray of {len(self)}")
            item = self._items[index]
            if item is _CLEARED:
                raise ValueError(f"element {index} was read already, and cleared after that")
            if item is None:
                shape = known(merged(self.element_shape, asked))
                if shape is None:
                    raise ValueError(f"element {index} was not written, and the elements' shape is not known")
                item = zeros(self.dtype, shape)
            found.append(item)
        if self._clear:
            for index in indices:
                self._items[index] = _CLEARED
        return found


def _array(handle: Any) -> TensorArray:
    if not isinstance(handle, TensorArray):
        raise ValueError(f"the handle of a TensorArray was expected, but {type(handle).__name__} came")
    return handle


def _typed(handle: Any, dtype: str) -> TensorArray:
    array = _array(handle)
    if array.dtype != dtype:
        raise ValueError(f"a TensorArray of {dtype} was expected, but one of {array.dtype} came")
    return array


@host_op("TensorArrayV3")
def tensor_array(
    size,
    *,
    dtype,
    element_shape=None,
    dynamic_size=False,
    clear_after_read=True,
    identical_element_shapes=False,
    tensor_array_name="",
):
    """A new array, and its flow."""
    number = int(size)
    if number < 0:
        raise ValueError(f"size is {number}")
    array = TensorArray(number, dtype, element_shape, dynamic_size, clear_after_read, identical_element_shapes)
    return [array, np.zeros((), np.float32)]


@host_op("TensorArrayWriteV3")
def tensor_array_write(handle, index, value, flow_in):
    """Set one element."""
    _array(handle).write(int(index), value)
    return flow_in


@host_op("TensorArrayScatterV3")
def tensor_array_scatter(handle, indices, value, flow_in):
    """Set the element indices[i] to row i of a tensor."""
    places = indices.reshape(-1).tolist()
    if not value.ndim or len(places) != value.shape[0]:
        raise ValueError(f"{len(places)} indices do not fit a tensor of shape {value.shape}")
    array = _array(handle)
    for number, place in enumerate(places):
        array.write(place, row(value, number))
    return flow_in


@host_op("TensorArraySplitV3")
def tensor_array_split(handle, value, lengths, flow_in):
    """Set all elements to pieces of a tensor along its first axis."""
    array, sizes, start = _array(handle), lengths.tolist(), 0
    if not value.ndim or min(sizes, default=0) < 0 or sum(sizes) != value.shape[0]:
        raise ValueError(f"lengths {sizes} do not divide a tensor of shape {value.shape}")
    for place, size in enumerate(sizes):
        array.write(place, rows(value, start, start + size))
        start += size
    return flow_in


@host_op("TensorArrayReadV3")
def tensor_array_read(handle, index, flow_in, *, dtype):
    """One element."""
    return _typed(handle, dtype).read([int(index)])[0]


@host_op("TensorArrayGatherV3")
def tensor_array_gather(handle, indices, flow_in, *, dtype, element_shape=None):
    """Some elements as the rows of a tensor."""
    array = _typed(handle, dtype)
    elements = array.read(indices.reshape(-1).tolist(), element_shape)
    shape = merged(array.element_shape, element_shape)
    for element in elements:
        shape = merged(shape, shape_of(element))
    dims = known(shape)
    if dims is None:
        raise ValueError(f"there are no elements, and their shape {shape} is not known")
    return stacked(elements, dtype, dims)


@host_op("TensorArrayConcatV3")
def tensor_array_concat(handle, flow_in, *, dtype, element_shape_except0=None):
    """All elements one after another along their first axis, and their lengths."""
    array = _typed(handle, dtype)
    elements = array.read(list(range(len(array))))
    rest = None if array.element_shape is None else array.element_shape[1:]
    if not elements:
        dims = known(merged(rest, element_shape_except0))
        if dims is None:
            raise ValueError("there are no elements, and their shape is not known")
        return [stacked([], dtype, dims), np.zeros(0, np.int64)]
    for element in elements:
        if not element.ndim or not compatible(element.shape[1:], merged(element_shape_except0, elements[0].shape[1:])):
            raise ValueError(f"elements of shapes {[shape_of(each) for each in elements][:8]} cannot be joined")
    return [joined(elements, dtype), np.array([element.shape[0] for element in elements], np.int64)]


@host_op("TensorArraySizeV3")
def tensor_array_size(handle, flow_in):
    """int32: how many elements there are."""
    return np.array(len(_array(handle)), np.int32)


@host_op("TensorArrayCloseV3")
def tensor_array_close(handle):
    """Nothing: Python frees what nobody holds."""
    _array(handle)
    return ()

"""Lists of tensors, and the rows of tensors that lists and TensorArrays are made of and become."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hublayer.host.string_tensor import StringTensor, concatenate
from hublayer.savedmodel.tensors import constant_dtype

# An element's shape: None for an unknown rank or dimension.
Shape = tuple[int | None, ...] | None


def compatible(a: Shape, b: Shape) -> bool:
    """Whether some tensor has both shapes."""
    if a is None or b is None:
        return True
    return len(a) == len(b) and all(x is None or y is None or x == y for x, y in zip(a, b, strict=True))


def merged(a: Shape, b: Shape) -> Shape:
    """What is known of a tensor that has both shapes. Raises ValueError if there is none."""
    if not compatible(a, b):
        raise ValueError(f"the shapes {a} and {b} do not fit")
    if a is None or b is None:
        return b if a is None else a
    return tuple(y if x is None else x for x, y in zip(a, b, strict=True))


def known(shape: Shape) -> tuple[int, ...] | None:
    """The shape if all of it is known."""
    if shape is None or any(dim is None for dim in shape):
        return None
    return tuple(dim for dim in shape if dim is not None)


def shape_of(element: Any) -> tuple[int, ...]:
    """The shape of an element; that of a list in a list is that of a scalar."""
    return () if isinstance(element, TensorList) else element.shape


def zeros(dtype: str, shape: tuple[int, ...]) -> Any:
    """Zeros or empty strings."""
    if dtype == "string":
        return StringTensor.from_list([b""] * math.prod(shape), shape)
    return np.zeros(shape, constant_dtype(dtype) or object)


def stacked(elements: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> Any:
    """Elements of one shape as the rows of a tensor."""
    if dtype == "string":
        if not elements:
            return StringTensor.from_list([], (0, *shape))
        return StringTensor(concatenate(elements), (len(elements), *shape))
    if dtype in ("variant", "resource"):
        rows = np.empty(len(elements), object)
        for place, element in enumerate(elements):
            rows[place] = element.item() if isinstance(element, np.ndarray) else element
        return rows.reshape((len(elements), *shape))
    if not elements:
        return np.zeros((0, *shape), constant_dtype(dtype))
    return np.stack(elements)


def joined(elements: Sequence[Any], dtype: str) -> Any:
    """Elements one after another along their first axis; there is at least one."""
    if dtype == "string":
        inner = elements[0].shape[1:]
        return StringTensor(concatenate(elements), (sum(element.shape[0] for element in elements), *inner))
    return np.concatenate(elements)


def row(tensor: Any, index: int) -> Any:
    """tensor[index] as a tensor."""
    if isinstance(tensor, StringTensor):
        size = math.prod(tensor.shape[1:])
        return StringTensor(tensor.array.slice(index * size, size), tensor.shape[1:])
    return tensor[index, ...]


def rows(tensor: Any, start: int, stop: int) -> Any:
    """tensor[start:stop]."""
    if isinstance(tensor, StringTensor):
        size = math.prod(tensor.shape[1:])
        array = tensor.array.slice(start * size, (stop - start) * size)
        return StringTensor(array, (stop - start, *tensor.shape[1:]))
    return tensor[start:stop]


def check_element(element: Any, dtype: str, shape: Shape) -> None:
    """Raise ValueError for an element of another dtype or shape than the list's."""
    found = "variant" if isinstance(element, TensorList) else str(element.dtype).replace("object", "variant")
    if found != dtype:
        raise ValueError(f"the elements are of dtype {dtype}, but one of {found} came")
    if not compatible(shape_of(element), shape):
        raise ValueError(f"the elements have shape {shape}, but one of shape {shape_of(element)} came")


@dataclass(frozen=True, eq=False)
class TensorList:
    """A list that ops copy and never change. An item is None until it is written; most: how many items are allowed."""

    dtype: str
    element_shape: Shape
    items: tuple[Any, ...]
    most: int = -1

    def __len__(self) -> int:
        return len(self.items)

    def with_items(self, items: Iterable[Any]) -> TensorList:
        """The same list with other items."""
        return replace(self, items=tuple(items))

    def at(self, index: int) -> int:
        """index. Raises ValueError if there is no such item."""
        if not 0 <= index < len(self.items):
            raise ValueError(f"there is no item {index} in a list of {len(self.items)}")
        return index

    def common_shape(self, asked: Shape) -> Shape:
        """What is known of all elements: of the list, of the items, and what is asked for."""
        shape = merged(self.element_shape, asked)
        for item in self.items:
            if item is not None:
                shape = merged(shape, shape_of(item))
        return shape

    def elements(self, indices: Iterable[int], asked: Shape) -> tuple[list[Any], tuple[int, ...]]:
        """Items of one shape, zeros for those that were not written, and the shape.

        Raises ValueError if the shape is not known, or items differ.
        """
        chosen = [self.items[self.at(index)] for index in indices]
        shape = merged(self.element_shape, asked)
        for item in chosen:
            if item is not None:
                shape = merged(shape, shape_of(item))
        dims = known(shape)
        if dims is None:
            raise ValueError(f"the elements' shape {shape} is not known, and there is none to learn it from")
        return [zeros(self.dtype, dims) if item is None else item for item in chosen], dims

    def get(self, index: int, asked: Shape) -> Any:
        """One item; zeros if it was not written."""
        item = self.items[self.at(index)]
        if item is not None:
            merged(shape_of(item), asked)
            return item
        dims = known(self.common_shape(asked))
        if dims is None:
            raise ValueError(f"item {index} was not written, and the elements' shape {self.element_shape} is not known")
        return zeros(self.dtype, dims)

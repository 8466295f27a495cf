"""A list of tensors as a value: what TensorFlow's TensorList and TensorArray ops read and return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from hublayer.errors import ExecutionError
from hublayer.lowering.dtypes import backend_dtype
from hublayer.lowering.keras_ops import ops
from hublayer.lowering.taking import take

Shape = tuple[int | None, ...] | None


class GrowingListError(ExecutionError):
    """A list grows at an index that is not known while the model is traced; unrolling the loop makes it known."""


@dataclass(frozen=True, eq=False)
class TensorList:
    """dtype, declared: dtype and shape of an element; None stands for an unknown dimension and for an unknown rank.

    Either `items` has one value for each element, None where nothing was written yet, or `stacked` has all of them in
    one tensor of shape (length, *shape). Items serve while indices are known; an index that a compiled loop computes
    needs the tensor. Changing a list makes a new one.
    """

    dtype: str
    declared: Shape
    items: tuple[Any, ...] | None
    stacked: Any = None

    def __len__(self) -> int:
        return len(self.items) if self.items is not None else int(self.stacked.shape[0])

    @property
    def element_shape(self) -> Shape:
        """What is known of an element's shape, values included."""
        if self.items is None:
            return tuple(self.stacked.shape[1:])
        written = {tuple(item.shape) for item in self.items if hasattr(item, "shape")}
        return written.pop() if len(written) == 1 else self.declared

    def narrowed(self, shape: Shape) -> TensorList:
        """The same list, with what `shape` tells of an element's."""
        return replace(self, declared=merged(self.declared, shape))

    def unstacked(self) -> tuple[Any, ...]:
        """One value for each element; None where nothing was written."""
        if self.items is not None:
            return self.items
        return tuple(_plain(self.stacked[i]) for i in range(len(self)))

    def written(self) -> list[Any]:
        """One value for each element; zero where nothing was written."""
        return [self._zero() if item is None else item for item in self.unstacked()]

    def _zero(self) -> Any:
        shape = self.element_shape
        if shape is None or None in shape:
            raise ValueError(f"An element of a list was never written, and its shape {shape} is not known.")
        return ops.zeros(shape, dtype=backend_dtype(self.dtype))

    def stack(self) -> Any:
        """All elements in one tensor, of shape (length, *shape)."""
        if self.items is None:
            return self.stacked
        if not self.items:
            return ops.expand_dims(self._zero(), 0)[:0]
        items = self.written()
        if all(type(item) is np.ndarray for item in items):
            return np.stack(items)
        return ops.stack([tensor(item) for item in items])

    def get(self, index: Any) -> Any:
        """The element at `index`."""
        at = known(index)
        if at is not None:
            self._check(at)
            if self.items is None:
                return _plain(self.stacked[at])
            return self._zero() if self.items[at] is None else self.items[at]
        stacked = tensor(self.stack())
        return ops.squeeze(ops.slice(stacked, _start(index, stacked), (1, *stacked.shape[1:])), 0)

    def set(self, index: Any, value: Any, grow: bool = False) -> TensorList:
        """The list with `value` at `index`; `grow`: it may lie behind the last element."""
        at = known(index)
        if at is not None:
            items = self.unstacked()
            if grow and at >= len(items):
                items += (None,) * (at + 1 - len(items))
            else:
                self._check(at)
            return replace(self, items=(*items[:at], value, *items[at + 1 :]), stacked=None)
        if grow:
            raise GrowingListError(
                "A list that may grow is written at an index which is not known when the model is traced. Call the "
                "layer outside of compiled functions (for a Keras model around it: compile(..., run_eagerly=True))."
            )
        stacked = tensor(self.narrowed(tuple(value.shape)).stack())
        stacked = ops.slice_update(stacked, _start(index, stacked), ops.expand_dims(tensor(value), 0))
        return replace(self, items=None, stacked=stacked)

    def _check(self, index: int) -> None:
        if not 0 <= index < len(self):
            raise IndexError(f"There is no element {index} in a list of {len(self)}.")

    def gather(self, indices: Any) -> Any:
        """Elements at `indices`, in one tensor."""
        if self.items is not None and type(indices) is np.ndarray:
            items = self.unstacked()
            return replace(self, items=tuple(items[int(i)] for i in indices)).narrowed(self.element_shape).stack()
        if type(indices) is np.ndarray and np.array_equal(indices, np.arange(len(self))):
            return self.stacked
        return take(tensor(self.stack()), tensor(indices), axis=0)

    def scatter(self, indices: Any, values: Any) -> TensorList:
        """The list with values[i] at indices[i]; it grows if it must and the indices are known."""
        places = indices if type(indices) is np.ndarray or keras.config.backend() == "jax" else to_array(indices)
        if type(places) is np.ndarray:
            size = max([len(self), *(int(i) + 1 for i in places)])
            items = [*self.unstacked(), *[None] * (size - len(self))]
            for i, at in enumerate(places):
                items[int(at)] = _plain(values[i])
            return replace(self, items=tuple(items), stacked=None)
        stacked = tensor(self.narrowed(tuple(values.shape[1:])).stack())
        stacked = ops.scatter_update(stacked, ops.expand_dims(indices, -1), tensor(values))
        return replace(self, items=None, stacked=stacked)

    def resized(self, size: int) -> TensorList:
        """The first `size` elements, unwritten ones added if there are fewer."""
        items = self.unstacked()
        return replace(self, items=(*items[:size], *[None] * (size - len(items))), stacked=None)

    def concatenated(self) -> tuple[Any, np.ndarray]:
        """All elements one after the other along their first axis, and their lengths."""
        items = self.written()
        lengths = np.array([item.shape[0] for item in items], np.int64)
        if items and all(type(item) is np.ndarray for item in items):
            return np.concatenate(items), lengths
        if not items:
            shape = self.element_shape
            if not shape or None in shape[1:]:
                raise ValueError(f"An empty list of elements of shape {shape} cannot be concatenated.")
            return ops.zeros((0, *shape[1:]), dtype=backend_dtype(self.dtype)), lengths
        return ops.concatenate([tensor(item) for item in items], axis=0), lengths


def split_list(dtype: str, shape: Shape, values: Any, lengths: Sequence[int]) -> TensorList:
    """A list of pieces of `values` along its first axis."""
    ends = np.cumsum(np.asarray(lengths, np.int64))
    items = [values[int(end) - int(length) : int(end)] for length, end in zip(lengths, ends, strict=True)]
    return TensorList(dtype, shape, tuple(items))


def known(index: Any) -> int | None:
    """`index` as a number, or None where only the compiled program will know it."""
    if type(index) is np.ndarray or keras.config.backend() == "torch":
        return int(index)
    return None


def to_array(value: Any) -> np.ndarray:
    """A NumPy array, of a tensor that has a value (PyTorch)."""
    return value if type(value) is np.ndarray else np.asarray(ops.convert_to_numpy(value))


def tensor(value: Any) -> Any:
    """A tensor of the backend, in its version of the dtype."""
    return ops.convert_to_tensor(value, backend_dtype(value.dtype.name)) if type(value) is np.ndarray else value


def merged(x: Shape, y: Shape) -> Shape:
    """What two descriptions of one shape tell together."""
    if x is None or y is None or len(x) != len(y):
        return x if y is None else y
    return tuple(a if a is not None else b for a, b in zip(x, y, strict=True))


def _plain(value: Any) -> Any:
    """Elements of a NumPy array stay arrays."""
    return np.asarray(value) if isinstance(value, np.generic) else value


def _start(index: Any, stacked: Any) -> tuple[Any, ...]:
    return (index, *[0] * (len(stacked.shape) - 1))

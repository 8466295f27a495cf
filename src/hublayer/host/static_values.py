"""Sizes that the device's program must know while it is traced: constants, or dimensions of its arrays.

Reshaping an embedding to (batch, 128) takes the batch size from the strings. In a compiled program that number must
follow from the shapes of what comes in. It is learned by watching: an element that is always the size of one dimension
of one array is that dimension; one that never changes is a constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Dimension = tuple[int, int]
Shapes = Sequence[tuple[int, ...]]


class StaticValue:
    """What one static array has been seen to be. It can be pickled."""

    def __init__(self) -> None:
        self._shape: tuple[int, ...] | None = None
        self._dtype = np.dtype(np.int32)
        self._constants: list[int | None] = []
        self._dimensions: list[frozenset[Dimension]] = []
        self._last: tuple[list[int], Shapes] | None = None

    def observe(self, value: np.ndarray, shapes: Shapes) -> bool:
        """Take note of a value beside the shapes of the arrays; False if it is not what was learned."""
        flat = [int(item) for item in value.ravel().tolist()]
        if self._shape is None:
            self._shape, self._dtype = value.shape, value.dtype
            self._constants = list(flat)
            self._dimensions = [_places(item, shapes) for item in flat]
            return True
        if value.shape != self._shape:
            return False
        if (flat, shapes) == self._last:  # batches of one size teach nothing new
            return self.known
        self._last = flat, shapes
        for i, item in enumerate(flat):
            if self._constants[i] != item:
                self._constants[i] = None
            self._dimensions[i] = frozenset(
                (array, axis)
                for array, axis in self._dimensions[i]
                if array < len(shapes) and axis < len(shapes[array]) and shapes[array][axis] == item
            )
        return self.known

    @property
    def known(self) -> bool:
        """Whether the value can be told from shapes."""
        return self._shape is not None and all(
            constant is not None or dims for constant, dims in zip(self._constants, self._dimensions, strict=True)
        )

    def items(self, shapes: Sequence[Sequence[Any]]) -> list[Any]:
        """The elements for arrays of these shapes, dimensions as they are in `shapes`.

        Raises ValueError if the value is not known.
        """
        if not self.known:
            raise ValueError("the value does not follow from the shapes of the arrays")
        items: list[Any] = []
        for constant, dims in zip(self._constants, self._dimensions, strict=True):
            if constant is not None:
                items.append(constant)
            else:
                array, axis = min(dims)
                items.append(shapes[array][axis])
        return items

    def array(self, items: Sequence[int]) -> np.ndarray:
        """The elements as the array they are of."""
        return np.array(items, self._dtype).reshape(self._shape or ())

    @property
    def shape(self) -> tuple[int, ...]:
        """The value's own shape."""
        return self._shape or ()


def _places(size: int, shapes: Shapes) -> frozenset[Dimension]:
    return frozenset(
        (index, axis) for index, shape in enumerate(shapes) for axis, dim in enumerate(shape) if dim == size
    )

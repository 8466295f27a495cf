"""What a drawer draws with: dtypes, shapes, arrays and attributes of one node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from hublayer.graph.op_schema import OpSchema, op_schema
from values.elements import edges, numpy_dtype, plain
from values.kernels import allowed, kernel_dtypes

Shape = tuple[int, ...]
_MOST_ELEMENTS = 36
_FREE = ("float32", "int32", "float64", "int64", "bool", "complex64", "uint8", "float16")

FEW_SHAPES: tuple[Shape, ...] = (
    *((2, 3), (), (3,), (2, 2, 3), (1,), (2, 1), (0,), (0, 3), (2, 0), (1, 2, 1), (2, 1, 0)),
    *((2, 2, 3, 2), (1, 2, 1, 3), (0, 2, 2, 1), (1, 2, 2, 1, 3), (2, 0, 1, 2, 1)),
)


@dataclass(frozen=True)
class Profile:
    """What is left out on a backend that has no 64-bit types: wide floats, and integers beyond 32 bits.

    strings: whether strings are drawn, as the host has them. shapes: those that are drawn where each costs the
    backend a compilation; any if there are none.
    """

    wide: bool = True
    strings: bool = False
    shapes: tuple[Shape, ...] = ()
    sizes: tuple[int, ...] = (2, 3, 1, 4, 5)


@dataclass
class Drawing:
    """One node of `op` in the making. plain: no element is at an edge of its dtype."""

    draw: Callable[[st.SearchStrategy], Any]
    op: str
    profile: Profile
    dtypes: dict[str, str] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)
    plain: bool = True
    typed: bool = True

    def __post_init__(self) -> None:
        schema = op_schema(self.op)
        assert schema is not None, self.op
        self.schema: OpSchema = schema
        self.plain = self.choose([True, False])
        if self.typed:
            self._draw_dtypes()
            self._draw_attributes()

    def choose(self, items: Sequence[Any]) -> Any:
        """One of `items`, the first being the simplest."""
        return self.draw(st.sampled_from(items))

    def flag(self) -> bool:
        """True or False."""
        return self.choose([False, True])

    def whole(self, low: int, high: int) -> int:
        """An integer between `low` and `high`, both included."""
        assume(low <= high)
        return self.draw(st.integers(low, high))

    def reject(self) -> None:
        """There is no such node."""
        assume(False)

    def _usable(self, name: str) -> bool:
        if name == "string":
            return self.profile.strings
        return self.profile.wide or name not in ("float64", "complex128")

    def _draw_dtypes(self) -> None:
        kernel = self.draw(st.sampled_from(kernel_dtypes(self.op) or [{}]))
        choices = allowed(self.op)
        types = [name for name, attr in self.schema.attrs.items() if attr.kind == "type"]
        for name in types:
            names = kernel.get(name) or choices.get(name) or _FREE
            usable = [x for x in names if self._usable(x) and (name not in choices or x in choices[name])]
            assume(usable)
            usable = sorted(usable, key=lambda x: (x not in _FREE, _FREE.index(x) if x in _FREE else 0))
            self.dtypes[name] = self.choose(usable)
        self.attrs.update(self.dtypes)

    def _draw_attributes(self) -> None:
        """Booleans and words of a known list; the rest is the drawer's, or the default."""
        choices = allowed(self.op)
        for name, attr in self.schema.attrs.items():
            if name in self.attrs:
                continue
            if attr.kind == "bool" and name not in ("use_cudnn_on_gpu", "validate_indices"):
                self.attrs[name] = self.flag()
            elif attr.kind == "string" and name in choices:
                self.attrs[name] = self.choose(choices[name])

    def of(self, position: int) -> str:
        """The dtype of the input number `position`."""
        argument = self.schema.inputs[position]
        return self.dtypes[argument.dtype] if argument.dtype else str(argument.fixed)

    def shape(self, low: int = 0, high: int = 5, empty: bool = True) -> Shape:
        """A shape of rank `low` to `high`; few are empty, some have dimensions of size one."""
        if self.profile.shapes:
            fitting = [x for x in self.profile.shapes if low <= len(x) <= high and (empty or 0 not in x)]
            return self.choose(fitting)
        rank = self.choose([r for r in (2, 1, 0, 3, 4, 5) if low <= r <= high])
        kind = self.choose(["sizes", "sizes", "sizes", "ones", "empty" if empty else "sizes"])
        sizes = self.profile.sizes if rank <= 2 else self.profile.sizes[:3]
        dims = [self.choose(sizes) for _ in range(rank)]
        if kind == "ones":
            dims = [1 if self.flag() else d for d in dims]
        if kind == "empty" and rank:
            dims[self.whole(0, rank - 1)] = 0
        while np.prod(dims) > _MOST_ELEMENTS:
            dims[int(np.argmax(dims))] -= 1
        return tuple(dims)

    def broadcastable(self, shape: Shape) -> Shape:
        """A shape that broadcasts with `shape`: dimensions of one, fewer of them, or the same."""
        kind = self.choose(["same", "ones", "shorter", "scalar"])
        if kind == "scalar":
            return ()
        start = self.whole(0, len(shape)) if kind == "shorter" else 0
        return tuple(1 if kind == "ones" and self.flag() else d for d in shape[start:])

    def elements(self, dtype: str, values: str = "any") -> tuple:
        """What an array is drawn from. values: any, finite, moderate (no edges), positive, unit (0 to 1)."""
        base = plain(dtype)
        if values == "positive":
            return tuple(x for x in base if x > 0)
        if values == "unit":
            return tuple(x for x in base if 0 <= x <= 1)
        if self.plain or values == "moderate":
            return base
        found = base + edges(dtype, not self.profile.wide)
        return found if values == "any" else tuple(x for x in found if abs(x) < 1e5)

    def array(self, dtype: str, shape: Shape, values: str = "any") -> np.ndarray:
        """An array, element by element."""
        return self.picked(dtype, shape, self.elements(dtype, values))

    def picked(self, dtype: str, shape: Shape, elements: Sequence[Any]) -> np.ndarray:
        """An array of `elements`."""
        size = int(np.prod(shape))
        found = self.draw(st.lists(st.sampled_from(elements), min_size=size, max_size=size))
        if dtype == "string":
            array = np.empty(size, object)
            array[:] = found
            return array.reshape(shape)
        with np.errstate(all="ignore"):
            return np.array(found, numpy_dtype(dtype)).reshape(shape)

    def given(self, position: int, shape: Shape, values: str = "any") -> np.ndarray:
        """The input number `position`, of its dtype."""
        return self.array(self.of(position), shape, values)

    def indices(self, dtype: str, shape: Shape, bound: int, low: int = 0) -> np.ndarray:
        """Integers from `low` up to `bound`, which is excluded; there must be some unless nothing is asked for."""
        if bound <= low and np.prod(shape):
            self.reject()
        return self.picked(dtype, shape, list(range(low, max(bound, low + 1))))

    def whole_array(self, position: int, values: Any) -> np.ndarray:
        """A known array of the dtype of input number `position`."""
        return np.array(values, numpy_dtype(self.of(position)))

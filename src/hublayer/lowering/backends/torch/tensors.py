"""NumPy constants as tensors, for lowerings in plain PyTorch."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from keras import ops
from keras.src.backend.torch.core import get_device  # Keras has no public question for it

_OF_NUMPY = frozenset(
    {"bool", "complex64", "complex128", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8"}
)
# A constant of the graph is one array at every call: its tensor is made once for each device.
_MADE: dict[tuple[int, torch.device | str], tuple[weakref.ref[np.ndarray], torch.Tensor]] = {}


def tensor(x: Any, device: torch.device | None = None) -> torch.Tensor:
    """`x` itself if it is a tensor, else a tensor of its dtype on `device`, by default Keras's."""
    if isinstance(x, torch.Tensor):
        return x
    if not isinstance(x, np.ndarray) or torch.compiler.is_compiling():
        return _make(x, device)
    key = (id(x), device or get_device())  # which is the meta device while Keras works out shapes
    known = _MADE.get(key)
    if known is not None and known[0]() is x:
        return known[1]
    with torch.inference_mode(False):  # what inference mode makes cannot be differentiated later
        made = _make(x, device)
    if type(made) is torch.Tensor and not made.is_meta:  # a tracer's stand-in has no numbers, nor has meta
        _MADE[key] = weakref.ref(x, lambda _: _MADE.pop(key, None)), made
    return made


def _make(x: Any, device: torch.device | None) -> torch.Tensor:
    made = ops.convert_to_tensor(x)
    return made if device is None else made.to(device)


def unary(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Any], torch.Tensor]:
    """`function` of a tensor, taking a NumPy array too."""
    return lambda x: function(x if isinstance(x, torch.Tensor) else tensor(x))


def binary(function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Callable[[Any, Any], torch.Tensor]:
    """`function` of two tensors, taking NumPy arrays too: they follow the other input's device."""

    def run(x: Any, y: Any) -> torch.Tensor:
        if not isinstance(y, torch.Tensor):
            y = tensor(y, x.device if isinstance(x, torch.Tensor) else None)
        if not isinstance(x, torch.Tensor):
            x = tensor(x, y.device)
        return function(x, y)

    return run


def through_float32(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of one tensor, for which PyTorch has no kernel in half floats: they go through float32 and back."""

    def run(x: torch.Tensor, *others: Any) -> Any:
        if x.dtype not in (torch.float16, torch.bfloat16):
            return function(x, *others)
        result = function(x.float(), *others)
        return result.to(x.dtype) if isinstance(result, torch.Tensor) else tuple(y.to(x.dtype) for y in result)

    return run


def empty_of(shape: Sequence[int], *tensors: torch.Tensor) -> torch.Tensor:
    """Nothing, in a `shape` that has a 0, computed from `tensors`: each of them gets a gradient of zeros."""
    total = sum(x.sum() for x in tensors)
    return total.expand(*shape).to(tensors[0].dtype)  # pyright: ignore[reportAttributeAccessIssue]


def shared(array: np.ndarray) -> torch.Tensor | np.ndarray:
    """A tensor over the memory of `array`, which Keras would copy; the array itself if PyTorch has no such dtype."""
    return torch.from_numpy(array) if array.dtype.name in _OF_NUMPY else array


def view_as(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The bytes of `x` as `dtype`. A last axis of parts appears where one element becomes several, or vanishes."""
    if x.element_size() > dtype.itemsize:
        return x.unsqueeze(-1).view(dtype)
    same = x.element_size() == dtype.itemsize
    return x.view(dtype) if same else x.contiguous().view(dtype).squeeze(-1)

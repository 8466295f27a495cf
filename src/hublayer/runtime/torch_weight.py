"""PyTorch's parameters, which tell whether their numbers may have changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch._utils import _rebuild_parameter  # pyright: ignore[reportMissingImports]

# How often the memory of a parameter is referred to if nobody else has it: by itself, and by the question.
_ALONE = 2


class Weight(torch.nn.Parameter):
    """A parameter that notes when its memory is handed out.

    PyTorch counts what is written through a tensor and its views (`_version`). It does not count what is written
    through `.data`, through a NumPy array or a storage that shares the memory, nor an assignment to `.data`.
    """

    def __init__(self, data: torch.Tensor, requires_grad: bool = True):
        self._handed_out = False
        self._token = object()
        self.held = 0
        """How many references to the memory what was computed ahead has."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Saved as a plain parameter, which whoever loads it knows."""
        data = torch.Tensor.data.__get__(self)  # type: ignore[attr-defined]
        return _rebuild_parameter, (data, self.requires_grad, OrderedDict())

    def token(self) -> object:
        """An object that is the same as at the last call only if nobody can have written unseen since then.

        It is another one at each call for as long as somebody has memory that was handed out.
        """
        if self._handed_out:
            self._token = object()
            self._handed_out = self.references() > _ALONE + self.held
        return self._token

    def references(self) -> int:
        """How many tensors, arrays and storages there are over the memory."""
        return torch._C._storage_Use_Count(torch.Tensor.untyped_storage(self)._cdata)  # type: ignore[attr-defined]


def weight(parameter: torch.nn.Parameter) -> Weight:
    """`parameter` as a Weight, over the same memory."""
    return Weight(parameter.data, parameter.requires_grad)


def _noting(name: str) -> Any:
    """The method `name` of torch.Tensor, which hands memory out."""
    method = getattr(torch.Tensor, name)

    def call(self: Weight, *arguments: Any, **keywords: Any) -> Any:
        self._handed_out = True
        return method(self, *arguments, **keywords)

    return call


for _name in ("__array__", "__dlpack__", "_typed_storage", "detach", "numpy", "storage", "untyped_storage"):
    setattr(Weight, _name, _noting(_name))


def _data(self: Weight) -> torch.Tensor:
    self._handed_out = True
    return torch.Tensor.data.__get__(self)  # type: ignore[attr-defined]


def _set_data(self: Weight, data: torch.Tensor) -> None:
    self._handed_out = True
    torch.Tensor.data.__set__(self, data)  # type: ignore[attr-defined]


Weight.data = property(_data, _set_data)  # type: ignore[assignment]


class Held:
    """Counts what one computation keeps of its weights' memory: a transposed weight, for example, is a view."""

    def __init__(self) -> None:
        self._counts: list[tuple[Weight, int]] = []

    @contextmanager
    def renewed(self, weights: Sequence[Weight]) -> Iterator[None]:
        """Computing again from `weights`. What was kept before must be gone."""
        for each, count in self._counts:
            each.held -= count
        before = [(each, each.references(), each._handed_out) for each in weights]
        self._counts = []
        try:
            yield
        finally:
            for each, count, handed_out in before:
                each._handed_out = handed_out
                self._counts.append((each, each.references() - count))
                each.held += self._counts[-1][1]

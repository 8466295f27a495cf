"""The host's part of one endpoint: from strings to the arrays that the device takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hublayer.errors import ExecutionError
from hublayer.graph.ir import Function
from hublayer.graph.resources import ResourceKey
from hublayer.graph.row_ids import RowIds
from hublayer.graph.token_rows import Rows, in_rows
from hublayer.host.execute import BindOther, HostExecutable, HostExecutables
from hublayer.host.resources import ResourceRecipes, Resources
from hublayer.host.static_values import StaticValue

# Rows are padded to one of a few lengths where each length is a program of its own.
_SMALLEST = 8
_INT32 = np.iinfo(np.int32)


def bucket(length: int) -> int:
    """The power of two that rows of `length` tokens are padded to, 8 at least."""
    return max(_SMALLEST, 1 << (length - 1).bit_length())


@dataclass(frozen=True, eq=False)
class StagePlan:
    """What a HostStage is made from; it can be pickled.

    before: the host function, or None if the inputs go to the device as they are. functions: those it refers to.
    parameters: for each of its parameters, the number of the endpoint's input, or a resource, or None for a
    variable, which it does not use. arguments, groups: see hublayer.graph.token_rows.LaidOut. statics: which
    `arguments` the device must know while it is traced. buckets: whether rows are padded to a few lengths.
    narrow: whether the device has no int64, so that tokens are laid out as int32 where they fit. other: runs what the
    host has no kernel for, inside of loops and branches.
    """

    before: Function | None
    functions: Mapping[str, Function]
    parameters: tuple[int | ResourceKey | None, ...]
    arguments: tuple[tuple[str, int], ...]
    groups: tuple[Rows, ...]
    statics: frozenset[int]
    buckets: bool
    narrow: bool
    recipes: ResourceRecipes
    other: BindOther


class HostStage:
    """Runs the host's part. `learned` holds what is known of the static values."""

    def __init__(self, plan: StagePlan, resources: Resources):
        self.plan = plan
        self.resources = resources
        self.learned = {index: StaticValue() for index in sorted(plan.statics)}
        self._executables = HostExecutables(plan.functions, plan.other)
        self._before = None if plan.before is None else HostExecutable(plan.before)

    def __call__(self, inputs: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """(what the host function returned, the device's arguments) for the endpoint's inputs.

        inputs: NumPy arrays and StringTensors; None for those that only the device uses.
        """
        if self._before is None:
            return [], []
        arguments = [
            None if p is None else inputs[p] if isinstance(p, int) else self.resources[p] for p in self.plan.parameters
        ]
        returned = self._before(self.resources.run(self._executables), arguments)
        plain = [x.view(np.ndarray) if isinstance(x, RowIds) else x for x in returned]
        return plain, self._lay_out(returned, plain)

    def _lay_out(self, returned: Sequence[Any], plain: Sequence[Any]) -> list[Any]:
        tokens: dict[tuple[int, int], np.ndarray] = {}
        lengths: list[np.ndarray] = []
        for number, group in enumerate(self.plan.groups):
            segments = returned[group.segments]
            rows = int(returned[group.rows[0]]) if isinstance(group.rows, tuple) else group.rows
            arrays = [returned[index] for index in group.tokens]
            if self.plan.narrow:
                arrays = [_narrowed(array) for array in arrays]
            for index, array in zip(group.tokens, arrays, strict=True):
                if len(array) not in (1, segments.size):
                    raise ExecutionError(
                        f"{segments.size} tokens were expected, but an array of the shape {array.shape} came (output "
                        f"{index} of {self.plan.before.name if self.plan.before else ''})."
                    )
            laid, length = in_rows(arrays, segments, rows, bucket if self.plan.buckets else None)
            lengths.append(length)
            tokens.update({(number, index): array for index, array in zip(group.tokens, laid, strict=True)})
        by_index = {index: array for (_, index), array in tokens.items()}
        kinds = {"plain": plain, "tokens": by_index, "lengths": lengths}
        return [kinds[kind][index] for kind, index in self.plan.arguments]

    def watch(self, arguments: Sequence[Any]) -> bool:
        """Learn the static values from one call; False if one of them does not follow from shapes."""
        shapes = self.shapes(arguments)
        seen = [value.observe(arguments[index], shapes) for index, value in self.learned.items()]
        return all(seen)

    def shapes(self, arguments: Sequence[Any]) -> list[tuple[int, ...]]:
        """Shapes of the arguments that are not static, () for those that are."""
        return [() if i in self.plan.statics else tuple(x.shape) for i, x in enumerate(arguments)]


def _narrowed(array: np.ndarray) -> np.ndarray:
    """int64 as int32 if all values fit."""
    if array.dtype != np.int64 or (array.size and (array.min() < _INT32.min or array.max() > _INT32.max)):
        return array
    return array.astype(np.int32)

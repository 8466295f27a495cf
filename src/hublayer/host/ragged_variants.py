"""Ragged tensors as variants, which is how they travel through lists and loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from hublayer.host.elements import Tensor, concat_rows, splits_of
from hublayer.host.ragged import check_nested, gather_rows
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.tensor_list import row
from hublayer.savedmodel.tensors import constant_dtype


@dataclass(frozen=True, eq=False)
class RaggedVariant:
    """One ragged tensor: nested splits from the outermost level, and values. Without splits it is a dense tensor."""

    nested: tuple[np.ndarray, ...]
    values: Tensor

    @property
    def rows(self) -> int:
        """How many rows the outermost level has."""
        return len(self.nested[0]) - 1 if self.nested else self.values.shape[0]


def variants(items: list[RaggedVariant], shape: tuple[int, ...]) -> np.ndarray:
    """A tensor of variants: an array of objects."""
    array = np.empty(len(items), object)
    for place, item in enumerate(items):
        array[place] = item
    return array.reshape(shape)


@host_op("RaggedTensorToVariant")
def ragged_tensor_to_variant(rt_nested_splits, rt_dense_values, *, batched_input):
    """One variant, or a vector with one for each row."""
    nested = [splits.astype(np.int64) for splits in rt_nested_splits]
    if nested:
        check_nested(nested, rt_dense_values.shape[0])
    if not batched_input:
        return variants([RaggedVariant(tuple(nested), rt_dense_values)], ())
    if not nested:
        return variants(
            [RaggedVariant((), row(rt_dense_values, i)) for i in range(rt_dense_values.shape[0])],
            rt_dense_values.shape[:1],
        )
    items = []
    for start, stop in itertools.pairwise(nested[0]):
        inner, values = gather_rows(nested[1:], rt_dense_values, np.arange(start, stop))
        items.append(RaggedVariant(tuple(inner), values))
    return variants(items, (len(items),))


@host_op("RaggedTensorFromVariant")
def ragged_tensor_from_variant(encoded_ragged, *, input_ragged_rank, output_ragged_rank, Tvalues, Tsplits="int64"):
    """The ragged tensor of a tensor of variants: its dimensions become levels of rows before the variants' own."""
    rank, shape = encoded_ragged.ndim, encoded_ragged.shape
    own = output_ragged_rank - rank if input_ragged_rank == -1 else input_ragged_rank
    if own < 0 or own + rank != output_ragged_rank:
        raise ValueError(
            f"{rank} dimensions and {own} levels are not the {output_ragged_rank} levels that are asked for"
        )
    items = encoded_ragged.ravel().tolist()
    for item in items:
        if not isinstance(item, RaggedVariant):
            raise ValueError(f"a ragged variant was expected, but {type(item).__name__} came")
        if len(item.nested) != own or str(item.values.dtype) != Tvalues:
            raise ValueError(
                f"a variant of {own} levels of {Tvalues} was expected, but one of {len(item.nested)} levels of "
                f"{item.values.dtype} came"
            )
    dtype = constant_dtype(Tsplits)
    if not rank:
        return [*(splits.astype(dtype) for splits in items[0].nested), items[0].values]
    outer = [np.arange(math.prod(shape[:axis]) + 1) * shape[axis] for axis in range(1, rank)]
    outer.append(splits_of(np.array([item.rows for item in items], np.int64)))
    inner = []
    for level in range(own):
        lengths = [np.diff(item.nested[level]) for item in items]
        inner.append(splits_of(np.concatenate(lengths) if lengths else np.zeros(0, np.int64)))
    values = concat_rows([item.values for item in items]) if items else _nothing(Tvalues)
    return [*(splits.astype(dtype) for splits in (*outer, *inner)), values]


def _nothing(dtype: str) -> Tensor:
    return StringTensor.from_list([]) if dtype == "string" else np.zeros(0, constant_dtype(dtype))

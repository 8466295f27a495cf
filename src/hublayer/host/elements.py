"""What ops on sparse and ragged tensors do to elements of any dtype: arrays and strings alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hublayer.graph.numpy_arrays import half_as_bits
from hublayer.host.string_tensor import StringTensor, concatenate

Tensor = np.ndarray | StringTensor


def take_rows(x: Tensor, rows: np.ndarray) -> Tensor:
    """x[rows] along the first axis; rows: integers of any shape, none of them negative."""
    if isinstance(x, np.ndarray):
        return x[rows]
    if x.ndim == 1:
        return x.take(rows)
    size = math.prod(x.shape[1:])
    places = rows.reshape(*rows.shape, 1) * size + np.arange(size)
    return x.take(places.reshape(*rows.shape, *x.shape[1:]))


def concat_rows(tensors: Sequence[Tensor]) -> Tensor:
    """The tensors one after another along the first axis."""
    first = tensors[0]
    if isinstance(first, np.ndarray):
        return np.concatenate([np.asarray(tensor) for tensor in tensors])
    strings = [tensor for tensor in tensors if isinstance(tensor, StringTensor)]
    return StringTensor(concatenate(strings), (sum(tensor.shape[0] for tensor in strings), *first.shape[1:]))


def filled(shape: tuple[int, ...], value: Tensor) -> Tensor:
    """A tensor of one repeated scalar."""
    if isinstance(value, StringTensor):
        return value.reshape((1,)).take(np.zeros(shape, np.int64))
    return np.full(shape, value, value.dtype)


def flat(x: Tensor) -> Tensor:
    """All elements as a vector."""
    return x.reshape((-1,))


def distinct(x: Tensor) -> tuple[np.ndarray, Tensor]:
    """For each element of a vector the number of its value, and the values in the order in which they first appear."""
    if isinstance(x, StringTensor):
        encoded = x.array.dictionary_encode()
        values = StringTensor(encoded.dictionary, (len(encoded.dictionary),))
        return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), values
    _, first, inverse = np.unique(half_as_bits(x), return_index=True, return_inverse=True, equal_nan=False)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[inverse.reshape(-1)], x[first[order]]


def ranked(x: Tensor) -> tuple[np.ndarray, Tensor]:
    """For each element of a vector the rank of its value, and the distinct values in ascending order (bytewise)."""
    if isinstance(x, np.ndarray):
        values, codes = np.unique(x, return_inverse=True)
        return codes.reshape(-1).astype(np.int64), values
    codes, values = distinct(x)
    assert isinstance(values, StringTensor)
    listed = values.to_list()
    order = np.array(sorted(range(len(listed)), key=listed.__getitem__), np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[codes], values.take(order)


def lengths_of_runs(ids: np.ndarray, count: int) -> np.ndarray:
    """int64, shape (count,): how often each of 0 … count - 1 occurs."""
    return np.bincount(ids, minlength=count).astype(np.int64)


def splits_of(lengths: np.ndarray) -> np.ndarray:
    """int64: where rows of these lengths start, and where the last one ends."""
    splits = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=splits[1:])
    return splits


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """int64: starts[i], starts[i] + 1, … for each row, as many as its length, one row after another."""
    splits = splits_of(lengths)
    numbers = np.repeat(starts - splits[:-1], lengths)
    numbers += np.arange(len(numbers))
    return numbers


def within_rows(lengths: np.ndarray) -> np.ndarray:
    """0 … n - 1 for each row of length n, one after another."""
    return ranges(np.zeros(len(lengths), np.int64), lengths)

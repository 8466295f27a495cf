"""Crossed features: for each row, every combination of one value of each feature, joined or hashed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hublayer.host.counting import lengths_of_splits
from hublayer.host.elements import Tensor, flat, lengths_of_runs, splits_of, take_rows, within_rows
from hublayer.host.fingerprints import fingerprints
from hublayer.host.registry import host_op
from hublayer.host.sparse import check_bounds, check_sparse
from hublayer.host.string_tensor import StringTensor
from hublayer.host.word_hashes import sip_hashes
from hublayer.savedmodel.tensors import constant_dtype

# Combinations of all rows together; more would not fit into memory.
_MOST = 2**31


@dataclass(frozen=True)
class _Feature:
    """Values, row after row, and how many each row has."""

    values: Tensor
    lengths: np.ndarray


def _sparse(indices: np.ndarray, values: Tensor, shape: np.ndarray) -> _Feature:
    check_sparse(indices, values, shape)
    if len(shape) != 2:
        raise ValueError(f"features are matrices, but a sparse one has shape {shape.tolist()}")
    check_bounds(indices, shape)
    order = np.argsort(indices[:, 0], kind="stable")
    return _Feature(take_rows(values, order), lengths_of_runs(indices[:, 0], int(shape[0])))


def _dense(x: Tensor) -> _Feature:
    if x.ndim != 2:
        raise ValueError(f"features are matrices, but a dense one has shape {x.shape}")
    return _Feature(flat(x), np.full(x.shape[0], x.shape[1], np.int64))


def _ragged(values: Tensor, splits: np.ndarray) -> _Feature:
    if values.ndim != 1:
        raise ValueError(f"features are matrices, but the values of a ragged one have shape {values.shape}")
    lengths_of_splits(splits, values.shape[0])
    return _Feature(values, np.diff(splits.astype(np.int64)))


def _combine(features: Sequence[_Feature]) -> tuple[list[np.ndarray], np.ndarray]:
    """For each feature the places of its values in all combinations, the last feature changing fastest; their number
    in each row."""
    if not features:
        raise ValueError("no features to cross")
    rows = len(features[0].lengths)
    if any(len(feature.lengths) != rows for feature in features):
        raise ValueError(f"features have {[len(feature.lengths) for feature in features]} rows")
    counts = np.ones(rows, np.float64)
    for feature in features:
        counts = counts * feature.lengths
    if counts.sum() > _MOST:
        raise ValueError(f"{counts.sum():.3g} combinations are too many")
    lengths = counts.astype(np.int64)
    row, rest = np.repeat(np.arange(rows), lengths), within_rows(lengths)
    places = []
    for feature in reversed(features):
        size = feature.lengths[row]
        places.append(splits_of(feature.lengths)[row] + rest % size)
        rest = rest // size
    return places[::-1], lengths


def _joined(features: Sequence[_Feature], places: Sequence[np.ndarray], separator: bytes) -> StringTensor:
    columns = []
    for feature, place in zip(features, places, strict=True):
        if isinstance(feature.values, StringTensor):
            values = feature.values.to_list()
        else:
            values = [str(value).encode() for value in feature.values.tolist()]
        columns.append([values[i] for i in place.tolist()])
    return StringTensor.from_list([separator.join(items) for items in zip(*columns, strict=True)])


_FACTOR = np.uint64(0xC6A4A7935BD1E995)
_SHIFT = np.uint64(47)


def concatenated_fingerprint(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The fingerprint of two fingerprints, uint64: FingerprintCat64, a mixing step of MurmurHash64."""
    b = b * _FACTOR
    b = (b ^ (b >> _SHIFT)) * _FACTOR
    mixed = (a ^ _FACTOR ^ b) * _FACTOR
    mixed = (mixed ^ (mixed >> _SHIFT)) * _FACTOR
    return mixed ^ (mixed >> _SHIFT)


def _hashes(feature: _Feature, key: tuple[int, int] | None) -> np.ndarray:
    values = feature.values
    if isinstance(values, np.ndarray):
        return values.astype(np.int64).view(np.uint64)
    return fingerprints(values) if key is None else sip_hashes(values, key)


def _hashed(
    features: Sequence[_Feature],
    places: Sequence[np.ndarray],
    start: int | None,
    num_buckets: int,
    key: tuple[int, int] | None = None,
) -> np.ndarray:
    if num_buckets < 0:
        raise ValueError(f"num_buckets is {num_buckets}")
    total = None if start is None else np.full(len(places[0]), start % 2**64, np.uint64)
    for feature, place in zip(features, places, strict=True):
        values = _hashes(feature, key)[place]
        total = values if total is None else concatenated_fingerprint(total, values)
    assert total is not None
    return (total % np.uint64(num_buckets or 2**63 - 1)).astype(np.int64)


def _as_sparse(lengths: np.ndarray, values: Tensor) -> list[Tensor]:
    indices = np.stack([np.repeat(np.arange(len(lengths)), lengths), within_rows(lengths)], axis=1)
    return [indices, values, np.array([len(lengths), int(lengths.max(initial=0))], np.int64)]


def _features(indices, values, shapes, dense_inputs) -> list[_Feature]:
    sparse = [_sparse(*parts) for parts in zip(indices, values, shapes, strict=True)]
    return [*sparse, *map(_dense, dense_inputs)]


@host_op("SparseCross")
def sparse_cross(
    indices,
    values,
    shapes,
    dense_inputs,
    *,
    hashed_output,
    num_buckets,
    hash_key,
    out_type,
    internal_type,
):
    """Sparse features, then dense ones: joined by "_X_", or hashed starting from hash_key."""
    features = _features(indices, values, shapes, dense_inputs)
    places, lengths = _combine(features)
    if not hashed_output:
        if any(isinstance(feature.values, np.ndarray) for feature in features):
            raise ValueError("integers are joined only if they are hashed: make them strings")
        return _as_sparse(lengths, _joined(features, places, b"_X_"))
    return _as_sparse(lengths, _hashed(features, places, hash_key, num_buckets))


@host_op("SparseCrossV2")
def sparse_cross_v2(indices, values, shapes, dense_inputs, sep):
    """Sparse features, then dense ones, joined by sep."""
    features = _features(indices, values, shapes, dense_inputs)
    places, lengths = _combine(features)
    return _as_sparse(lengths, _joined(features, places, sep.item()))


def _low_bytes(values: np.ndarray) -> StringTensor:
    return StringTensor.from_buffers(np.arange(values.size + 1) * 4, values.astype("<i4").tobytes(), values.shape)


@host_op("SparseCrossHashed")
def sparse_cross_hashed(indices, values, shapes, dense_inputs, num_buckets, strong_hash, salt):
    """Sparse features, then dense ones, hashed; strings by SipHash under the salt if the hash is to be strong.

    Integers of a dense feature stand for themselves; of those of a sparse one the kernel hashes the low four bytes.
    Raises ValueError for a strong hash of integers, which crashes the kernel.
    """
    if strong_hash and any(isinstance(items, np.ndarray) for items in (*values, *dense_inputs)):
        raise ValueError("integers cannot be hashed strongly: make them strings")
    values = [_low_bytes(items) if isinstance(items, np.ndarray) else items for items in values]
    features = _features(indices, values, shapes, dense_inputs)
    places, lengths = _combine(features)
    first, second = (int(number) for number in salt)
    key = (first, second) if strong_hash else None
    return _as_sparse(lengths, _hashed(features, places, None, int(num_buckets), key))


@host_op("RaggedCross")
def ragged_cross(
    ragged_values,
    ragged_row_splits,
    sparse_indices,
    sparse_values,
    sparse_shape,
    dense_inputs,
    *,
    input_order,
    hashed_output,
    num_buckets,
    hash_key,
    out_values_type,
    out_row_splits_type,
):
    """Ragged, sparse and dense features in the order of the letters R, S, D: joined by "_X_", or hashed."""
    ragged = (_ragged(*parts) for parts in zip(ragged_values, ragged_row_splits, strict=True))
    sparse = (_sparse(*parts) for parts in zip(sparse_indices, sparse_values, sparse_shape, strict=True))
    dense = map(_dense, dense_inputs)
    kinds = {"R": ragged, "S": sparse, "D": dense}
    if sorted(input_order) != sorted("R" * len(ragged_values) + "S" * len(sparse_values) + "D" * len(dense_inputs)):
        raise ValueError(f"input_order is {input_order!r}, which does not fit the features")
    features = [next(kinds[kind]) for kind in input_order]
    places, lengths = _combine(features)
    splits = splits_of(lengths).astype(constant_dtype(out_row_splits_type))
    if not hashed_output:
        return [_joined(features, places, b"_X_"), splits]
    return [_hashed(features, places, hash_key, num_buckets), splits]

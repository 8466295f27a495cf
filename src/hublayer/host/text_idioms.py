"""The ops that hublayer.graph.passes.text_idioms writes in place of several of TensorFlow's."""

from __future__ import annotations

import numpy as np

from hublayer.graph.passes.split_rows import FILL_EMPTY_ROWS
from hublayer.graph.passes.text_idioms import KEEP_ROWS, ROW_SPLITS, VOCABULARY_LOOKUP
from hublayer.graph.row_ids import row_counts
from hublayer.host.elements import concat_rows, splits_of, take_rows
from hublayer.host.fingerprints import fingerprints
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.tables import table_of
from hublayer.host.word_hashes import sip_hashes


@host_op(KEEP_ROWS)
def keep_rows(data, mask):
    """The rows of data at the places where a vector is true; of a mask of another rank, at all its coordinates."""
    if mask.ndim == 1 and len(mask) == data.shape[0] and mask.all():
        return data
    places = np.flatnonzero(mask) if mask.ndim == 1 else np.argwhere(mask).reshape(-1)
    if len(places) and int(places.max()) >= data.shape[0]:
        raise ValueError(f"row {int(places.max())} is asked for, but there are {data.shape[0]}")
    return take_rows(data, places)


@host_op(ROW_SPLITS)
def row_splits(rows, size, *, dtype):
    """Where each of `size` rows starts and the last one ends; rows: the row of each value. Others are not counted."""
    size = int(size)
    if rows.size and int(rows.min()) < 0:
        raise ValueError(f"row {int(rows.min())} is negative")
    return splits_of(row_counts(rows, size)[:size]).astype(dtype, copy=False)


@host_op(VOCABULARY_LOOKUP)
def vocabulary_lookup(table, keys, default, *, num_buckets, key=None):
    """The values of keys; for one that has the default, a bucket after the table's entries, by its hash."""
    table = table_of(table)
    found = table.find(keys, default)
    assert isinstance(found, np.ndarray), "it is compared with numbers"
    flat = found.reshape(-1)
    unknown = np.flatnonzero(flat == default)
    if not unknown.size:
        return found
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1, but it is {num_buckets}")
    strings: StringTensor = keys.reshape((-1,)).take(unknown)
    hashes = fingerprints(strings) if key is None else sip_hashes(strings, tuple(key))
    flat[unknown] = (hashes % np.uint64(num_buckets)).astype(np.int64) + len(table)
    return found


@host_op(FILL_EMPTY_ROWS)
def fill_empty_rows(rows, values, dense_shape, default):
    """As SparseFillEmptyRows, for rows (n,), which ascend, in place of indices."""
    if default.shape != () or rows.shape != values.shape or dense_shape.shape != (2,):
        raise ValueError(
            f"as many rows as values, a scalar default and a shape (2,) were expected, but {rows.shape}, "
            f"{values.shape}, {default.shape} and {dense_shape.shape} came"
        )
    count = int(dense_shape[0])
    if len(rows) and int(rows[-1]) >= count:
        raise ValueError(f"a value names row {int(rows[-1])} of {count} rows")
    lengths = row_counts(rows, count)
    empty = lengths == 0
    new = np.flatnonzero(empty)
    if not new.size:
        return [rows, values, empty, np.arange(len(rows))]
    place = np.arange(len(rows)) + np.searchsorted(new, rows)
    filled = np.maximum(lengths, 1)
    order = np.full(len(rows) + len(new), len(rows))
    order[place] = np.arange(len(rows))
    both = concat_rows([values, default.reshape((1,))])
    return [np.arange(count).repeat(filled), take_rows(both, order), empty, place]

"""Lookup tables: the ops that make, fill, change and ask them. A table's handle is the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from hublayer.host.execute import HostRun
from hublayer.host.lookup_table import DenseTable, ImmutableTable, LookupTable, MutableTable
from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.table_text_file import asset_path, read_entries


def _shared(run: HostRun, container: str, shared_name: str, node_name: str, make: Any) -> LookupTable:
    """The table of this name. Raises ValueError if one of another kind has the name already."""
    name = f"{container}/{shared_name}" if shared_name else f"{container}//{node_name}"
    table = make(shared_name or node_name)
    found = run.resource(name, lambda: table)
    kind = (type(table), table.key_dtype, table.value_dtype)
    if (type(found), found.key_dtype, found.value_dtype) != kind:
        raise ValueError(
            f"the name {name!r} stands for {found!r}, but a table from {kind[1]} to {kind[2]} is asked for"
        )
    return found


def _kind(table: LookupTable) -> tuple[Any, ...]:
    return type(table), table.key_dtype, table.value_dtype, table.key_shape, table.value_shape


def table_of(handle: Any) -> LookupTable:
    """The table that is its own handle. Raises ValueError for something else."""
    if not isinstance(handle, LookupTable):
        raise ValueError(f"the handle of a table was expected, but {type(handle).__name__} came")
    return handle


def _mutable(handle: Any) -> MutableTable:
    table = table_of(handle)
    if not isinstance(table, MutableTable):
        raise ValueError(f"{table!r} cannot be changed once it is filled")
    return table


@host_op("HashTable", "HashTableV2")
def hash_table(run, *, key_dtype, value_dtype, container="", shared_name="", use_node_name_sharing=False, node_name=""):
    """A table that an initializer fills."""
    return _shared(run, container, shared_name, node_name, lambda name: ImmutableTable(name, key_dtype, value_dtype))


@host_op("AnonymousHashTable")
def anonymous_hash_table(*, key_dtype, value_dtype, node_name=""):
    """A new table at each call."""
    return ImmutableTable(node_name, key_dtype, value_dtype)


@host_op("MutableHashTable", "MutableHashTableV2")
def mutable_hash_table(
    run, *, key_dtype, value_dtype, container="", shared_name="", use_node_name_sharing=False, node_name=""
):
    """An empty table that ops fill."""
    return _shared(run, container, shared_name, node_name, lambda name: MutableTable(name, key_dtype, value_dtype))


@host_op("AnonymousMutableHashTable")
def anonymous_mutable_hash_table(*, key_dtype, value_dtype, node_name=""):
    """A new, empty table at each call."""
    return MutableTable(node_name, key_dtype, value_dtype)


def _vector(value_shape: tuple[int | None, ...] | None) -> tuple[int, ...]:
    if value_shape is None or len(value_shape) != 1 or value_shape[0] is None:
        raise ValueError(f"values of this table are vectors of a known length, but value_shape is {value_shape}")
    return (value_shape[0],)


@host_op("MutableHashTableOfTensors", "MutableHashTableOfTensorsV2")
def mutable_hash_table_of_tensors(
    run,
    *,
    key_dtype,
    value_dtype,
    value_shape=(),
    container="",
    shared_name="",
    use_node_name_sharing=False,
    node_name="",
):
    """An empty table whose values are vectors."""
    shape = _vector(value_shape)
    return _shared(
        run, container, shared_name, node_name, lambda name: MutableTable(name, key_dtype, value_dtype, (), shape)
    )


@host_op("AnonymousMutableHashTableOfTensors")
def anonymous_mutable_hash_table_of_tensors(*, key_dtype, value_dtype, value_shape=(), node_name=""):
    """A new, empty table whose values are vectors, at each call."""
    return MutableTable(node_name, key_dtype, value_dtype, (), _vector(value_shape))


def _dense(name: str, empty: Any, deleted: Any, value_dtype: str, value_shape: Any, buckets: int, load: float) -> Any:
    if buckets < 1 or buckets & (buckets - 1):
        raise ValueError(f"initial_num_buckets must be a power of two, but is {buckets}")
    if not 0 < load < 1:
        raise ValueError(f"max_load_factor must lie between 0 and 1, but is {load}")
    shape = tuple(value_shape or ())
    if len(shape) > 1 or any(dim is None for dim in shape):
        raise ValueError(f"values of this table are scalars or vectors, but value_shape is {value_shape}")
    return DenseTable(name, value_dtype, shape, empty, deleted)


@host_op("MutableDenseHashTableV2")
def mutable_dense_hash_table(
    run,
    empty_key,
    deleted_key,
    *,
    value_dtype,
    value_shape=(),
    initial_num_buckets=131072,
    max_load_factor=0.8,
    container="",
    shared_name="",
    use_node_name_sharing=False,
    node_name="",
):
    """An empty table in which two keys may not be used. Buckets and load factor change nothing that can be seen."""
    return _shared(
        run,
        container,
        shared_name,
        node_name,
        lambda name: _dense(
            name, empty_key, deleted_key, value_dtype, value_shape, initial_num_buckets, max_load_factor
        ),
    )


@host_op("AnonymousMutableDenseHashTable")
def anonymous_mutable_dense_hash_table(
    empty_key,
    deleted_key,
    *,
    value_dtype,
    value_shape=(),
    initial_num_buckets=131072,
    max_load_factor=0.8,
    node_name="",
):
    """A new, empty table of the kind of MutableDenseHashTable, at each call."""
    return _dense(node_name, empty_key, deleted_key, value_dtype, value_shape, initial_num_buckets, max_load_factor)


@host_op("InitializeTable", "InitializeTableV2")
def initialize_table(table_handle, keys, values):
    """Fill a table from a vector of keys and one of values."""
    table = table_of(table_handle)
    if len(keys.shape) != 1 or len(values.shape) != 1:
        raise ValueError(f"a table is filled from two vectors, but {keys.shape} and {values.shape} came")
    if not isinstance(table, ImmutableTable):
        raise ValueError(f"{table!r} is not filled by an initializer")
    table.initialize(*table.pairs(keys, values))
    return ()


@host_op("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
def initialize_table_from_text_file(
    run, table_handle, filename, *, key_index, value_index, vocab_size=-1, delimiter="\t", offset=0
):
    """Fill a table from a vocabulary file of the model."""
    table = table_of(table_handle)
    if not isinstance(filename, StringTensor) or filename.size != 1:
        raise ValueError("the name of one vocabulary file was expected")
    if not isinstance(table, ImmutableTable):
        raise ValueError(f"{table!r} is not filled by an initializer")
    path = asset_path(filename.item(), run.folder)
    keys, values = read_entries(
        path,
        table.key_dtype,
        table.value_dtype,
        key_index=key_index,
        value_index=value_index,
        vocab_size=vocab_size,
        delimiter=delimiter,
        offset=offset,
    )
    table.initialize(keys, values)
    return ()


@host_op("LookupTableFind", "LookupTableFindV2")
def lookup_table_find(table_handle, keys, default_value, *, Tout=None):
    """The values of keys, or the default."""
    return table_of(table_handle).find(keys, default_value)


@host_op("LookupTableSize", "LookupTableSizeV2")
def lookup_table_size(table_handle):
    """int64 scalar: how many keys the table has."""
    return np.array(len(table_of(table_handle)), np.int64)


@host_op("LookupTableInsert", "LookupTableInsertV2")
def lookup_table_insert(table_handle, keys, values):
    """Set values in a mutable table."""
    _mutable(table_handle).insert(keys, values)
    return ()


@host_op("LookupTableRemoveV2")
def lookup_table_remove(table_handle, keys):
    """Take keys out of a mutable table."""
    _mutable(table_handle).remove(keys)
    return ()


@host_op("LookupTableImport", "LookupTableImportV2")
def lookup_table_import(table_handle, keys, values):
    """Replace what a mutable table holds; fill a table that an initializer would have filled."""
    table = table_of(table_handle)
    if isinstance(table, ImmutableTable):
        table.initialize(*table.pairs(keys, values))
    else:
        _mutable(table).replace(keys, values)
    return ()


@host_op("LookupTableExport", "LookupTableExportV2")
def lookup_table_export(table_handle, *, Tkeys=None, Tvalues=None):
    """All keys and all values, in no particular order."""
    return table_of(table_handle).export()

"""Records of comma-separated values (RFC 4180)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from hublayer.host.registry import host_op
from hublayer.host.string_tensor import StringTensor
from hublayer.host.strings_join import as_bytes
from hublayer.host.strings_parse import parsed

_QUOTE = ord('"')
_DTYPES = ("float32", "float64", "int32", "int64", "string")


@host_op("DecodeCSV")
def decode_csv(
    records, record_defaults, *, OUT_TYPE, field_delim=",", use_quote_delim=True, na_value="", select_cols=()
):
    """One tensor of the records' shape for each field, of its default's dtype.

    A field that is empty or `na_value` takes its default; without one it is an error, as is a record with another
    number of fields, or fewer than select_cols asks for.
    """
    delimiter, missing = as_bytes(field_delim), as_bytes(na_value)
    if len(delimiter) != 1:
        raise ValueError(f"field_delim must be one character, but it is {field_delim!r}")
    columns = list(select_cols)
    if columns and (len(columns) != len(record_defaults) or columns[0] < 0 or columns != sorted(set(columns))):
        raise ValueError(f"select_cols must rise and name {len(record_defaults)} columns, but it is {columns}")
    for number, default in enumerate(record_defaults):
        if default.ndim > 1 or _size(default) > 1:
            raise ValueError(f"field {number} must have one default at most, but it has {_size(default)}")
    rows = []
    for number, record in enumerate(records.to_list()):
        try:
            every = _fields(record, delimiter[0], use_quote_delim)
            fields = list(islice(every, columns[-1] + 1) if columns else every)  # what follows is not looked at
        except ValueError as error:
            raise ValueError(f"record {number}: {error}") from error
        if columns:
            fields = [fields[column] for column in columns if column < len(fields)]
        if len(fields) != len(record_defaults):
            raise ValueError(f"record {number} has {len(fields)} fields, not {len(record_defaults)}")
        rows.append(fields)
    columns_of_fields = list(zip(*rows, strict=True)) or [()] * len(record_defaults)
    return [
        _column(number, list(fields), default, missing, records.shape)
        for number, (fields, default) in enumerate(zip(columns_of_fields, record_defaults, strict=True))
    ]


def _size(default: StringTensor | np.ndarray) -> int:
    return int(default.size)


def _fields(record: bytes, delimiter: int, quotes: bool) -> Iterator[bytes]:
    """The fields of a record. Line breaks before a field are skipped, as the kernel does."""
    forbidden = b'"\r\n' if quotes else b"\r\n"
    place = 0
    while place < len(record):
        if record[place] in b"\r\n":
            place += 1
            continue
        if quotes and record[place] == _QUOTE:
            field, place = _quoted(record, place + 1, delimiter)
        else:
            end = record.find(delimiter, place)
            end = len(record) if end < 0 else end
            field = record[place:end]
            if any(byte in forbidden for byte in field):
                raise ValueError("a field that is not quoted holds a quote or a line break")
            place = end + 1
        yield field
    if record and record[-1] == delimiter:
        yield b""


def _quoted(record: bytes, place: int, delimiter: int) -> tuple[bytes, int]:
    """The field whose first quote stands before `place`, and where the next one starts."""
    parts = []
    while (end := record.find(_QUOTE, place)) >= 0:
        parts.append(record[place:end])
        if end + 1 == len(record) or record[end + 1] == delimiter:
            return b'"'.join(parts), end + 2
        if record[end + 1] != _QUOTE:
            raise ValueError("a quote within a quoted field must be written twice")
        place = end + 2
    raise ValueError("a quoted field does not end with a quote")


def _column(
    number: int, fields: list[bytes], default: StringTensor | np.ndarray, missing: bytes, shape: tuple[int, ...]
) -> StringTensor | np.ndarray:
    absent = [field in (b"", missing) for field in fields]
    if any(absent) and not default.size:
        raise ValueError(f"field {number} is missing in record {absent.index(True)} and has no default")
    if isinstance(default, StringTensor):
        value = default.to_list()[0] if default.size else b""
        return StringTensor.from_list([value if gone else f for gone, f in zip(absent, fields, strict=True)], shape)
    if default.dtype.name not in _DTYPES:
        raise ValueError(f"field {number} is {default.dtype.name}, but must be one of {_DTYPES}")
    texts = [b"0" if gone else field for gone, field in zip(absent, fields, strict=True)]
    try:
        values = parsed(StringTensor.from_list(texts, shape), default.dtype.name)
    except ValueError as error:
        raise ValueError(f"field {number}: {error}") from error
    if any(absent):
        values = np.where(np.reshape(absent, shape), default.reshape(-1)[0], values)
    return np.asarray(values, default.dtype)

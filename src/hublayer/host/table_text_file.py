"""Vocabulary files: lines, or columns of lines, as the keys and values of a table."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hublayer.savedmodel.tensors import constant_dtype

WHOLE_LINE = -2
LINE_NUMBER = -1
_INTEGER = re.compile(rb"[+-]?\d+", re.ASCII)
_SPACE = b" \t\n\v\f\r"


def asset_path(name: bytes, folder: Path) -> Path:
    """The file that a model names, which must lie in the model's folder.

    Relative names start at the folder. Raises PermissionError for a file elsewhere and FileNotFoundError for none.
    Symbolic links inside the folder are followed: caches that share files between versions consist of them.
    """
    root = Path(os.path.normpath(folder.absolute()))
    path = Path(os.path.normpath(root / os.fsdecode(name)))
    if not path.is_relative_to(root):
        raise PermissionError(f"the file {os.fsdecode(name)!r} is not one of the model's own, which are in {root}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no vocabulary file {path}; the model is incomplete")
    return path


def read_entries(
    path: Path,
    key_dtype: str,
    value_dtype: str,
    *,
    key_index: int,
    value_index: int,
    vocab_size: int = -1,
    delimiter: str = "\t",
    offset: int = 0,
) -> tuple[list[Any], list[Any]]:
    """Keys and values of a vocabulary file, one pair per line.

    key_index, value_index: a column, `LINE_NUMBER` (counted from `offset`) or `WHOLE_LINE`. vocab_size: how many lines
    are read; -1 for all. Raises ValueError, naming file and line, for an empty line, a missing column, a field that is
    no number, too few lines, or a dtype that cannot hold a line or its number.
    """
    for role, index, dtype in (("key", key_index, key_dtype), ("value", value_index, value_dtype)):
        if index < WHOLE_LINE:
            raise ValueError(f"{role}_index is {index}: it must be a column, -1 (line number) or -2 (whole line)")
        if index == LINE_NUMBER and dtype != "int64":
            raise ValueError(f"line numbers as {role}s of a table are int64, but the table's are {dtype}")
        if index == WHOLE_LINE and dtype != "string" and not (role == "key" and dtype in ("int32", "int64")):
            raise ValueError(f"whole lines as {role}s of a table are strings, but the table's are {dtype}")
    lines = path.read_bytes().replace(b"\r", b"").split(b"\n")
    if not lines[-1]:
        lines.pop()
    if vocab_size >= 0:
        if len(lines) < vocab_size:
            raise ValueError(f"{path} has {len(lines)} lines, but the table's vocab_size is {vocab_size}")
        del lines[vocab_size:]
    if b"" in lines:
        raise ValueError(f"{path}: line {lines.index(b'')} (counted from 0) is empty")
    columns: list[list[bytes]] = []
    if max(key_index, value_index) >= 0:
        separator = delimiter.encode()
        if len(separator) != 1:
            raise ValueError(f"the delimiter of a vocabulary file is one byte, but {delimiter!r} came")
        columns = [line.split(separator) for line in lines]
        needed = max(key_index, value_index) + 1
        for number, fields in enumerate(columns):
            if len(fields) < needed:
                raise ValueError(f"{path}: line {number} ({lines[number]!r}) has {len(fields)} of {needed} columns")

    def entries(index: int, dtype: str) -> list[Any]:
        if index == LINE_NUMBER:
            return list(range(offset, offset + len(lines)))
        fields = lines if index == WHOLE_LINE else [row[index] for row in columns]
        if dtype == "string":
            return fields
        parse, parsed = _parser(dtype), []
        for number, field in enumerate(fields):
            try:
                parsed.append(parse(field))
            except ValueError:
                raise ValueError(f"{path}: {field!r} in line {number} is no valid {dtype}") from None
        return parsed

    return entries(key_index, key_dtype), entries(value_index, value_dtype)


def _parser(dtype: str) -> Callable[[bytes], Any]:
    if dtype in ("int32", "int64"):
        limit = 2 ** (31 if dtype == "int32" else 63)

        def integer(field: bytes) -> int:
            stripped = field.strip(_SPACE)
            if not _INTEGER.fullmatch(stripped) or len(stripped) > 40:
                raise ValueError(field)
            value = int(stripped)
            if not -limit <= value < limit:
                raise ValueError(field)
            return value

        return integer
    if dtype in ("float32", "float64"):
        numpy_dtype = constant_dtype(dtype)
        assert numpy_dtype is not None
        return lambda field: float(numpy_dtype.type(field.strip(_SPACE).decode("ascii")))
    raise ValueError(f"a table of {dtype} cannot be read from a file")

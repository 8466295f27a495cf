"""All cases of host ops, and TensorFlow's results for them, strings included."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from lowering.case import Case

FOLDER = Path(__file__).parent


def strings(*values: str | bytes | list) -> np.ndarray:
    """An object array of bytes: strings("a", b"\\xff") is a vector, strings(["a", "b"], ["c", "d"]) a matrix."""
    array = np.array(values, object)
    return np.vectorize(lambda value: value.encode() if isinstance(value, str) else value, [object])(array)


def text(value: str | bytes) -> np.ndarray:
    """A scalar string."""
    array = np.empty((), object)
    array[()] = value.encode() if isinstance(value, str) else value
    return array


def families() -> dict[str, list[Case]]:
    """The cases by family: each module of tests/host/cases has a list CASES."""
    names = sorted(path.stem for path in (FOLDER / "cases").glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"host.cases.{name}").CASES for name in names}


def golden_path(family: str) -> Path:
    """Where TensorFlow's results for a family are kept."""
    return FOLDER / "goldens" / f"{family}.npz"


def packed(outputs: Mapping[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    """Outputs by case in few arrays, because thousands of small ones in a zip file weigh more than they hold."""
    arrays: dict[str, np.ndarray] = {}
    table, blobs = [], []
    for case, values in outputs.items():
        for value in values:
            if value.dtype.kind in "OS":
                items = [bytes(item) for item in value.ravel().tolist()]
                blob = np.array([len(items), *map(len, items)], np.int64).tobytes() + b"".join(items)
                dtype = "string"
            else:
                blob, dtype = np.ascontiguousarray(value).tobytes(), value.dtype.str
            table.append(f"{case}\t{dtype}\t{' '.join(map(str, value.shape))}\t{len(blob)}")
            blobs.append(blob)
        if not values:
            table.append(f"{case}\tnone\t\t0")
    arrays["table"] = np.array("\n".join(table))
    arrays["data"] = np.frombuffer(b"".join(blobs), np.uint8)
    return arrays


def unpacked(arrays: Mapping[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """What `packed` was given."""
    outputs: dict[str, list[np.ndarray]] = {}
    data, start = arrays["data"].tobytes(), 0
    for line in str(arrays["table"]).split("\n"):
        case, dtype, dims, length = line.split("\t")
        blob, start = data[start : start + int(length)], start + int(length)
        values = outputs.setdefault(case, [])
        if dtype == "none":
            continue
        shape = tuple(map(int, dims.split()))
        if dtype == "string":
            count = int(np.frombuffer(blob[:8], np.int64)[0])
            lengths = np.frombuffer(blob[8 : 8 + 8 * count], np.int64)
            ends = 8 + 8 * count + np.cumsum(lengths)
            array = np.empty(count, object)
            array[:] = [blob[end - length : end] for end, length in zip(ends, lengths, strict=True)]
            values.append(array.reshape(shape))
        else:
            values.append(np.frombuffer(blob, np.dtype(dtype)).reshape(shape))
    return outputs

"""What an endpoint returned, for people and as JSON."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.table import Table
from rich.text import Text

from hublayer.info_tables import printable, tensor_shape

_TEXT_SHOWN = 40
_EDGE_BY_RANK = {1: 2, 2: 2}


@dataclass(frozen=True)
class Output:
    """One tensor that came out. values: an array, or nested lists of a ragged tensor. dtype: "string" for text."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    values: Any


def outputs_of(structure: Any) -> list[Output]:
    """The tensors in a structure of the backend's tensors, a ragged one as lists, a sparse one as its three parts."""
    return [_output(name or "the result", value) for name, value in _leaves(structure, "")]


def as_table(outputs: list[Output]) -> Table:
    """Name, dtype and shape of each, and a few of its values."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("Output", style="cyan", overflow="fold")
    table.add_column("Dtype", no_wrap=True)
    table.add_column("Shape", no_wrap=True)
    table.add_column("Values", overflow="fold")
    for output in outputs:
        table.add_row(
            Text(printable(output.name)),
            output.dtype,
            tensor_shape(output.shape),
            Text(printable(_in_rows(output))),
        )
    return table


def as_json(outputs: list[Output]) -> dict[str, Any]:
    """Each by its name: dtype, shape and all values.

    Bytes that are no UTF-8 become ``{"b64": "..."}``, infinities and NaN the strings "Infinity", "-Infinity", "NaN".
    """
    return {
        output.name: {"dtype": output.dtype, "shape": list(output.shape), "values": _json_value(output.values)}
        for output in outputs
    }


def _leaves(structure: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(structure, dict):
        for key, value in sorted(structure.items()):
            yield from _leaves(value, f"{path}[{key!r}]" if path else str(key))
    elif hasattr(structure, "dense_shape") and hasattr(structure, "indices"):
        for part in ("indices", "values", "dense_shape"):
            yield f"{path}.{part}".removeprefix("."), getattr(structure, part)
    elif isinstance(structure, list | tuple):
        for index, value in enumerate(structure):
            yield from _leaves(value, f"{path}[{index}]")
    elif structure is not None:
        yield path, structure


def _output(name: str, value: Any) -> Output:
    dtype = getattr(value.dtype, "name", str(value.dtype).removeprefix("torch."))
    if hasattr(value, "to_list"):
        return Output(name, f"ragged {dtype}", tuple(value.shape), value.to_list())
    import keras

    array: np.ndarray = np.asarray(value if dtype in ("string", "object") else keras.ops.convert_to_numpy(value))
    return Output(name, "string" if array.dtype.kind in "OSU" else str(array.dtype), array.shape, array)


def _in_rows(output: Output) -> str:
    rank = len(output.shape)
    return _abbreviated(output.values, rank, ", " if rank < 2 else ",\n ")


def _abbreviated(values: Any, rank: int, between: str = ", ") -> str:
    """The first and last values at each level of an array or of nested lists; `between` stands at the outermost."""
    if rank == 0:
        return _short(values)
    edge = _EDGE_BY_RANK.get(rank, 1)
    cut = len(values) > 2 * edge + 1
    shown = [*values[:edge], *values[-edge:]] if cut else values
    texts = [_abbreviated(value, rank - 1) for value in shown]
    if cut:
        texts.insert(edge, "…")
    return f"[{between.join(texts)}]"


def _short(value: Any) -> str:
    value = value.item() if isinstance(value, np.generic | np.ndarray) else value
    if isinstance(value, float):
        return f"{value:.4g}"
    value = _readable(value)
    if not isinstance(value, str | bytes):
        return str(value)
    return repr(value if len(value) <= _TEXT_SHOWN else value[:_TEXT_SHOWN]) + "…" * (len(value) > _TEXT_SHOWN)


def _readable(value: Any) -> Any:
    """Text for bytes that are UTF-8; other bytes stay bytes, whose repr shows them escaped."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _json_value(values: Any) -> Any:
    return _mapped(values.tolist() if isinstance(values, np.ndarray) else values, _json_scalar)


def _json_scalar(value: Any) -> Any:
    value = _readable(value)
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value if isinstance(value, str | int | float) else str(value)


def _mapped(values: Any, function: Any) -> Any:
    return [_mapped(value, function) for value in values] if isinstance(values, list) else function(values)

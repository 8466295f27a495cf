"""What a SavedModel says of its tensors: TensorSpec, CompositeSpec and structures of them.

A structure is a nest of list, tuple and dict whose leaves are specs or Python constants.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hublayer.savedmodel import dtypes

Shape = tuple[int | None, ...] | None


def shape_text(shape: Shape) -> str:
    """``(None, 224, 224, 3)``, or ``<unknown rank>``."""
    return "<unknown rank>" if shape is None else str(tuple(shape))


@dataclass(frozen=True)
class TensorSpec:
    """A dense tensor: dtype name, shape (None for an unknown rank) and its name in the trace."""

    dtype: str
    shape: Shape
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.dtype} {shape_text(self.shape)}"


@dataclass(frozen=True)
class CompositeSpec:
    """A ragged or sparse tensor, or another of TensorFlow's composite types.

    kind: "ragged", "sparse", or the TypeSpec's class name.
    ragged_rank: number of ragged dimensions; None unless ragged. row_splits_dtype: of a ragged tensor's partitions.
    """

    kind: str
    dtype: str | None
    shape: Shape
    ragged_rank: int | None = None
    row_splits_dtype: str = "int64"

    def __str__(self) -> str:
        return f"{self.kind} {self.dtype} {shape_text(self.shape)}" if self.dtype else self.kind


@dataclass(frozen=True)
class Opaque:
    """A constant argument that has no Python counterpart here; it matches only itself."""

    description: str

    def __str__(self) -> str:
        return self.description


Spec = TensorSpec | CompositeSpec


def is_spec(value: object) -> bool:
    """Whether `value` stands for a tensor, dense or composite."""
    return isinstance(value, TensorSpec | CompositeSpec)


def components(spec: Spec) -> tuple[TensorSpec, ...]:
    """The dense tensors that a trace passes for `spec`, in its order; none for a composite type that is not known.

    Ragged: the flat values, then the row splits from the outermost dimension on. Sparse: indices, values, dense shape.
    """
    if isinstance(spec, TensorSpec):
        return (spec,)
    if spec.kind == "ragged" and spec.ragged_rank is not None and spec.dtype:
        inner = None if spec.shape is None else (None, *spec.shape[spec.ragged_rank + 1 :])
        splits = TensorSpec(spec.row_splits_dtype, (None,))
        return (TensorSpec(spec.dtype, inner), *[splits] * spec.ragged_rank)
    if spec.kind == "sparse" and spec.dtype:
        rank = None if spec.shape is None else len(spec.shape)
        return TensorSpec("int64", (None, rank)), TensorSpec(spec.dtype, (None,)), TensorSpec("int64", (rank,))
    return ()


def leaves(structure: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, leaf) of a structure, dict keys sorted; a path looks like ``inputs['ids'][0]``."""
    if isinstance(structure, dict):
        for key in sorted(structure):
            yield from leaves(structure[key], f"{path}[{key!r}]")
    elif isinstance(structure, list | tuple):
        names = [f".{name}" for name in getattr(structure, "_fields", ())]
        for index, item in enumerate(structure):
            yield from leaves(item, path + (names[index] if names else f"[{index}]"))
    else:
        yield path, structure


def spec_leaves(structure: Any, path: str = "") -> list[tuple[str, Spec]]:
    """The leaves of `structure` that are tensors, with their paths."""
    return [(where, leaf) for where, leaf in leaves(structure, path) if is_spec(leaf)]


def describe(structure: Any) -> str:
    """A structure in one line, as error messages and tables print it."""
    if isinstance(structure, dict):
        return "{" + ", ".join(f"{key!r}: {describe(structure[key])}" for key in structure) + "}"
    if isinstance(structure, tuple):
        fields = getattr(structure, "_fields", None)
        if fields:
            return "(" + ", ".join(f"{k}={describe(v)}" for k, v in zip(fields, structure, strict=True)) + ")"
        return "(" + ", ".join(map(describe, structure)) + ")"
    if isinstance(structure, list):
        return "[" + ", ".join(map(describe, structure)) + "]"
    return str(structure) if is_spec(structure) or isinstance(structure, Opaque) else repr(structure)


def shape_of(message: Any) -> Shape:
    """A TensorShape message as a tuple; an unknown dimension is None, an unknown rank is None."""
    if message.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in message.dim)


def tensor_info(message: Any) -> Spec:
    """The spec of a signature's TensorInfo message."""
    # Old exporters left the shape out, which says nothing; an empty one that is there says that it is a scalar.
    shape = shape_of(message.tensor_shape) if message.HasField("tensor_shape") else None
    dtype = dtypes.name(message.dtype)
    encoding = message.WhichOneof("encoding")
    if encoding == "coo_sparse":
        return CompositeSpec("sparse", dtype, shape)
    if encoding == "composite_tensor":
        spec = structured_value_spec(message.composite_tensor.type_spec)
        return spec if spec.dtype else CompositeSpec(spec.kind, dtype, shape, spec.ragged_rank)
    return TensorSpec(dtype, shape, message.name or None)


_KINDS = {1: "sparse", 2: "indexed slices", 3: "ragged"}
# Positions in the serialised state of the TypeSpecs, facts of the format: (shape, dtype) for SparseTensorSpec,
# (shape, dtype, ragged_rank, row_splits_dtype) for RaggedTensorSpec.
_RAGGED_RANK = 2


def structured_value_spec(message: Any) -> CompositeSpec:
    """The spec of a TypeSpec message."""
    kind = _KINDS.get(message.type_spec_class) or message.type_spec_class_name or "composite"
    state = decode(message.type_state)
    items = list(state) if isinstance(state, list | tuple) else []
    shape = next((item.shape for item in items if isinstance(item, _Shape)), None)
    dtype = next((item.dtype for item in items if isinstance(item, _Dtype)), None)
    if kind != "ragged" or len(items) <= _RAGGED_RANK or not isinstance(items[_RAGGED_RANK], int):
        return CompositeSpec(kind, dtype, shape)
    splits = next((item.dtype for item in items[_RAGGED_RANK + 1 :] if isinstance(item, _Dtype)), "int64")
    return CompositeSpec(kind, dtype, shape, items[_RAGGED_RANK], splits)


@dataclass(frozen=True)
class _Shape:
    shape: Shape


@dataclass(frozen=True)
class _Dtype:
    dtype: str


def decode(message: Any) -> Any:
    """A StructuredValue message as a structure."""
    kind = message.WhichOneof("kind")
    if kind is None or kind == "none_value":
        return None
    value = getattr(message, kind)
    match kind:
        case "float64_value" | "int64_value" | "string_value" | "bool_value":
            return value
        case "list_value":
            return [decode(item) for item in value.values]
        case "tuple_value":
            return tuple(decode(item) for item in value.values)
        case "dict_value":
            return {key: decode(value.fields[key]) for key in sorted(value.fields)}
        case "named_tuple_value":
            fields = namedtuple(value.name or "tuple_", [pair.key for pair in value.values], rename=True)
            return fields(*(decode(pair.value) for pair in value.values))
        case "tensor_spec_value" | "bounded_tensor_spec_value":
            return TensorSpec(dtypes.name(value.dtype), shape_of(value.shape), value.name or None)
        case "type_spec_value":
            return structured_value_spec(value)
        case "tensor_shape_value":
            return _Shape(shape_of(value))
        case "tensor_dtype_value":
            return _Dtype(dtypes.name(value))
    return Opaque(kind.removesuffix("_value"))

"""StableHLO modules as plain data, read by the MLIR that comes with JAX.

XlaCallModule holds a module as a portable artifact (StableHLO's versioned bytecode, which newer readers keep reading)
or as MLIR text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

from hublayer.errors import CorruptSavedModelError, UnsupportedOpsError
from hublayer.lowering.xla_dimension_numbers import Convolution, Dot, Window


@dataclass(frozen=True, slots=True)
class TensorType:
    """shape: None for a dimension that is not known. dtype: TensorFlow's name; "token" for what only orders effects."""

    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A function or region: its parameters, operations in order, and the values that it returns, by number."""

    parameters: tuple[int, ...]
    types: tuple[TensorType, ...]
    operations: tuple[Operation, ...]
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation. Values are numbers; a region may use those of what encloses it."""

    name: str
    operands: tuple[int, ...]
    results: tuple[int, ...]
    types: tuple[TensorType, ...]
    attrs: Mapping[str, Any]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """Functions by name; "main" is what is called."""

    functions: Mapping[str, Block]

    def operations(self) -> Iterator[Operation]:
        """Every operation of every function and region."""
        pending = list(self.functions.values())
        while pending:
            for operation in pending.pop().operations:
                yield operation
                pending += operation.blocks


def read_module(data: str | bytes) -> Module:
    """The module in an attribute.

    Raises UnsupportedOpsError where this JAX cannot read StableHLO, CorruptSavedModelError for what is no module.
    """
    try:
        from jax.interpreters.mlir import make_ir_context
        from jaxlib.mlir import ir
        from jaxlib.mlir.dialects import stablehlo
    except ImportError as error:
        raise UnsupportedOpsError(
            f"The model holds StableHLO (XlaCallModule), and this jaxlib does not let it be read: {error}. Install a "
            "current jax, or use Keras's TensorFlow backend."
        ) from error
    raw = data.encode() if isinstance(data, str) else data
    context = make_ir_context()
    try:
        with context:
            if raw.startswith(b"ML\xefR"):
                module = stablehlo.deserialize_portable_artifact(context, raw)
            else:
                module = ir.Module.parse(raw.decode(), context)
            read = _Reader(ir, stablehlo).module(module)
    except (ir.MLIRError, ValueError, UnicodeDecodeError) as error:
        raise CorruptSavedModelError(
            f"The StableHLO module of an XlaCallModule cannot be read: {str(error)[:500]}. It may be damaged, or newer "
            "than this jaxlib."
        ) from error
    if "main" not in read.functions:
        raise CorruptSavedModelError("The StableHLO module of an XlaCallModule has no function main.")
    return read


_DTYPES = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "i1": "bool", "index": "int64"}
_DTYPES |= {
    f"{letter}{bits}": f"{name}{bits}" for letter, name in (("i", "int"), ("ui", "uint")) for bits in (8, 16, 32, 64)
}
_DTYPES |= {"complex<f32>": "complex64", "complex<f64>": "complex128"}


class _Reader:
    """Reads one module; `ir` and `stablehlo` are jaxlib's."""

    def __init__(self, ir: Any, stablehlo: Any):
        self._ir = ir
        self._stablehlo = stablehlo
        self._numbers: dict[Any, int] = {}

    def module(self, module: Any) -> Module:
        functions = {}
        for operation in module.body.operations:
            function = operation.operation
            if function.name == "func.func" and function.regions[0].blocks:
                name = self._ir.StringAttr(function.attributes["sym_name"]).value
                functions[name] = self._block(function.regions[0].blocks[0])
        return Module(functions)

    def _number(self, value: Any) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def _block(self, block: Any) -> Block:
        parameters = tuple(self._number(argument) for argument in block.arguments)
        types = tuple(self._type(argument.type) for argument in block.arguments)
        operations = [operation.operation for operation in block.operations]
        results = tuple(self._number(value) for value in operations[-1].operands)
        return Block(parameters, types, tuple(self._operation(o) for o in operations[:-1]), results)

    def _operation(self, operation: Any) -> Operation:
        return Operation(
            operation.name,
            tuple(self._number(value) for value in operation.operands),
            tuple(self._number(value) for value in operation.results),
            tuple(self._type(value.type) for value in operation.results),
            {name: self._attribute(attr) for name, attr in _items(operation.attributes)},
            tuple(self._block(region.blocks[0]) for region in operation.regions if region.blocks),
        )

    def _type(self, given: Any) -> TensorType:
        if _is(given, self._ir.RankedTensorType):
            tensor = self._ir.RankedTensorType(given)
            shape = tuple(None if tensor.is_dynamic_dim(i) else tensor.get_dim_size(i) for i in range(tensor.rank))
            element = str(tensor.element_type)
            return TensorType(shape, _DTYPES.get(element, element))
        return TensorType((), "token" if "token" in str(given) else str(given))

    def _attribute(self, attr: Any) -> Any:
        ir = self._ir
        match type(attr).__name__:
            case "BoolAttr" | "IntegerAttr" | "FloatAttr" | "StringAttr" | "FlatSymbolRefAttr":
                return attr.value
            case "DenseI64ArrayAttr" | "DenseI32ArrayAttr" | "DenseBoolArrayAttr":
                return list(attr)
            case "ArrayAttr":
                return [self._attribute(item) for item in attr]
            case "DictAttr":
                return {name: self._attribute(item) for name, item in _items(attr)}
            case "DenseIntElementsAttr" | "DenseFPElementsAttr" | "DenseElementsAttr":
                return self._array(attr)
            case "TypeAttr" | "UnitAttr":
                return str(attr)
        stablehlo = self._stablehlo
        if _is(attr, stablehlo.DotDimensionNumbers):
            m = stablehlo.DotDimensionNumbers(attr)
            sides = (m.lhs_contracting_dimensions, m.rhs_contracting_dimensions)
            return Dot(*map(tuple, (*sides, m.lhs_batching_dimensions, m.rhs_batching_dimensions)))
        if _is(attr, stablehlo.ConvDimensionNumbers):
            m = stablehlo.ConvDimensionNumbers(attr)
            return Convolution(
                (m.input_batch_dimension, m.input_feature_dimension, *m.input_spatial_dimensions),
                (m.kernel_output_feature_dimension, m.kernel_input_feature_dimension, *m.kernel_spatial_dimensions),
                (m.output_batch_dimension, m.output_feature_dimension, *m.output_spatial_dimensions),
            )
        if _is(attr, stablehlo.GatherDimensionNumbers):
            m = stablehlo.GatherDimensionNumbers(attr)
            axes = (m.offset_dims, m.collapsed_slice_dims, m.start_index_map)
            batch = (m.operand_batching_dims, m.start_indices_batching_dims)
            return Window(*map(tuple, axes), m.index_vector_dim, *map(tuple, batch))
        if _is(attr, stablehlo.ScatterDimensionNumbers):
            m = stablehlo.ScatterDimensionNumbers(attr)
            axes = (m.update_window_dims, m.inserted_window_dims, m.scattered_dims_to_operand_dims)
            batch = (m.input_batching_dims, m.scatter_indices_batching_dims)
            return Window(*map(tuple, axes), m.index_vector_dim, *map(tuple, batch))
        if _is(attr, ir.DenseElementsAttr):
            return self._array(ir.DenseElementsAttr(attr))
        # What is left is an enumeration, such as #stablehlo<comparison_direction GE>.
        return str(attr).rstrip(">").rpartition(" ")[2]

    def _array(self, attr: Any) -> np.ndarray:
        kind = self._type(attr.type)
        dtype = ml_dtypes.bfloat16 if kind.dtype == "bfloat16" else np.dtype(kind.dtype)
        if attr.is_splat and "complex" not in kind.dtype:
            value = attr.get_splat_value().value
            if np.dtype(dtype).kind in "iu":
                value = np.array(value % (1 << 8 * np.dtype(dtype).itemsize), f"u{np.dtype(dtype).itemsize}").view(
                    dtype
                )
            return np.full(kind.shape, value, dtype)
        if kind.dtype in ("bfloat16", "bool"):
            concrete = self._ir.DenseFPElementsAttr if kind.dtype == "bfloat16" else self._ir.DenseIntElementsAttr
            return np.array(list(concrete(attr)), dtype).reshape(kind.shape)
        return np.array(attr).astype(dtype, copy=False).reshape(kind.shape)


def _is(value: Any, kind: Any) -> bool:
    """Whether a type or attribute of MLIR is of a kind: older bindings ask the kind itself, newer ones Python."""
    asked = getattr(kind, "isinstance", None)
    return isinstance(value, kind) if asked is None else asked(value)


def _items(attributes: Any) -> Iterator[tuple[str, Any]]:
    for item in attributes:
        if isinstance(item, str):
            yield item, attributes[item]
        else:
            yield item.name, item.attr

"""64-bit integers on JAX without jax_enable_x64: which programs compute in them, and how such a program is run.

A program whose integers may outgrow 32 bits is traced, compiled and called where JAX has its 64-bit types, takes its
inputs and variables in the dtypes that the graph declares, and gives back what the caller's JAX knows. Most programs
are none of these: their 64-bit integers are sizes, or ids that are only looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from hublayer.errors import BackendError
from hublayer.graph.ir import Function, Node
from hublayer.graph.node_dtypes import input_dtypes, output_dtypes
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.lowering.dtypes import NARROW, backend_dtype, cast, has_wide_types
from hublayer.lowering.registry import is_said_of
from hublayer.ops.traits import Trait, facts
from hublayer.runtime.ahead import is_suspended
from hublayer.runtime.call_scope import is_inside_model
from hublayer.runtime.compile import is_traced

WIDE_INTEGERS = frozenset({"int64", "uint64"})
_WIDE_DTYPES = frozenset(map(np.dtype, WIDE_INTEGERS))
_HINT = (
    "JAX computes in 32 bits unless it is told otherwise: call jax.config.update('jax_enable_x64', True) before the "
    "model is loaded, or set JAX_ENABLE_X64=1."
)


def wide_types() -> AbstractContextManager[Any]:
    """Where JAX has its 64-bit types."""
    import jax

    return jax.enable_x64(True)


def as_wide(array: np.ndarray) -> Any:
    """A tensor of 64-bit integers with the values of `array`."""
    import jax.numpy as jnp

    with wide_types():
        return jnp.asarray(array)


class Width:
    """Whether the program of `entry` needs 64 bits, and what it takes and gives then.

    functions: the entry and all that its control flow reaches. taken: the entry's parameters that are no variables, in
    the order of the program's inputs. variables: by key, as keras.Variable.
    """

    def __init__(
        self, entry: Function, functions: Iterable[Function], taken: Sequence[str], variables: Mapping[str, Any]
    ):
        dtypes = {parameter.name: parameter.dtype for parameter in entry.parameters}
        self._declared = [dtypes[name] for name in taken]
        self._at = [i for i, dtype in enumerate(self._declared) if dtype in WIDE_INTEGERS]
        self._variables = variables
        self.always = any(variable.dtype in WIDE_INTEGERS for variable in variables.values()) or any(
            map(_may_outgrow, functions)
        )
        """Whether every call needs them, whatever the inputs are."""

    def needed(self, inputs: Sequence[Any], statics: Mapping[int, np.ndarray]) -> bool:
        """Whether these inputs, or what is computed from them, may not fit into 32 bits. Not if JAX has 64 anyway."""
        if not self.always and not self._at:
            return False
        if has_wide_types():
            return False
        return self.always or any(
            i not in statics and getattr(inputs[i], "dtype", None) in _WIDE_DTYPES for i in self._at
        )

    def taken(self, inputs: Sequence[Any]) -> list[Any]:
        """The inputs in the dtypes that the graph declares; what is static stays an array."""
        return [_as(x, dtype) for x, dtype in zip(inputs, self._declared, strict=True)]

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The variables' values in the dtypes that the model saved them in."""
        return {key: _as(value, self._variables[key].saved_dtype) for key, value in values.items()}


def _as(value: Any, dtype: str | None) -> Any:
    """`value` in one of the dtypes that are narrower without 64-bit types; in any other it is already."""
    if value is None or dtype is None or dtype not in NARROW:
        return value
    return value.astype(dtype, copy=False) if isinstance(value, np.ndarray) else cast(value, dtype)


def _may_outgrow(function: Function) -> bool:
    """Whether a 64-bit integer that `function` computes may not fit into 32 bits although its inputs do."""
    static = {node.name for node in function.nodes if node.op == "Const"}
    for node in function.nodes:
        if node.op == "Const":
            if not fits(node.attrs["value"]):
                return True
        elif Trait.OF_SHAPES in facts(node.op).traits or (
            node.op in NUMPY_OPS and node.inputs and all(value.node in static for value in node.inputs)
        ):
            static.add(node.name)
        elif _may_give_more(node):
            return True
    return False


def _may_give_more(node: Node) -> bool:
    """Whether `node` gives, or computes with, integers that 32 bits may not hold although they hold its inputs."""
    if is_said_of(node.op, "widens") and "int" in input_dtypes(node)[0]:
        return True
    return bool(WIDE_INTEGERS & set(output_dtypes(node))) and not _keeps_range(node)


def _keeps_range(node: Node) -> bool:
    if node.op == "Cast":
        return _holds(node.attrs.get("SrcT", ""), node.attrs["DstT"])
    return is_said_of(node.op, "picks")


def _holds(source: str, target: str) -> bool:
    """Whether the 32-bit stand-in of the integer dtype `target` holds what that of `source` holds."""
    if source == "bool":
        return True
    if "int" not in source:
        return False
    inner, outer = (np.iinfo({"int64": "int32", "uint64": "uint32"}.get(name, name)) for name in (source, target))
    return outer.min <= inner.min and inner.max <= outer.max


def fits(array: np.ndarray) -> bool:
    """Whether 32 bits hold the integers of `array`, if it holds any of 64."""
    if array.dtype not in _WIDE_DTYPES or not array.size:
        return True
    limits = np.iinfo("int32" if array.dtype.kind == "i" else "uint32")
    return limits.min <= array.min() and array.max() <= limits.max


def given_back(outputs: Sequence[Any]) -> list[Any]:
    """The outputs of a program with 64-bit types for a caller without: those that fit in 32 bits, others as they are.

    An integer that does not fit is given as an array of NumPy's, or, while JAX traces a caller, in JAX's own int64.
    Raises BackendError for one inside a Keras model, where the next layer would cut it.
    """
    return [_given_back(output) for output in outputs]


def _given_back(output: Any) -> Any:
    dtype = str(getattr(output, "dtype", ""))
    if dtype == backend_dtype(dtype):
        return output
    if dtype not in WIDE_INTEGERS or is_suspended():  # while shapes are worked out there are no values
        return output.astype(backend_dtype(dtype))
    if is_traced(output):
        return output
    array = np.asarray(output)
    if fits(array):
        return output.astype(backend_dtype(dtype))
    refuse_inside_model(array)
    return array


def refuse_inside_model(array: np.ndarray) -> None:
    """Raise BackendError if a Keras model is being called, whose layers would cut the 64-bit integers of `array`."""
    if is_inside_model():
        raise BackendError(
            f"An output of dtype {array.dtype} has values from {array.min()} to {array.max()}. They need 64 bits, and "
            f"the layers of a Keras model would cut them to 32. {_HINT}"
        )

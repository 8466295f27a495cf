"""TensorFlow's results for its Xla* ops, which it has only inside compiled functions and, mostly, without gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from lowering.case import Case, cotangent
from tensorflow.compiler.tf2xla.ops import gen_xla_ops

from hublayer.graph.ir import Function
from hublayer.graph.op_schema import op_schema
from hublayer.lowering.backends.tensorflow.native import parameter_names
from hublayer.lowering.registry import redundant_attributes

_STEP = 1e-5
# Ops that know no float64. They are linear in each operand, so the step may be as large as one likes.
_NARROW = frozenset({"XlaEinsum"})


def reference(case: Case) -> dict[str, np.ndarray]:
    """Outputs, and for float inputs the numeric derivative of their weighted sum, which is computed in float64."""
    outputs = _run(case, case.flat_inputs, wide=False)
    arrays = {f"o{i}": array for i, array in enumerate(outputs)}
    if not case.gradient:
        return arrays
    wide = case.op not in _NARROW
    step_size = _STEP if wide else 0.5
    weights = [cotangent(i, array).astype("float64") for i, array in enumerate(outputs)]

    def loss(values: list[np.ndarray]) -> float:
        results = _run(case, values, wide)
        floating = [(w, x) for w, x, kept in zip(weights, results, outputs, strict=True) if kept.dtype.kind == "f"]
        return sum(float((w * x).sum()) for w, x in floating)

    given = [_widened(x) if wide else x for x in case.flat_inputs]
    for i, array in enumerate(case.flat_inputs):
        if array.dtype.kind != "f":
            continue
        gradient = np.zeros(array.shape)
        for place in np.ndindex(array.shape):
            sides = []
            for step in (step_size, -step_size):
                moved = [x.copy() for x in given]
                moved[i][place] += step
                sides.append(loss(moved))
            gradient[place] = (sides[0] - sides[1]) / (2 * step_size)
        arrays[f"g{i}"] = gradient.astype(array.dtype)
    return arrays


_COMPILED: dict[tuple[int, bool], Any] = {}


def _run(case: Case, values: list[np.ndarray], wide: bool) -> list[np.ndarray]:
    key = (id(case), wide)
    if key not in _COMPILED:
        _COMPILED[key] = _compiled(case, wide)
    floats = [tf.constant(_widened(x) if wide else x) for x in values if x.dtype.kind == "f"]
    return [x.numpy() for x in _COMPILED[key](*floats)]


def _compiled(case: Case, wide: bool) -> Any:
    """The op as a compiled function of its float inputs; the others are constants, as XLA asks of some of them."""
    schema = op_schema(case.op)
    assert schema is not None
    kernel = getattr(gen_xla_ops, _snake(case.op))
    attrs = {key: _attribute(value, wide) for key, value in case.attrs.items()}

    def function(*floats: Any) -> Any:
        remaining = iter(floats)
        arguments: dict[str, Any] = {}
        for argument, given in zip(schema.inputs, case.inputs, strict=True):
            items = [
                next(remaining) if np.asarray(x).dtype.kind == "f" else tf.constant(x)
                for x in (given if isinstance(given, list) else [given])
            ]
            arguments[argument.name] = items if isinstance(given, list) else items[0]
        return [x for x in tf.nest.flatten(kernel(**arguments, **attrs)) if tf.is_tensor(x)]

    return tf.function(function, jit_compile=True, autograph=False)


def _snake(op: str) -> str:
    """The name of an op's Python function."""
    letters = [f"_{c.lower()}" if c.isupper() else c for c in op]
    return "".join(letters).removeprefix("_").replace("_n_d", "_nd")


def _attribute(value: Any, wide: bool) -> Any:
    if isinstance(value, Function):
        return _concrete(value, wide)
    return "float64" if wide and value == "float32" else value


def _widened(x: np.ndarray) -> np.ndarray:
    return x.astype("float64") if x.dtype.kind == "f" else x


def _concrete(function: Function, wide: bool) -> Any:
    """A function of the translated runtime's graph as one of TensorFlow's."""

    def body(*arguments: Any) -> Any:
        values = dict(zip(((p.name, 0) for p in function.parameters), arguments, strict=True))
        for node in function.nodes:
            if node.op == "Const":
                array = node.attrs["value"]
                values[node.name, 0] = tf.constant(_widened(array) if wide else array)
                continue
            schema = op_schema(node.op)
            assert schema is not None
            renamed = parameter_names(node.op)
            inputs = {
                renamed.get(argument.name, argument.name): values[value.node, value.index]
                for argument, value in zip(schema.inputs, node.inputs, strict=True)
            }
            attrs = {key: value for key, value in node.attrs.items() if key not in redundant_attributes(schema)}
            values[node.name, 0] = getattr(tf.raw_ops, node.op)(**inputs, **attrs)
        return [values[value.node, value.index] for value in function.outputs]

    specs = [tf.TensorSpec([], "float64" if wide and p.dtype == "float32" else p.dtype) for p in function.parameters]
    return tf.function(body, autograph=False).get_concrete_function(*specs)

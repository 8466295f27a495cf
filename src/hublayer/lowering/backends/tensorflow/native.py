"""TensorFlow's own kernels as lowerings: they need no known sizes, and pad and differentiate without copies."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from hublayer.graph.op_schema import op_schema
from hublayer.lowering.registry import lowers, redundant_attributes


def lowers_native(*names: str) -> None:
    """Register the kernels of the ops `names`, with signatures from the ops' schemas."""
    for name in names:
        lowers(name, backend="tensorflow")(_native(name))


def _native(name: str) -> Callable[..., Any]:
    schema = op_schema(name)
    assert schema is not None, name
    kernel = getattr(tf.raw_ops, name)
    inputs = [argument.name for argument in schema.inputs]
    renamed = parameter_names(name)
    keywords = [renamed.get(given, given) for given in inputs]

    def call(*values: Any, **attributes: Any) -> Any:
        attributes = {renamed.get(key, key): value for key, value in attributes.items()}
        return kernel(**dict(zip(keywords, values, strict=True)), **attributes)

    parameter = inspect.Parameter
    given = [parameter(given, parameter.POSITIONAL_OR_KEYWORD) for given in inputs]
    named = [
        parameter(attribute, parameter.KEYWORD_ONLY)
        for attribute in schema.attrs
        if attribute not in redundant_attributes(schema)
    ]
    call.__signature__ = inspect.Signature([*given, *named])  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = name, f"TensorFlow's {name}."
    return call


def parameter_names(op: str) -> dict[str, str]:
    """The parameters of tf.raw_ops.OP that are not called as the schema calls the input or attribute."""
    schema = op_schema(op)
    assert schema is not None, op
    parameters = [name for name in inspect.signature(getattr(tf.raw_ops, op)).parameters if name != "name"]
    own = [argument.name for argument in schema.inputs]
    own += [name for name in schema.attrs if name not in redundant_attributes(schema)]
    missing = [name for name in own if name not in parameters]
    other = [name for name in parameters if name not in own]
    return dict(zip(missing, other, strict=False))

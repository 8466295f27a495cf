"""What TensorFlow's registry says of an op: the dtypes of its CPU kernels, the values that attributes allow."""

from __future__ import annotations

from functools import cache
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import kernels, op_def_registry

# Dtypes that tensors of models have. Float8 and int4 are storage formats of quantisers.
_DTYPES = {
    *("float32", "float64", "float16", "bfloat16", "complex64", "complex128", "bool", "string"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("qint8", "quint8", "qint16", "quint16", "qint32"),
}


@cache
def kernel_dtypes(op: str) -> list[dict[str, list[str]]]:
    """For each CPU kernel of `op`, the dtypes that it takes by attribute; an attribute it does not name takes any."""
    found = []
    for kernel in kernels.get_registered_kernels_for_op(op).kernel:
        if kernel.device_type not in ("CPU", "DEFAULT"):
            continue
        taken = {c.name: [tf.as_dtype(t).name for t in c.allowed_values.list.type] for c in kernel.constraint}
        if all(_DTYPES & set(names) for names in taken.values()):
            found.append({name: [x for x in names if x in _DTYPES] for name, names in taken.items()})
    return found


@cache
def allowed(op: str) -> dict[str, tuple[Any, ...]]:
    """The values that attributes of `op` allow, for those that have a list of them (dtypes by name)."""
    definition = op_def_registry.get(op)
    if definition is None:
        return {}
    found: dict[str, tuple[Any, ...]] = {}
    for attr in definition.attr:
        values = attr.allowed_values.list
        if values.type:
            found[attr.name] = tuple(x for t in values.type if (x := tf.as_dtype(t).name) in _DTYPES)
        elif values.s:
            found[attr.name] = tuple(x.decode() for x in values.s)
    return found

"""Run TensorFlow's and tensorflow_text's kernels on the cases of tests/host/cases and keep their outputs.

PYTHONPATH=src:tests python tools/make_host_goldens.py [FAMILY ...]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text  # registers its ops
from host.collect import families, golden_path, packed
from lowering.case import Case
from tensorflow.python.eager import execute
from tensorflow.python.framework import dtypes as tf_dtypes

from hublayer.graph.op_schema import op_schema, output_count

assert tensorflow_text.__version__


def _attribute(kind: str, value: Any) -> Any:
    """A decoded attribute as TensorFlow's eager executor takes it."""
    if kind == "type":
        return tf_dtypes.as_dtype(value).as_datatype_enum
    if kind == "list(type)":
        return [tf_dtypes.as_dtype(item).as_datatype_enum for item in value]
    if kind == "shape":
        return value if value is None else [-1 if dim is None else dim for dim in value]
    if kind == "list(shape)":
        return [_attribute("shape", item) for item in value]
    return value


def reference(case: Case) -> list[np.ndarray]:
    """Outputs of one case, by the kernel of the op itself."""
    schema = op_schema(case.op)
    assert schema is not None, case.op
    attrs: dict[str, Any] = {name: attr.default for name, attr in schema.attrs.items() if attr.has_default}
    attrs.update(case.attrs)
    flat = []
    for argument, given in zip(schema.inputs, case.inputs, strict=True):
        tensors = [tf.constant(item) for item in (given if isinstance(given, list) else [given])]
        names = [tensor.dtype.name for tensor in tensors]
        if argument.length is not None:
            counted = schema.attrs[argument.length].kind == "int"
            attrs[argument.length] = len(tensors) if counted else names
        if argument.dtype is not None and names:
            attrs[argument.dtype] = names[0]
        flat += tensors
    encoded: list[Any] = []
    for name, value in attrs.items():
        encoded += [name, _attribute(schema.attrs[name].kind, value)]
    number = output_count(case.op, attrs)
    results = execute.execute(case.op.encode(), number, inputs=flat, attrs=tuple(encoded), ctx=tf_context())
    return [np.asarray(x.numpy(), object if x.dtype == tf.string else None) for x in results or ()]


def tf_context() -> Any:
    """The eager context."""
    from tensorflow.python.eager import context

    context.ensure_initialized()
    return context.context()


def main(names: list[str]) -> None:
    """Write the goldens of the families `names`, or of all."""
    for family, cases in families().items():
        if names and family not in names:
            continue
        ids = [case.id for case in cases]
        if len(set(ids)) != len(ids):
            raise SystemExit(f"two cases of {family} share a name: {sorted(i for i in ids if ids.count(i) > 1)}")
        outputs = {f"{case.id}|{case.digest}": reference(case) for case in cases}
        np.savez_compressed(golden_path(family), **packed(outputs))
        print(f"{family}: {len(cases)} cases")


if __name__ == "__main__":
    main(sys.argv[1:])

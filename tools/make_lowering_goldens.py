"""Run TensorFlow's kernels on the cases of tests/lowering/cases and keep outputs and gradients.

    PYTHONPATH=src:tests python tools/make_lowering_goldens.py [FAMILY ...]

The goldens let the suites of the other backends run where TensorFlow is not installed.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import tensorflow as tf
import xla_reference
from lowering.case import Case, cotangent
from lowering.collect import families, golden_path

from hublayer.graph.op_schema import op_schema, redundant_attributes
from hublayer.lowering.backends.tensorflow.native import parameter_names


def reference(case: Case) -> dict[str, np.ndarray]:
    """Outputs ("o0", "o1", …) and gradients of the float inputs ("g0", …) of one case, by TensorFlow."""
    if case.op.startswith("Xla"):
        return xla_reference.reference(case)
    schema = op_schema(case.op)
    assert schema is not None, case.op
    flat = [tf.constant(array) for array in case.flat_inputs]
    watched = [i for i, x in enumerate(flat) if x.dtype.is_floating] if case.gradient else []
    with tf.GradientTape() as tape:
        tape.watch([flat[i] for i in watched])
        remaining = iter(flat)
        arguments: dict[str, Any] = {}
        for argument, given in zip(schema.inputs, case.inputs, strict=True):
            values = [next(remaining) for _ in given] if isinstance(given, list) else next(remaining)
            arguments[argument.name] = _quantized(case, argument, values)
        renamed = parameter_names(case.op)
        attrs = {key: value for key, value in case.attrs.items() if key not in redundant_attributes(schema)}
        arguments = {renamed.get(key, key): value for key, value in {**arguments, **attrs}.items()}
        result = getattr(tf.raw_ops, case.op)(**arguments)
        outputs = [x for x in tf.nest.flatten(result) if tf.is_tensor(x)]
        loss = tf.add_n(
            [tf.constant(0.0, tf.float64)]
            + [
                tf.reduce_sum(tf.cast(x * cotangent(i, x.numpy()), tf.float64))
                for i, x in enumerate(outputs)
                if x.dtype.is_floating and case.gradient
            ]
        )
    arrays = {f"o{i}": _plain(x).numpy() for i, x in enumerate(outputs)}
    if watched:
        gradients = tape.gradient(loss, [flat[i] for i in watched])
        for i, gradient in zip(watched, gradients, strict=True):
            if gradient is not None:
                arrays[f"g{i}"] = tf.convert_to_tensor(gradient).numpy()
    return arrays


def _quantized(case: Case, argument: Any, value: Any) -> Any:
    """A tensor in the quantised dtype that an attribute of the case says; NumPy has plain integers for these."""
    name = case.attrs.get(argument.dtype)
    wanted = tf.as_dtype(name) if isinstance(name, str) and not isinstance(value, list) else None
    return tf.bitcast(value, wanted) if wanted is not None and wanted.is_quantized else value


def _plain(x: Any) -> Any:
    """A tensor of quantised numbers as one of plain integers."""
    return tf.bitcast(x, tf.as_dtype(x.dtype.name[1:])) if x.dtype.is_quantized else x


def main(names: list[str]) -> None:
    """Write the goldens of the families `names`, or of all."""
    for family, cases in families().items():
        if names and family not in names:
            continue
        arrays: dict[str, np.ndarray] = {}
        for case in cases:
            if f"{case.id}|digest" in arrays:
                raise SystemExit(f"two cases of {family} are called {case.id}")
            arrays[f"{case.id}|digest"] = np.array(case.digest)
            for key, value in reference(case).items():
                bfloat16 = value.dtype.name == "bfloat16"
                arrays[f"{case.id}|{key}"] = value.view(np.uint16) if bfloat16 else value
                arrays[f"{case.id}|{key}|dtype"] = np.array(value.dtype.name)
        np.savez_compressed(golden_path(family), **arrays)
        print(f"{family}: {len(cases)} cases")


if __name__ == "__main__":
    main(sys.argv[1:])

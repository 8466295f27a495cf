"""Run the programs of tests/host/programs in TensorFlow and keep their outputs, or that they raise.

PYTHONPATH=src:tests python tools/make_host_program_goldens.py [FAMILY ...]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text  # registers its ops
from host.collect import packed
from host.program import File, Program, program_golden_path, programs
from tensorflow.python.framework import op_def_library

from hublayer.graph.op_schema import op_schema, redundant_attributes

assert tensorflow_text.__version__
RAISED = "raised"


def reference(program: Program) -> list[np.ndarray] | str:
    """The outputs of a program, or `RAISED`."""
    with tempfile.TemporaryDirectory() as folder, tf.Graph().as_default() as graph:
        for name, content in program.files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        try:
            return _run(program, graph, folder)
        except (ValueError, TypeError, tf.errors.OpError) as error:
            if not program.raises:
                raise SystemExit(f"{program.name}: TensorFlow raises {str(error)[:500]}") from error
            return RAISED


def _run(program: Program, graph: tf.Graph, folder: str) -> list[np.ndarray]:
    made: dict[str, list[Any]] = {}
    last: list[tf.Operation] = []

    def tensor(item: Any) -> Any:
        if isinstance(item, list):
            return [tensor(each) for each in item]
        if isinstance(item, str):
            name, _, output = item.partition(":")
            return made[name][int(output or 0)]
        return tf.constant(str(Path(folder, item.name)) if isinstance(item, File) else item)

    for step in program.steps:
        schema = op_schema(step.op)
        assert schema is not None, step.op
        given = {argument.name: tensor(item) for argument, item in zip(schema.inputs, step.inputs, strict=True)}
        with graph.control_dependencies(last):
            # tensorflow_text's ops are not among tf.raw_ops.
            raw_op = getattr(tf.raw_ops, step.op, None)
            if raw_op is not None:
                result = raw_op(**given, **step.attrs)
            else:
                inferred = redundant_attributes(schema)
                defaults = {n: a.default for n, a in schema.attrs.items() if a.has_default and n not in inferred}
                result = op_def_library.apply_op(step.op, **{**defaults, **given, **step.attrs})
        if isinstance(result, tf.Operation):
            made[step.name], last = [], [result]
            continue
        outputs = [result] if tf.is_tensor(result) else list(tf.nest.flatten(result))
        made[step.name] = outputs
        last = [outputs[0].op] if outputs else last
    fetched = [tensor(name) for name in program.outputs]
    with tf.compat.v1.Session(graph=graph) as session:
        values, _ = session.run((fetched, last))
    return [
        np.asarray(value, object if item.dtype == tf.string else None)
        for value, item in zip(values, fetched, strict=True)
    ]


def main(names: list[str]) -> None:
    """Write the goldens of the families `names`, or of all."""
    for family, items in programs().items():
        if names and family not in names:
            continue
        ids = [program.name for program in items]
        if len(set(ids)) != len(ids):
            raise SystemExit(f"two programs of {family} share a name: {sorted(i for i in ids if ids.count(i) > 1)}")
        outputs: dict[str, list[np.ndarray]] = {}
        for program in items:
            result = reference(program)
            if program.raises and result != RAISED:
                raise SystemExit(f"{program.name}: TensorFlow does not raise, it gives {result}")
            key = f"{program.name}|{program.digest}"
            outputs[key] = [np.array(RAISED.encode(), object)] if isinstance(result, str) else result
        np.savez_compressed(program_golden_path(family), **packed(outputs))
        print(f"{family}: {len(items)} programs")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Trace functions with control flow and lists in TensorFlow; keep their library, inputs, outputs and gradients.

    PYTHONPATH=src:tests python tools/make_function_goldens.py [NAME ...]

Each golden of tests/lowering/goldens/functions has the FunctionDefLibrary ("library"), the entry function's name
("entry"), inputs ("i0", …), captured variables' values by parameter ("v2", …) and their new values ("n2", …), outputs
("o0", …) and gradients for float inputs and variables ("g0", …) of the sum of the outputs weighted as in Case.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

import numpy as np
import tensorflow as tf
from lowering.case import cotangent
from lowering.collect import FOLDER
from traced_functions import FUNCTIONS, Traced


def golden(traced: Traced) -> dict[str, np.ndarray]:
    """Everything that the test of one function needs."""
    function, arguments, variables = traced.make()
    specs = [
        tf.TensorSpec(shape, array.dtype)
        for array, shape in zip(arguments, traced.shapes or [a.shape for a in arguments], strict=True)
    ]
    concrete = tf.function(function).get_concrete_function(*specs)
    concrete.add_to_graph(graph := tf.Graph())
    library = graph.as_graph_def().library
    for message in library.function:
        message.ClearField("attr")
        message.ClearField("arg_attr")
        for node in message.node_def:
            for key in [key for key in node.attr if key.startswith("_") and key != "_gradient_op_type"]:
                del node.attr[key]
            node.ClearField("experimental_debug_info")
    arrays: dict[str, Any] = {
        "library": np.frombuffer(library.SerializeToString(deterministic=True), np.uint8),
        "entry": np.array(concrete.name.decode() if isinstance(concrete.name, bytes) else concrete.name),
    }
    handles = {id(variable.handle): variable for variable in variables}
    given = [tf.constant(array) for array in arguments]
    for i, array in enumerate(arguments):
        arrays[f"i{i}"] = array
    captured = {}
    for i, capture in enumerate(concrete.captured_inputs, start=len(arguments)):
        if id(capture) in handles:
            captured[i] = handles[id(capture)]
            arrays[f"v{i}"] = captured[i].numpy()
        else:
            arrays[f"i{i}"] = capture.numpy()
    floats = [i for i, x in enumerate(given) if x.dtype.is_floating]
    watched = [given[i] for i in floats]
    with tf.GradientTape() if traced.gradient else nullcontext() as tape:
        if tape is not None:
            tape.watch(watched)
        outputs = tf.nest.flatten(concrete(*given))
        weighted = [tf.reduce_sum(x * cotangent(i, x.numpy())) for i, x in enumerate(outputs) if x.dtype.is_floating]
        loss = tf.add_n(weighted) if weighted else tf.constant(0.0)
    for i, x in enumerate(outputs):
        arrays[f"o{i}"] = x.numpy()
    for i, variable in captured.items():
        arrays[f"n{i}"] = variable.numpy()
    if tape is not None:
        trainable = {i: variable for i, variable in captured.items() if variable.dtype.is_floating}
        found = tape.gradient(loss, [*watched, *trainable.values()])
        for i, gradient in zip([*floats, *trainable], found, strict=True):
            if gradient is not None:
                arrays[f"g{i}"] = tf.convert_to_tensor(gradient).numpy()
    return arrays


def main(names: list[str]) -> None:
    """Write the goldens of the functions `names`, or of all."""
    folder = FOLDER / "goldens" / "functions"
    folder.mkdir(parents=True, exist_ok=True)
    for name, traced in FUNCTIONS.items():
        if not names or name in names:
            path = folder / f"{name}.npz"
            np.savez_compressed(path, **golden(traced))
            print(f"{name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Run the graphs of v1_graphs.py in a session of TF1; keep graphs, inputs, outputs, new variables and gradients.

    python tools/make_v1_goldens.py [NAME ...]

Each golden of tests/graph/goldens has the GraphDef ("graph"), names of feeds, fetches and ops that run besides
("feeds", "fetches", "effects"), feeds ("i0", …), outputs ("o0", …), variables' values before and after ("v:NAME",
"n:NAME"), and gradients for float feeds and variables ("g:NAME") of the sum of the outputs weighted as in Case.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # TF1's cells are there in Keras 2 only

import numpy as np
import tensorflow as tf
from lowering.case import cotangent
from v1_graphs import GRAPHS, Graph

v1 = tf.compat.v1
FOLDER = Path(__file__).parents[1] / "tests" / "graph" / "goldens"


def golden(graph: Graph) -> dict[str, np.ndarray]:
    """Everything that the test of one graph needs."""
    v1.disable_control_flow_v2()
    feeds = {f"{name}:0": value for name, value in graph.feeds.items()}
    with tf.Graph().as_default() as built:
        fetches = list(graph.make())
        definition = built.as_graph_def()
        variables = v1.global_variables()
        initializer = v1.global_variables_initializer().name
        names = {variable.op.name: variable.value().name for variable in variables}
        everything = built.as_graph_def()
        arrays: dict[str, Any] = {
            "graph": np.frombuffer(definition.SerializeToString(deterministic=True), np.uint8),
            "feeds": np.array(list(feeds)),
            "fetches": np.array([fetch.name for fetch in fetches]),
            "effects": np.array(graph.effects, dtype=str),
        }
    # In a graph that was imported, ops inside a conditional may be run as well.
    with tf.Graph().as_default() as imported, v1.Session() as session:
        tf.import_graph_def(everything, name="")
        session.run(imported.get_operation_by_name(initializer))
        arrays |= {f"v:{name}": value for name, value in session.run(names).items()}
        effects = [imported.get_operation_by_name(name) for name in graph.effects]
        outputs, _ = session.run([list(arrays["fetches"]), effects], feeds)
        arrays |= {f"n:{name}": value for name, value in session.run(names).items()}
    if graph.gradient:
        with built.as_default(), v1.Session() as session:
            session.run(built.get_operation_by_name(initializer))
            arrays |= {f"g:{name}": value for name, value in _gradients(session, fetches, outputs, feeds).items()}
    for i, value in enumerate(graph.feeds.values()):
        arrays[f"i{i}"] = value
    for i, value in enumerate(outputs):
        arrays[f"o{i}"] = value
    return arrays


def _gradients(session: Any, fetches: list[Any], outputs: list[Any], feeds: dict[str, np.ndarray]) -> dict[str, Any]:
    weighted = [
        tf.reduce_sum(fetch * cotangent(i, value))
        for i, (fetch, value) in enumerate(zip(fetches, outputs, strict=True))
        if value.dtype.kind == "f"
    ]
    watched = {name: session.graph.get_tensor_by_name(name) for name, x in feeds.items() if x.dtype.kind == "f"}
    for variable in v1.global_variables():
        if variable.dtype.base_dtype.is_floating:
            watched[variable.op.name] = variable
    gradients = v1.gradients(tf.add_n(weighted), list(watched.values()))
    found = {
        name: tf.convert_to_tensor(gradient)
        for name, gradient in zip(watched, gradients, strict=True)
        if gradient is not None
    }
    return {name: np.asarray(value) for name, value in session.run(found, feeds).items()}


def main(names: list[str]) -> None:
    """Write the goldens of the graphs `names`, or of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, graph in GRAPHS.items():
        if not names or name in names:
            path = FOLDER / f"{name}.npz"
            path.parent.mkdir(exist_ok=True)
            np.savez_compressed(path, **golden(graph))
            print(f"{name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])

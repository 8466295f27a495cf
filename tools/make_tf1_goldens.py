"""What sessions of TF1 compute with the TF1 samples: outputs, and losses and weights of ten steps of training.

    PYTHONPATH=src:tests KERAS_BACKEND=tensorflow python tools/make_tf1_goldens.py

tests/goldens/tf1/NAME.npz has the losses ("losses"), afterwards each variable by its weight's name ("w:NAME"), and what
the serving graph gives for the first batch before ("before:KEY") and after training ("after:KEY").
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from translated.tf1 import RECIPES, ROOT, Recipe

v1 = tf.compat.v1
TARGET = ROOT / "tests" / "goldens" / "tf1"


def _tags(folder: Path) -> list[set[str]]:
    from hublayer.savedmodel import read

    return [set(graph.tags) for graph in read(folder).meta_graphs]


def _load(session: Any, folder: Path, tags: set[str]) -> Any:
    """The signature definitions of a MetaGraph that was imported, restored and initialised in `session`."""
    message = v1.saved_model.load(session, sorted(tags), str(folder))
    # The loader runs what a collection names as the initialiser, which modules of TF1 Hub do not have.
    assets = {asset.tensor_info.name: str(folder / "assets" / asset.filename) for asset in message.asset_file_def}
    session.run(v1.tables_initializer(), assets)
    return message.signature_def


def _weight(variable: Any) -> str:
    info = variable._get_save_slice_info()
    return info.full_name if info else variable.op.name


def _values(session: Any, variables: list[Any]) -> dict[str, np.ndarray]:
    """The variables' values by the names of their weights, parts put together."""
    values: dict[str, np.ndarray] = {}
    for variable in variables:
        info, value = variable._get_save_slice_info(), session.run(variable)
        if info is None:
            values[variable.op.name] = value
            continue
        whole = values.setdefault(info.full_name, np.zeros(info.full_shape, value.dtype))
        whole[tuple(slice(o, o + s) for o, s in zip(info.var_offset, info.var_shape, strict=True))] = value
    return values


def _serve(recipe: Recipe, folder: Path, tags: set[str], values: dict[str, np.ndarray] | None) -> dict[str, Any]:
    """The serving graph's outputs for the first batch, with `values` in its variables."""
    data, _ = next(recipe.batches())
    with tf.Graph().as_default(), v1.Session() as session:
        signature = next(sig for name, sig in sorted(_load(session, folder, tags).items()) if not name.startswith("_"))
        for variable in v1.global_variables() if values else ():
            info, value = variable._get_save_slice_info(), values[_weight(variable)]
            if info is not None:
                value = value[tuple(slice(o, o + s) for o, s in zip(info.var_offset, info.var_shape, strict=True))]
            variable.load(value, session)
        feeds = {signature.inputs[key].name: data[key] for key in data}
        return session.run({key: info.name for key, info in signature.outputs.items()}, feeds)


def golden(recipe: Recipe) -> dict[str, np.ndarray]:
    """Everything that the test of one recipe needs."""
    folder = ROOT / "tests" / "samples" / recipe.sample
    tags = _tags(folder)
    serving, training = tags[0], tags[-1]
    losses = []
    with tf.Graph().as_default() as graph, v1.Session() as session:
        signatures = _load(session, folder, training)
        name = "default" if "default" in signatures else "serving_default"
        features = graph.get_tensor_by_name(signatures[name].outputs[recipe.output].name)
        variables = v1.global_variables()
        target = v1.placeholder(tf.float32, [None, 2])
        kernel = tf.Variable(tf.fill([features.shape[-1], 2], 0.01), use_resource=True)
        bias = tf.Variable(tf.zeros(2), use_resource=True)
        loss = tf.reduce_mean((features @ kernel + bias - target) ** 2)
        loss += sum(v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES), 0.0)
        with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
            step = v1.train.GradientDescentOptimizer(recipe.rate).minimize(loss)
        session.run(v1.variables_initializer([kernel, bias]))
        for data, wanted in recipe.batches():
            feeds = {signatures[name].inputs[key].name: value for key, value in data.items()}
            losses.append(session.run([loss, step], {**feeds, target: wanted})[0])
        values = _values(session, variables)
    arrays: dict[str, Any] = {"losses": np.array(losses)}
    arrays |= {f"w:{key}": value for key, value in values.items()}
    arrays |= {f"before:{key}": value for key, value in _serve(recipe, folder, serving, None).items()}
    arrays |= {f"after:{key}": value for key, value in _serve(recipe, folder, serving, values).items()}
    return arrays


def main() -> None:
    """Write tests/goldens/tf1."""
    v1.disable_control_flow_v2()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, recipe in RECIPES.items():
        arrays = golden(recipe)
        np.savez_compressed(TARGET / f"{name}.npz", **arrays)
        print(name, arrays["losses"])


if __name__ == "__main__":
    main()

"""A model with large weights, and the memory that loading it takes. Run as a script: the process that is measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from savedmodel import bundle_writer as writer

from hublayer.savedmodel import schema

ROWS, COLUMNS = 1024, 12800  # 52 MB of float32 each
WEIGHTS = 6
FEW_ROWS = 2  # of a model of the same graph that warms the process up


def write(folder: Path, rows: int = ROWS, offset: int = 0) -> int:
    """A TF1 SavedModel of `WEIGHTS` matrices, `rows` × `COLUMNS`, over which x, float32 (n, rows), is multiplied.

    offset: bytes before the first of them in the shard, so that it lies unaligned. Returns the bytes of the weights.
    """
    (folder / "variables").mkdir(parents=True)
    model = schema.SavedModel()
    graph = model.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    nodes = graph.graph_def.node
    nodes.add(name="x", op="Placeholder").attr["dtype"].type = 1
    total, entries = None, {}
    size = rows * COLUMNS * 4
    for number in range(WEIGHTS):
        name = f"w{number}"
        handle = nodes.add(name=name, op="VarHandleOp")
        handle.attr["dtype"].type = 1
        handle.attr["shape"].shape.dim.add().size = rows
        handle.attr["shape"].shape.dim.add().size = COLUMNS
        handle.attr["shared_name"].s = name.encode()
        nodes.add(name=f"{name}/Read", op="ReadVariableOp", input=[name]).attr["dtype"].type = 1
        nodes.add(name=f"{name}/MatMul", op="MatMul", input=["x", f"{name}/Read"]).attr["T"].type = 1
        if total is None:
            total = f"{name}/MatMul"
        else:
            nodes.add(name=f"sum{number}", op="AddV2", input=[total, f"{name}/MatMul"]).attr["T"].type = 1
            total = f"sum{number}"
        variable = schema.Variable(variable_name=f"{name}:0", initializer_name=f"{name}/Assign", trainable=True)
        for collection in ("variables", "trainable_variables"):
            graph.collection_def[collection].bytes_list.value.append(variable.SerializeToString())
        place = offset + number * size
        entries[name.encode()] = writer.entry((rows, COLUMNS), offset=place, size=size)
    signature = graph.signature_def["serving_default"]
    for side, tensor, columns in (
        (signature.inputs["x"], "x:0", rows),
        (signature.outputs["y"], f"{total}:0", COLUMNS),
    ):
        side.name, side.dtype = tensor, 1
        side.tensor_shape.dim.add().size = -1
        side.tensor_shape.dim.add().size = columns
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    prefix = folder / "variables" / "variables"
    prefix.with_name("variables.index").write_bytes(writer.table({b"": writer.header(1), **entries}))
    with prefix.with_name("variables.data-00000-of-00001").open("wb") as shard:
        shard.write(bytes(offset))
        for number in range(WEIGHTS):
            np.full((rows, COLUMNS), number, np.float32).tofile(shard)
    return WEIGHTS * size


def peak() -> int:
    """The most memory that the process has had since `forget_peak`, in bytes."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def forget_peak() -> None:
    """Count from what the process has now."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def main(folder: Path, small: Path) -> None:
    """Print the most memory that loading took, then loading and reading all weights, in bytes above a warm process."""
    import keras

    import hublayer as hub

    def load(folder: Path) -> hub.KerasLayer:
        return hub.KerasLayer(folder, runtime="translated")

    load(small)(np.zeros((1, FEW_ROWS), "float32"))
    figures: dict[str, Any] = {}
    forget_peak()
    start = peak()
    layer = load(folder)
    figures["loaded"] = peak() - start
    figures["largest"] = [float(keras.ops.max(weight.value)) for weight in layer.weights]
    figures["read"] = peak() - start
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

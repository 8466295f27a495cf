"""Write src/hublayer/graph/op_schema.json: inputs, outputs and attributes of TensorFlow's and tensorflow_text's ops.

Facts of the op registry, which a SavedModel leaves out: names of outputs (a function body refers to them), which
inputs and outputs are lists, and default values of attributes. Run it with the TensorFlow whose ops are meant.
"""

import json
from pathlib import Path

import tensorflow_text  # registers its ops
from tensorflow.core.framework import op_def_pb2, types_pb2
from tensorflow.python.client import pywrap_tf_session

TARGET = Path(__file__).parents[1] / "src" / "hublayer" / "graph" / "op_schema.json"
SKIPPED = ("_", "TPU", "LoadTPU", "RetrieveTPU", "EnqueueTPU", "Experimental", "XlaSparse", "Namespace>")
# TensorFlow Transform's op, which packages other than TensorFlow register.
ADDED = {
    "BucketizeWithInputBoundaries": {
        "inputs": [["input", None, "T", None], ["boundaries", None, None, "float32"]],
        "outputs": [["output", None, None, "int32"]],
        "attrs": {"T": ["type", False, None]},
        "stateful": False,
    }
}


def dtype_name(number: int) -> str:
    """The name that hublayer.savedmodel.dtypes gives the DataType `number`."""
    from hublayer.savedmodel import dtypes

    return dtypes.name(number)


def default(attr: op_def_pb2.OpDef.AttrDef) -> object:
    """The attribute's default as JSON; None stands for no default, and for an unknown rank."""
    value = attr.default_value
    match value.WhichOneof("value"):
        case "s":
            return value.s.decode("latin-1")
        case "i" | "f" | "b" as kind:
            return getattr(value, kind)
        case "type":
            return dtype_name(value.type)
        case "shape":
            return None if value.shape.unknown_rank else [d.size for d in value.shape.dim]
        case "list":
            items = value.list
            kinds = [list(items.s), list(items.i), list(items.f), list(items.b), [dtype_name(t) for t in items.type]]
            found = next((kind for kind in kinds if kind), [])
            return [item.decode("latin-1") if isinstance(item, bytes) else item for item in found]
    return None


def argument(arg: op_def_pb2.OpDef.ArgDef) -> list[object]:
    """[name, attribute that counts or lists it, attribute that is its dtype, fixed dtype]; null where there is none."""
    fixed = dtype_name(arg.type) if arg.type else None
    return [arg.name, arg.number_attr or arg.type_list_attr or None, arg.type_attr or None, fixed]


def main() -> None:
    """Write the schema of every op that a model could hold."""
    buffer = pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())
    assert types_pb2.DT_FLOAT == 1
    assert tensorflow_text.__version__
    schema = dict(ADDED)
    for op in sorted(op_def_pb2.OpList.FromString(buffer).op, key=lambda op: op.name):
        if not op.name.startswith(SKIPPED):
            schema[op.name] = {
                "inputs": [argument(arg) for arg in op.input_arg],
                "outputs": [argument(arg) for arg in op.output_arg],
                "attrs": {attr.name: [attr.type, attr.HasField("default_value"), default(attr)] for attr in op.attr},
                # A reference (a variable of TF1, a table) is a state that the registry leaves unsaid.
                "stateful": op.is_stateful or any(arg.is_ref for arg in op.input_arg),
            }
    lines = [
        f"{json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}" for name, entry in sorted(schema.items())
    ]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

"""Cases of hublayer.host.examples, sequence_examples and serialized_tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from lowering.case import Case, floats, i64, integers

from host.collect import strings, text
from hublayer.host.example_messages import message

NOTHING = np.zeros(0, object)


def feature(values: Any) -> Any:
    """A Feature of ints, floats or strings; None for one without a kind, () and "" for no integers and no strings."""
    made = message("Feature")()
    if values is None:
        return made
    if values == "":
        made.bytes_list.SetInParent()
        return made
    values = list(values)
    if values and isinstance(values[0], str | bytes):
        made.bytes_list.value.extend([v.encode() if isinstance(v, str) else v for v in values])
    elif values and isinstance(values[0], float):
        made.float_list.value.extend(values)
    else:
        made.int64_list.SetInParent()
        made.int64_list.value.extend(values)
    return made


def add(entries: Any, key: str | bytes, value: Any) -> None:
    entry = entries.add()
    entry.key = key.encode() if isinstance(key, str) else key
    entry.value.CopyFrom(value)


def example(**features: Any) -> bytes:
    made = message("Example")()
    for key, values in features.items():
        add(made.features.feature, key, feature(values))
    return made.SerializeToString()


def thrice(items: Mapping[str, Any]) -> dict[str, Any]:
    """Each feature under three names, because an op takes no name twice."""
    return {prefix + key: values for key, values in items.items() for prefix in ("", "d_", "r_")}


def sequence(context: Mapping[str, Any], lists: Mapping[str, list[Any]]) -> bytes:
    made = message("SequenceExample")()
    for key, values in thrice(context).items():
        add(made.context.feature, key, feature(values))
    for key, steps in thrice(lists).items():
        steps_message = message("FeatureList")()
        for values in steps:
            steps_message.feature.add().CopyFrom(feature(values))
        add(made.feature_lists.feature_list, key, steps_message)
    return made.SerializeToString()


def _f32(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


FEATURES: list[dict[str, Any]] = [
    {"age": [42], "size": [1.5, 2.5], "words": ["a", "é", b"\xff\x00"], "tags": [1, 2, 3, 4], "extra": ["ignored"]},
    {"age": [-(2**63)], "size": [0.0, -1.0], "words": ["z" * 10_000], "tags": [5, 6]},
    {"age": [7], "words": ["漢字", ""], "tags": ()},
    {"age": [0], "size": None},
    {
        "age": [2**63 - 1],
        "size": [float("inf"), float("nan")],
        "words": ["👩\u200d👩\u200d👧"],
        "tags": list(range(12)),
    },
]
RECORDS = strings(*[example(**thrice(features)) for features in FEATURES])
NO_RECORDS = NOTHING
SHAPES = {"d_age": (), "d_size": (2,), "d_words": (None,), "d_tags": (None, 2)}
DEFAULTS = {"d_age": i64([]), "d_size": _f32(9, 8), "d_words": text("pad"), "d_tags": i64(-1)}


def v1(records: np.ndarray, sparse: dict[str, str], dense: dict[str, tuple[Any, Any]], names: Any = NOTHING, name=""):
    inputs = (records, names, [text(key) for key in sparse], [text(key) for key in dense],
              [default for _, default in dense.values()])  # fmt: skip
    attrs = {"sparse_types": list(sparse.values()), "dense_shapes": [shape for shape, _ in dense.values()]}
    return Case("ParseExample", inputs, attrs, name=name)


def v2(
    records: np.ndarray,
    sparse: dict[str, str],
    dense: dict[str, tuple[Any, Any]],
    ragged: dict[str, tuple[str, str]],
    name: str = "",
    names: Any = NOTHING,
):
    inputs = (records, names, strings(*sparse), strings(*dense) if dense else NOTHING,
              strings(*ragged) if ragged else NOTHING, [default for _, default in dense.values()])  # fmt: skip
    inputs = (inputs[0], inputs[1], inputs[2] if sparse else NOTHING, *inputs[3:])
    attrs = {
        "num_sparse": len(sparse),
        "sparse_types": list(sparse.values()),
        "ragged_value_types": [values for values, _ in ragged.values()],
        "ragged_split_types": [splits for _, splits in ragged.values()],
        "dense_shapes": [shape for shape, _ in dense.values()],
    }
    return Case("ParseExampleV2", inputs, attrs, name=name)


def single(record: Any, sparse: dict[str, str], dense: dict[str, tuple[Any, Any]], name: str = ""):
    attrs = {
        "num_sparse": len(sparse), "sparse_keys": list(sparse), "dense_keys": list(dense),
        "sparse_types": list(sparse.values()), "dense_shapes": [shape for shape, _ in dense.values()],
    }  # fmt: skip
    return Case("ParseSingleExample", (record, [default for _, default in dense.values()]), attrs, name=name)


SPARSE = {"words": "string", "tags": "int64", "size": "float32", "missing": "int64"}
DENSE = {key: (SHAPES[key], DEFAULTS[key]) for key in SHAPES}
RAGGED = {"r_words": ("string", "int64"), "r_tags": ("int64", "int32"), "r_missing": ("float32", "int64")}
BOX = {"r_size": ((2, 1), floats(2, 1)), "other": ((2, 2), i64([[1, 2], [3, 4]]))}

EXAMPLES = [
    *[make(records, SPARSE, DENSE, **more, name=f"all{name}")
      for make, more in ((v1, {}), (v2, {"ragged": RAGGED}))
      for name, records in (("", RECORDS), (", no records", NO_RECORDS), (", one record", RECORDS[:1]))],
    v1(RECORDS, SPARSE, {}, name="sparse"),
    v1(RECORDS, {}, BOX, name="boxes"),
    v1(RECORDS, {}, DENSE, names=strings("p", "q", "r", "s", "t"), name="names"),
    v2(RECORDS, {}, {}, RAGGED, name="ragged"),
    v2(RECORDS, {}, BOX, {}, name="boxes"),
    *[v2(RECORDS[i:i + 1].reshape(()), SPARSE, DENSE | BOX, RAGGED, name=f"record {i} alone") for i in (0, 4)],
    *[single(RECORDS[i:i + 1].reshape(()), SPARSE, DENSE | BOX, name=f"record {i}") for i in range(5)],
    single(text(b""), {"words": "string"}, {"size": DENSE["d_size"]}, name="no bytes"),
    v1(strings(b"", b""), {"words": "string"}, {"size": DENSE["d_size"]}, name="no bytes"),
]  # fmt: skip

STEPS = {"w": [["a"], ["b", "é"], ""], "n": [[1, 2], [3, 4]], "f": [[1.5], [2.5], [-1.0]]}
SEQUENCES = strings(
    sequence({"age": [1], "words": ["x", b"\xff"]}, STEPS),
    sequence({"age": [2], "words": ""}, {"w": [], "n": [[5, 6]]}),
    sequence({"age": [3]}, {"w": [["c"]], "n": [], "f": [[0.5]]}),
)
CONTEXT = {"d_age": ((), i64([])), "size": ((2,), _f32(1, 2))}


def sequence_v1(records: np.ndarray, name: str = "", names: Any = NOTHING):
    attrs = {
        "feature_list_dense_missing_assumed_empty": ["d_f"],
        "context_sparse_keys": ["words"], "context_sparse_types": ["string"],
        "context_dense_keys": list(CONTEXT), "context_dense_shapes": [shape for shape, _ in CONTEXT.values()],
        "feature_list_sparse_keys": ["w", "missing"], "feature_list_sparse_types": ["string", "int64"],
        "feature_list_dense_keys": ["d_n", "d_f"], "feature_list_dense_types": ["int64", "float32"],
        "feature_list_dense_shapes": [(2,), ()], "Ncontext_sparse": 1, "Ncontext_dense": 2,
        "Nfeature_list_sparse": 2, "Nfeature_list_dense": 2,
    }  # fmt: skip
    inputs = (records, names, [default for _, default in CONTEXT.values()])
    return Case("ParseSequenceExample", inputs, attrs, name=name)


def sequence_v2(records: np.ndarray, name: str = "", ragged: bool = True):
    attrs = {
        "Ncontext_sparse": 1, "context_sparse_types": ["string"], "context_dense_shapes": [()],
        "context_ragged_value_types": ["string"] * ragged, "context_ragged_split_types": ["int32"] * ragged,
        "Nfeature_list_sparse": 2, "feature_list_sparse_types": ["string", "int64"],
        "Nfeature_list_dense": 2, "feature_list_dense_types": ["int64", "float32"],
        "feature_list_dense_shapes": [(2,), ()],
        "feature_list_ragged_value_types": ["string", "int64"] if ragged else [],
        "feature_list_ragged_split_types": ["int64", "int32"] if ragged else [],
    }  # fmt: skip
    inputs = (records, NOTHING, strings("words"), strings("d_age"), strings("r_words") if ragged else NOTHING,
              strings("w", "missing"), strings("d_n", "d_f"), strings("r_w", "r_n") if ragged else NOTHING,
              np.array([False, True]), [i64([])])  # fmt: skip
    return Case("ParseSequenceExampleV2", inputs, attrs, name=name)


def sequence_single(record: Any, name: str = ""):
    attrs = {
        "context_sparse_types": ["string"], "context_dense_shapes": [(), (2,)],
        "feature_list_sparse_types": ["string"], "feature_list_dense_types": ["int64", "float32"],
        "feature_list_dense_shapes": [(2,), ()],
    }  # fmt: skip
    inputs = (record, strings("f"), [text("words")], [text("age"), text("size")], [text("w")], [text("n"), text("f")],
              [i64([]), _f32(1, 2)], text("name"))  # fmt: skip
    return Case("ParseSingleSequenceExample", inputs, attrs, name=name)


SEQUENCE_CASES = [
    sequence_v1(SEQUENCES),
    sequence_v1(SEQUENCES[2:], "one record", strings("third")),
    sequence_v2(SEQUENCES),
    *[sequence_v2(SEQUENCES[i:i + 1].reshape(()), f"record {i} alone", ragged=False) for i in range(3)],
    *[sequence_single(SEQUENCES[i:i + 1].reshape(()), f"record {i}") for i in range(3)],
]  # fmt: skip

TENSORS = [
    floats(2, 3), floats(2, dtype="float64"), integers(3, 1), i64(7), np.array([True, False]), floats(0, 3),
    integers(4, low=0, dtype="uint8"), integers(4, dtype="int16"), floats(3, dtype="float16"),
    integers(4, low=0, dtype="uint64"), (floats(2) * 1j).astype("complex64"), strings(["a", b"\xff\x00"], ["", "é"]),
    text("x"), NOTHING,
]  # fmt: skip


def _serialized(array: np.ndarray) -> np.ndarray:
    made = message_of(array)
    return text(made)


def message_of(array: np.ndarray) -> bytes:
    from hublayer.host.execute import constant
    from hublayer.host.serialized_tensors import serialize_tensor

    return serialize_tensor(constant(array)).item()


def _name(array: np.ndarray) -> str:
    return "string" if array.dtype == object else array.dtype.name


SERIALIZED = [
    case
    for array in TENSORS
    for case in (
        Case("SerializeTensor", (array,), name=f"{_name(array)} {array.shape}"),
        Case("ParseTensor", (_serialized(array),), {"out_type": _name(array)}, name=f"{_name(array)} {array.shape}"),
    )
] + [
    Case("ParseTensor", (text(b"\x08\x03\x12\x04\x12\x02\x08\x05\x3a\x01\x07"),), {"out_type": "int32"}, name="filled"),
]

CASES = EXAMPLES + SEQUENCE_CASES + SERIALIZED

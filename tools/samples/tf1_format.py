"""Writes modules in the TF1 Hub format and plain TF1 SavedModels. TF1's own builder takes no empty set of tags."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

v1 = tf.compat.v1
MODULE_DEF = b"\x08\x03"
"""ModuleDef(format=FORMAT_V3)."""


@dataclass
class Signatures:
    """What a graph's function returns: inputs and outputs by name, by signature; attachments by key; asset files."""

    by_name: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    assets: Mapping[str, Any] = field(default_factory=dict)


def variable(name: str, values: np.ndarray, trainable: bool = True, **options: Any) -> Any:
    """A variable of fixed values."""
    return v1.get_variable(name, initializer=values.astype(np.float32), trainable=trainable, **options)


def write(
    folder: Path, build: Callable[[bool], Signatures], tags: Sequence[set[str]], hub: bool, as_text: bool = False
) -> None:
    """Writes a SavedModel whose MetaGraph of each set of tags is what build(is it for training) makes.

    Variables are saved from the first.
    """
    (folder / "variables").mkdir(parents=True)
    saved = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    for number, wanted in enumerate(tags):
        checkpoint = None if number else folder / "variables" / "variables"
        saved.meta_graphs.append(_meta_graph(build, wanted, checkpoint))
    if as_text:
        (folder / "saved_model.pbtxt").write_text(str(saved))
    else:
        (folder / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))
    if hub:
        (folder / "tfhub_module.pb").write_bytes(MODULE_DEF)


def _meta_graph(
    build: Callable[[bool], Signatures], tags: set[str], checkpoint: Path | None
) -> meta_graph_pb2.MetaGraphDef:
    with tf.Graph().as_default():
        signatures = build("train" in tags)
        saver = v1.train.Saver(sharded=True, write_version=v1.train.SaverDef.V2) if v1.global_variables() else None
        if checkpoint and saver:
            with v1.Session() as session:
                session.run(v1.global_variables_initializer())
                saver.save(session, str(checkpoint), write_meta_graph=False, write_state=False)
        meta = v1.train.export_meta_graph(saver_def=saver and saver.as_saver_def(), strip_default_attrs=True)
    meta.meta_info_def.ClearField("stripped_op_list")
    if "train" not in tags and "serve" not in tags:
        for context in ("while_context", "cond_context"):  # only gradients that TensorFlow itself makes need them
            meta.collection_def.pop(context, None)
    meta.meta_info_def.ClearField("tags")
    meta.meta_info_def.tags.extend(sorted(tags))
    for name, (inputs, outputs) in signatures.by_name.items():
        signature = meta.signature_def[name]
        for tensors, infos in ((inputs, signature.inputs), (outputs, signature.outputs)):
            for key, tensor in tensors.items():
                info = meta_graph_pb2.TensorInfo(name=tensor.name, dtype=tensor.dtype.base_dtype.as_datatype_enum)
                info.tensor_shape.CopyFrom(tensor.shape.as_proto())
                infos[key].CopyFrom(info)
    for key, value in signatures.attachments.items():
        attachment = _bytes_field(1, key.encode()) + _bytes_field(2, value)
        meta.collection_def["hub_module_attachments"].bytes_list.value.append(attachment)
    for file, tensor in signatures.assets.items():
        definition = meta_graph_pb2.AssetFileDef(filename=file)
        definition.tensor_info.name = tensor.name
        meta.asset_file_def.append(definition)
    return meta


def _bytes_field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value

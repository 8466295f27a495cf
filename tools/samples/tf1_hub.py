"""A module in the TF1 Hub format: `tfhub_module.pb` and one MetaGraph each for inference and for training."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

v1 = tf.compat.v1
SIZE = 8
CHANNELS = 8
FEATURES = 16
MODULE_DEF = b"\x08\x03"
"""ModuleDef(format=FORMAT_V3)."""
IMAGE_MODULE_INFO = b"\x0a\x04\x08" + bytes([SIZE]) + b"\x10" + bytes([SIZE])
"""ImageModuleInfo(default_image_size=ImageSize(height=SIZE, width=SIZE))."""


def _variable(name: str, values: np.ndarray, trainable: bool = True):
    return v1.get_variable(name, initializer=values.astype(np.float32), trainable=trainable, use_resource=True)


def _batch_norm(x, rng: np.random.Generator, channels: int, training: bool):
    with v1.variable_scope("BatchNorm"):
        gamma = _variable("gamma", rng.uniform(0.8, 1.2, channels))
        beta = _variable("beta", rng.normal(scale=0.1, size=channels))
        mean = _variable("moving_mean", rng.normal(scale=0.1, size=channels), trainable=False)
        variance = _variable("moving_variance", rng.uniform(0.5, 1.5, channels), trainable=False)
        if not training:
            return v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, is_training=False)[0]
        y, batch_mean, batch_variance = v1.nn.fused_batch_norm(x, gamma, beta, is_training=True)
        for average, batch in ((mean, batch_mean), (variance, batch_variance)):
            v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, average.assign_sub((average - batch) * 0.1, read_value=False))
        return y


def _network(images, training: bool):
    """Images (batch, SIZE, SIZE, 3) to features (batch, FEATURES) and the convolution's activations."""
    rng = np.random.default_rng(7)
    with v1.variable_scope("module_net"):
        with v1.variable_scope("conv"):
            kernel = _variable("weights", rng.normal(scale=0.3, size=(3, 3, 3, CHANNELS)))
            x = tf.nn.conv2d(images, kernel, 1, "SAME")
            x = tf.nn.relu(_batch_norm(x, rng, CHANNELS, training), name="activation")
        pooled = tf.reduce_mean(x, [1, 2])
        if training:
            pooled = v1.nn.dropout(pooled, rate=0.25)
        with v1.variable_scope("features"):
            weights = _variable("weights", rng.normal(scale=0.5, size=(CHANNELS, FEATURES)))
            features = tf.matmul(pooled, weights) + _variable("biases", rng.normal(scale=0.1, size=FEATURES))
        for variable in (kernel, weights):
            loss = 1e-4 * tf.nn.l2_loss(variable)
            v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, loss)
    return features, x


def _tensor_info(tensor):
    dtype = tensor.dtype.as_datatype_enum
    return meta_graph_pb2.TensorInfo(name=tensor.name, dtype=dtype, tensor_shape=tensor.shape.as_proto())


def _signature(images, outputs: dict):
    outputs = {name: _tensor_info(tensor) for name, tensor in outputs.items()}
    return meta_graph_pb2.SignatureDef(inputs={"images": _tensor_info(images)}, outputs=outputs)


def _bytes_field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def _meta_graph(training: bool, checkpoint: Path | None) -> meta_graph_pb2.MetaGraphDef:
    """The MetaGraph of one mode; also saves its variables if `checkpoint` is given."""
    with tf.Graph().as_default():
        images = v1.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="images")
        features, activations = _network(images, training)
        saver = v1.train.Saver(sharded=True, write_version=v1.train.SaverDef.V2)
        if checkpoint:
            with v1.Session() as session:
                session.run(v1.global_variables_initializer())
                saver.save(session, str(checkpoint), write_meta_graph=False, write_state=False)
        meta = v1.train.export_meta_graph(saver_def=saver.as_saver_def(), strip_default_attrs=True)
    meta.meta_info_def.ClearField("tags")
    if training:
        meta.meta_info_def.tags.append("train")
    outputs = {"default": features, "module_net/conv": activations}
    meta.signature_def["default"].CopyFrom(_signature(images, outputs))
    meta.signature_def["image_feature_vector"].CopyFrom(_signature(images, outputs))
    attachment = _bytes_field(1, b"image_module_info") + _bytes_field(2, IMAGE_MODULE_INFO)
    meta.collection_def["hub_module_attachments"].bytes_list.value.append(attachment)
    return meta


def build(folder: Path) -> None:
    """Writes the module to `folder`. The SavedModel builder of TF1 takes no empty set of tags, so it is not used."""
    (folder / "variables").mkdir(parents=True)
    metas = [_meta_graph(False, folder / "variables" / "variables"), _meta_graph(True, None)]
    saved = saved_model_pb2.SavedModel(saved_model_schema_version=1, meta_graphs=metas)
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))
    (folder / "tfhub_module.pb").write_bytes(MODULE_DEF)

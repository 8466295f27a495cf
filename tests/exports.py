"""SavedModels that tests write for themselves, each with one property in view."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

FLOATS = tf.TensorSpec([None, 1], tf.float32)


class HalfPlusOne(tf.Module):
    """y = w x + b with w = 0.5, b = 1, as a reusable SavedModel with a loss on w."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable([[0.5]], name="dense/kernel")
        self.b = tf.Variable([1.0], name="dense/bias")
        self.unused = tf.Variable(7.0, name="frozen", trainable=False)

    def lists(self) -> HalfPlusOne:
        """Set the lists of the reusable SavedModel interface."""
        reusable = tf.train.Checkpoint()
        reusable.__call__ = self.call
        reusable.variables = [self.w, self.b, self.unused]
        reusable.trainable_variables = [self.w, self.b]
        reusable.regularization_losses = [self.loss]
        reusable.module = self  # the functions only hold a weak reference to it
        return reusable

    @tf.function(input_signature=[FLOATS])
    def call(self, x: tf.Tensor) -> tf.Tensor:
        """y, shape (None, 1)."""
        return tf.matmul(x, self.w) + self.b

    @tf.function(input_signature=[])
    def loss(self) -> tf.Tensor:
        """0.01 w²."""
        return 0.01 * tf.reduce_sum(self.w**2)


def half_plus_one_reusable(path: Path) -> Path:
    """`__call__`, variables, trainable_variables, regularization_losses; no signatures."""
    tf.saved_model.save(HalfPlusOne().lists(), str(path))
    return path


def half_plus_one_signature(path: Path) -> Path:
    """Signature `serving_default` only: input x, output y."""

    class Module(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = HalfPlusOne()

    module = Module()
    serve = tf.function(lambda x: {"y": module.inner.call(x)}, input_signature=[FLOATS])
    tf.saved_model.save(module, str(path), signatures={"serving_default": serve})
    return path


def half_plus_one_keras3(path: Path) -> Path:
    """Keras 3's `model.export`."""
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.set_weights([np.array([[0.5]]), np.array([1.0])])
    model.export(str(path), verbose=False)
    return path


def half_plus_one_keras2(path: Path) -> Path:
    """Keras 2's `model.save` to a SavedModel, with an L2 loss of 0.01 w²."""
    import tf_keras

    regularizer = tf_keras.regularizers.l2(0.01)
    model = tf_keras.Sequential([tf_keras.Input((1,)), tf_keras.layers.Dense(1, kernel_regularizer=regularizer)])
    model.set_weights([np.array([[0.5]]), np.array([1.0])])
    model.save(str(path), save_format="tf")
    return path


def half_plus_one_tf1(path: Path) -> Path:
    """The TF1 Hub format: tags {}, signature `default`, resource variables."""
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.float32, [None, 1])
        w = v1.get_variable("dense/kernel", initializer=[[0.5]], use_resource=True)
        b = v1.get_variable("dense/bias", initializer=[1.0], use_resource=True)
        y = tf.matmul(x, w) + b
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(path))
        signature = v1.saved_model.signature_def_utils.predict_signature_def({"default": x}, {"default": y})
        builder.add_meta_graph_and_variables(session, [], {"default": signature})
        builder.save()
    (path / "tfhub_module.pb").write_bytes(b"\x08\x03")
    return path


HALF_PLUS_ONE = {
    "reusable": half_plus_one_reusable,
    "signature": half_plus_one_signature,
    "keras3": half_plus_one_keras3,
    "keras2": half_plus_one_keras2,
    "tf1": half_plus_one_tf1,
}


class BatchNorm(tf.Module):
    """Batch normalisation of one feature; moving averages updated under training=True with `momentum`."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma = tf.Variable(1.0, name="bn/gamma")
        self.beta = tf.Variable(0.0, name="bn/beta")
        self.mean = tf.Variable(0.0, name="bn/moving_mean", trainable=False)
        self.variance = tf.Variable(1.0, name="bn/moving_variance", trainable=False)

    @tf.function
    def __call__(self, x: tf.Tensor, training: bool = False, momentum: float = 0.9) -> tf.Tensor:
        """The normalised x, shape (None, 1)."""
        mean, variance = self.mean.read_value(), self.variance.read_value()
        if training:
            mean, variance = tf.reduce_mean(x), tf.math.reduce_variance(x)
            self.mean.assign(self.mean * momentum + mean * (1 - momentum))
            self.variance.assign(self.variance * momentum + variance * (1 - momentum))
        return (x - mean) * tf.math.rsqrt(variance + 1e-3) * self.gamma + self.beta


def batch_norm(path: Path) -> Path:
    """Traces for training False and True, momentum 0.9 and 0.5, and momentum as a tensor."""
    module = BatchNorm()
    for training in (False, True):
        module.__call__.get_concrete_function(FLOATS, training=training)
        module.__call__.get_concrete_function(FLOATS, training=training, momentum=0.5)
    tf.saved_model.save(module, str(path))
    return path


def dict_in_dict_out(path: Path) -> Path:
    """{"a", "b"} to {"sum", "product"}, both (None, 2)."""
    spec = {"a": tf.TensorSpec([None, 2], tf.float32), "b": tf.TensorSpec([None, 2], tf.float32)}

    class Module(tf.Module):
        @tf.function(input_signature=[spec])
        def __call__(self, inputs: dict) -> dict:
            return {"sum": inputs["a"] + inputs["b"], "product": inputs["a"] * inputs["b"]}

    tf.saved_model.save(Module(), str(path))
    return path


def list_in_list_out(path: Path) -> Path:
    """[a, b], (None, 2) and (None, 3), to [2 a, 3 b]."""
    spec = [tf.TensorSpec([None, 2], tf.float32, "first"), tf.TensorSpec([None, 3], tf.float32, "second")]

    class Module(tf.Module):
        @tf.function(input_signature=[spec])
        def __call__(self, inputs: list) -> list:
            return [2 * inputs[0], 3 * inputs[1]]

    tf.saved_model.save(Module(), str(path))
    return path


def two_arguments(path: Path) -> Path:
    """`__call__(ids, weights)`: int32 (None,) and float32 (None,) to ids * weights; a signature with two outputs."""

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)])
        def __call__(self, ids: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
            return tf.cast(ids, tf.float32) * weights

    module = Module()
    scores = tf.function(
        lambda z, a: {"first": z - a, "second": z + a},
        input_signature=[tf.TensorSpec([None], tf.float32, "z"), tf.TensorSpec([None], tf.float32, "a")],
    )
    tf.saved_model.save(module, str(path), signatures={"scores": scores})
    return path


def tf1_pair(path: Path) -> Path:
    """A TF1 signature with the inputs b and a."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        b, a = v1.placeholder(tf.float32, [None]), v1.placeholder(tf.float32, [None])
        builder = v1.saved_model.Builder(str(path))
        signature = v1.saved_model.signature_def_utils.predict_signature_def({"b": b, "a": a}, {"y": 10.0 * b + a})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return path


def keras3_inputs(path: Path, inputs: object, weights: tuple[float, ...]) -> Path:
    """A model that Keras 3 exports, whose inputs are this nest of Input layers: the sum of its inputs with weights."""
    import keras

    pairs = zip(keras.tree.flatten(inputs), weights, strict=True)
    keras.Model(inputs, keras.layers.Add()([x * weight for x, weight in pairs])).export(str(path), verbose=False)
    return path


def dtypes(path: Path) -> Path:
    """One signature per input dtype, named by it: x of shape (None,) to itself."""
    names = ["float16", "bfloat16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool", "string"]

    def identity(name: str) -> tf.types.experimental.PolymorphicFunction:
        return tf.function(lambda x: {"y": tf.identity(x)}, input_signature=[tf.TensorSpec([None], name, "x")])

    tf.saved_model.save(tf.Module(), str(path), signatures={name: identity(name) for name in names})
    return path


def unknown_rank(path: Path) -> Path:
    """x of any shape to 2 x without dimensions of size 1; nothing tells the rank."""

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec(None, tf.float32)])
        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            return 2 * tf.squeeze(x)

    tf.saved_model.save(Module(), str(path))
    return path


def ragged(path: Path) -> Path:
    """`tokenize`: strings (None,) to ragged bytes; `lengths`: ragged float32 to row lengths; `pack(list, size=4)`."""

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def tokenize(self, text: tf.Tensor) -> tf.RaggedTensor:
            return tf.strings.split(text)

        @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.float32)])
        def lengths(self, rows: tf.RaggedTensor) -> tf.Tensor:
            return rows.row_lengths()

        @tf.function
        def pack(self, segments: list, size: int = 4) -> dict:
            return {"packed": tf.concat(segments, axis=1).to_tensor(default_value="", shape=[None, size])}

    module = Module()
    spec = tf.RaggedTensorSpec([None, None], tf.string)
    module.pack.get_concrete_function([spec])
    module.pack.get_concrete_function([spec, spec])
    module.pack.get_concrete_function([spec], size=2)
    tf.saved_model.save(module, str(path))
    return path

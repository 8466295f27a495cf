"""A BERT encoder in miniature: dict in, dict out, as the published encoders have it."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from samples.layers import Dense, random_weights

VOCABULARY = 1_000
POSITIONS = 64
TYPES = 2
HIDDEN = 32
HEADS = 2
INNER = 64
LAYERS = 2
DROPOUT = 0.1


class LayerNorm(tf.Module):
    """Normalises the last axis."""

    def __init__(self, rng: np.random.Generator, path: str):
        super().__init__()
        self.gamma = tf.Variable(rng.uniform(0.8, 1.2, size=HIDDEN).astype(np.float32), name=f"{path}/gamma")
        self.beta = tf.Variable(rng.normal(scale=0.1, size=HIDDEN).astype(np.float32), name=f"{path}/beta")

    def __call__(self, x):
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, 1e-12)


class HeadsDense(tf.Module):
    """A linear map between hidden units and (heads, units per head), by einsum as in Keras 2's attention."""

    def __init__(self, rng: np.random.Generator, equation: str, kernel, bias, path: str):
        super().__init__()
        self.equation = equation
        weights = rng.normal(scale=HIDDEN**-0.5, size=kernel).astype(np.float32)
        self.kernel = tf.Variable(weights, name=f"{path}/kernel")
        self.bias = tf.Variable(rng.normal(scale=0.01, size=bias).astype(np.float32), name=f"{path}/bias")

    def __call__(self, x):
        return tf.einsum(self.equation, x, self.kernel) + self.bias


def dropout(x, training: bool):
    """Drops values of `x` if training."""
    return tf.nn.dropout(x, DROPOUT) if training else x


def gelu(x):
    """x times the normal distribution function of x, exactly."""
    return 0.5 * x * (1.0 + tf.math.erf(x * np.float32(0.5**0.5)))


class EncoderBlock(tf.Module):
    """Self attention and two dense layers, each with dropout, residual and layer norm after it."""

    def __init__(self, rng: np.random.Generator, path: str):
        super().__init__()
        size = HIDDEN // HEADS

        def project(name):
            path_of = f"{path}/self_attention/{name}"
            return HeadsDense(rng, "abc,cde->abde", [HIDDEN, HEADS, size], [HEADS, size], path_of)

        self.query, self.key, self.value = project("query"), project("key"), project("value")
        out_path = f"{path}/self_attention/attention_output"
        self.attention_output = HeadsDense(rng, "abcd,cde->abe", [HEADS, size, HIDDEN], [HIDDEN], out_path)
        self.attention_norm = LayerNorm(rng, f"{path}/self_attention_layer_norm")
        self.intermediate = Dense(rng, HIDDEN, INNER, f"{path}/intermediate")
        self.output = Dense(rng, INNER, HIDDEN, f"{path}/output")
        self.output_norm = LayerNorm(rng, f"{path}/output_layer_norm")

    def __call__(self, x, bias, training):
        query = self.query(x) * (HIDDEN // HEADS) ** -0.5
        scores = tf.einsum("aecd,abcd->acbe", self.key(x), query) + bias
        weights = dropout(tf.nn.softmax(scores), training)
        attended = self.attention_output(tf.einsum("acbe,aecd->abcd", weights, self.value(x)))
        x = self.attention_norm(x + dropout(attended, training))
        return self.output_norm(x + dropout(self.output(gelu(self.intermediate(x))), training))


class Encoder(tf.Module):
    """Word ids, mask and type ids, each int32 (batch, length), to the outputs of every layer and a pooled vector."""

    def __init__(self, rng: np.random.Generator):
        super().__init__()

        def table(rows, name):
            return random_weights(rng, [rows, HIDDEN], f"{name}/embeddings", gain=0.05 * rows)

        self.word_embeddings = table(VOCABULARY, "word_embeddings")
        self.position_embedding = table(POSITIONS, "position_embedding")
        self.type_embeddings = table(TYPES, "type_embeddings")
        self.embeddings_norm = LayerNorm(rng, "embeddings/layer_norm")
        self.blocks = [EncoderBlock(rng, f"transformer/layer_{number}") for number in range(LAYERS)]
        self.pooler = Dense(rng, HIDDEN, HIDDEN, "pooler_transform")

    def __call__(self, inputs, training):
        ids = inputs["input_word_ids"]
        x = tf.gather(self.word_embeddings, ids) + self.position_embedding[: tf.shape(ids)[1]]
        x += tf.gather(self.type_embeddings, inputs["input_type_ids"])
        x = dropout(self.embeddings_norm(x), training)
        mask = tf.cast(inputs["input_mask"], tf.float32)
        bias = (1.0 - mask[:, tf.newaxis, tf.newaxis, :]) * -1e9
        outputs = []
        for block in self.blocks:
            x = block(x, bias, training)
            outputs.append(x)
        pooled = tf.tanh(self.pooler(x[:, 0]))
        return {"default": pooled, "encoder_outputs": outputs, "pooled_output": pooled, "sequence_output": x}


class BertEncoder(tf.train.Checkpoint):
    """The reusable SavedModel around the encoder."""

    def __init__(self, encoder: Encoder):
        super().__init__()
        self.encoder = encoder
        self.variables = list(encoder.variables)
        self.trainable_variables = list(encoder.trainable_variables)
        self.regularization_losses = []

    @tf.function
    def __call__(self, inputs, training=False):
        return self.encoder(inputs, training)


def build(folder: Path) -> None:
    """Writes the SavedModel to `folder`."""
    model = BertEncoder(Encoder(np.random.default_rng(4)))
    names = ["input_word_ids", "input_mask", "input_type_ids"]
    inputs = {name: tf.TensorSpec([None, None], tf.int32, name=name) for name in names}
    for training in (False, True):
        model.__call__.get_concrete_function(inputs, training=training)
    tf.saved_model.save(model, str(folder), signatures={})

"""What goes in and what comes out: structures, dtypes, shapes, strings, ragged tensors."""

from __future__ import annotations

import exports
import keras
import numpy as np
import pytest
import tensorflow as tf

import hublayer as hub

A, B = np.ones((3, 2), "float32"), np.full((3, 2), 2, "float32")


def test_dict_in_dict_out(export):
    layer = hub.KerasLayer(export("dict_in_dict_out"))
    outputs = layer({"b": B, "a": A})
    assert set(outputs) == {"sum", "product"}
    np.testing.assert_array_equal(outputs["sum"], A + B)
    inputs = {name: keras.Input((2,), name=name) for name in "ab"}
    symbolic = layer(inputs)
    assert {name: tensor.shape for name, tensor in symbolic.items()} == {"sum": (None, 2), "product": (None, 2)}
    model = keras.Model(inputs, symbolic)
    np.testing.assert_array_equal(model.predict({"a": A, "b": B}, verbose=0)["product"], A * B)


@pytest.mark.parametrize(
    ("name", "options"), [("dict_in_dict_out", {}), ("two_arguments", {"signature": "scores"}), ("tf1_pair", {})]
)
@pytest.mark.parametrize("inputs", [[A[0], B[0]], (A[0], B[0])])
def test_names_have_no_order_so_a_list_is_refused(export, name, options, inputs):
    layer = hub.KerasLayer(export(name), **options)
    with pytest.raises(hub.InputStructureError, match=f"a {type(inputs).__name__} has no names. Pass a dict"):
        layer(inputs)


def test_list_in_list_out(export):
    layer = hub.KerasLayer(export("list_in_list_out"))
    three = np.ones((3, 3), "float32")
    doubled, tripled = layer([A, three])
    np.testing.assert_array_equal(doubled, 2 * A)
    np.testing.assert_array_equal(tripled, 3 * three)
    np.testing.assert_array_equal(layer({"first": A, "second": three})[1], 3 * three)
    inputs = [keras.Input((2,)), keras.Input((3,))]
    model = keras.Model(inputs, layer(inputs))
    assert [tensor.shape for tensor in model.outputs] == [(None, 2), (None, 3)]
    np.testing.assert_array_equal(model.predict([A, three], verbose=0)[0], 2 * A)


def test_several_arguments_by_name_and_by_position(export):
    layer = hub.KerasLayer(export("two_arguments"))
    ids, weights = np.array([1, 2]), np.array([0.5, 0.25], "float32")
    for inputs in ([ids, weights], (ids, weights), {"weights": weights, "ids": ids}):
        np.testing.assert_array_equal(layer(inputs), [0.5, 0.5])


def test_signature_inputs_by_name(export):
    layer = hub.KerasLayer(export("two_arguments"), signature="scores")
    z, a = np.array([5.0], "float32"), np.array([2.0], "float32")
    np.testing.assert_array_equal(layer({"z": z, "a": a})["second"], [7])


def _inputs(count):
    return [keras.Input((2,)) for _ in range(count)]


KERAS_3 = {
    "dict": lambda: dict(zip(("x2", "x1"), _inputs(2), strict=True)),
    "dict with the names of the others": lambda: {"a": keras.Input((2,), name="b"), "b": keras.Input((2,), name="a")},
    "list of eleven": lambda: _inputs(11),
    "nest": lambda: {"p": {"q": keras.Input((2,))}, "r": _inputs(2)},
}


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
@pytest.mark.parametrize("make", KERAS_3.values(), ids=KERAS_3)
def test_what_keras_3_exported_takes_its_own_inputs(tmp_path, make):
    inputs = make()
    count = len(keras.tree.flatten(inputs))
    weights = tuple(10.0**-i for i in range(count))
    path = exports.keras3_inputs(tmp_path / "model", inputs, weights)
    values = [np.full((1, 2), i + 1, "float32") for i in range(count)]
    expected = sum(value * weight for value, weight in zip(values, weights, strict=True))
    data = keras.tree.pack_sequence_as(inputs, values)
    for options in ({}, {"signature": "serve"}, {"runtime": "translated"}):
        np.testing.assert_allclose(hub.KerasLayer(path, **options)(data), expected, rtol=1e-6)
    by_name = hub.KerasLayer(path, signature="serving_default")
    with pytest.raises(hub.InputError, match="Expected"):
        by_name(values)


def test_one_output_of_a_signature_is_a_tensor(export, samples):
    path = samples / "plain_module"
    assert hub.KerasLayer(path, signature="serving_default")([1.0]).shape == (1,)
    as_dict = hub.KerasLayer(path, signature="serving_default", signature_outputs_as_dict=True)
    assert list(as_dict([1.0])) == ["output_0"]
    names = hub.load(path).signatures["triple"].endpoint.inputs
    inputs = dict(zip(names, [np.float32([1]), np.float32([2])], strict=True))
    several = hub.KerasLayer(path, signature="triple")(inputs)
    assert set(several) == {"sum", "weighted"}
    one = hub.KerasLayer(path, signature="triple", output_key="sum")(inputs)
    np.testing.assert_array_equal(one, several["sum"])


def test_tf1_hub_format_gives_its_default_output(samples):
    images = np.zeros((2, 8, 8, 3), "float32")
    assert hub.KerasLayer(samples / "tf1_hub")(images).shape == (2, 16)
    layer = hub.KerasLayer(samples / "tf1_hub", output_key="module_net/conv")
    assert layer({"images": images}).shape == (2, 8, 8, 8)
    outputs = hub.KerasLayer(samples / "tf1_hub", signature_outputs_as_dict=True)(images)
    assert set(outputs) == {"default", "module_net/conv"}
    assert hub.KerasLayer(samples / "tf1_hub", tags={"train"})(images).shape == (2, 16)


def test_a_named_callable_as_signature(samples):
    layer = hub.KerasLayer(samples / "plain_module", signature="scale", arguments={"factor": 3.0})
    plain = hub.load(samples / "plain_module")
    np.testing.assert_allclose(layer([2.0]), plain.scale(tf.constant([2.0]), factor=3.0))


STRINGS = ["good movie", "bad", "", "naïve ☕"]


@pytest.mark.parametrize(
    "inputs",
    [
        STRINGS,
        tuple(STRINGS),
        np.array(STRINGS),
        np.array(STRINGS, object),
        np.array([text.encode() for text in STRINGS], object),
        tf.constant(STRINGS),
        [tf.constant(STRINGS)],
    ],
    ids=["list", "tuple", "unicode array", "object array", "bytes array", "tensor", "list of a tensor"],
)
def test_strings(samples, inputs):
    layer = hub.KerasLayer(samples / "text_embedding")
    expected = tf.saved_model.load(str(samples / "text_embedding"))(tf.constant(STRINGS))
    np.testing.assert_array_equal(layer(inputs), expected)


@pytest.mark.parametrize("dtype", [tf.string, "string", None])
def test_sequential_over_strings(samples, dtype):
    layer = hub.KerasLayer(samples / "text_embedding", input_shape=[], dtype=dtype)
    model = keras.Sequential([layer, keras.layers.Dense(2)])
    assert model.output_shape == (None, 2)
    model.compile("sgd", "mse")
    model.fit(tf.constant(STRINGS), np.zeros((4, 2)), verbose=0)
    model.fit(np.array(STRINGS, object), np.zeros((4, 2)), verbose=0)
    assert model.predict(tf.constant(STRINGS), verbose=0).shape == (4, 2)
    dataset = tf.data.Dataset.from_tensor_slices((STRINGS, np.zeros((4, 2)))).batch(2)
    model.evaluate(dataset, verbose=0)


def test_functional_over_strings(samples):
    inputs = keras.Input((), dtype="string")
    outputs = hub.KerasLayer(samples / "text_embedding")(inputs)
    assert outputs.shape == (None, 128)
    assert outputs.dtype == "float32"
    assert keras.Model(inputs, outputs).predict(tf.constant(STRINGS), verbose=0).shape == (4, 128)


def test_sequential_builds_itself_from_a_known_input_shape(samples, capsys):
    model = keras.Sequential([hub.KerasLayer(samples / "image_classifier"), keras.layers.Dense(2)])
    assert model.input_shape == (None, 224, 224, 3)
    model.summary(line_length=100)
    text = capsys.readouterr().out
    assert "(None, 1001)" in text
    assert "151,721" in text
    assert hub.KerasLayer(samples / "image_classifier").count_params() == 151_721


CASTS = [
    ("float32", np.float64([1.5]), True),
    ("float32", [1, 2], True),
    ("float32", [1.5], True),
    ("float32", tf.constant([1.5], tf.float16), True),
    ("float32", tf.constant([1.5], tf.bfloat16), True),
    ("float64", np.float32([1.5]), True),
    ("float64", np.float64([0.1]), True),
    ("float16", tf.constant([1.5], tf.float32), True),
    ("float32", tf.constant([1.5], tf.float64), True),
    ("float32", np.uint8([255]), True),
    ("float32", tf.constant([-(2**15)], tf.int16), True),
    ("float32", np.array([True]), True),
    ("float16", np.int8([-128]), True),
    ("float16", np.int16([1]), False),
    ("float64", np.uint32([2**32 - 1]), True),
    ("float64", np.int64([1]), False),
    ("float32", np.int64([1]), False),
    ("float32", tf.constant([1]), False),
    ("float32", ["a"], False),
    ("int64", np.int32([1]), True),
    ("int64", tf.constant([1], tf.uint8), True),
    ("int32", np.int64([1]), True),
    ("int32", tf.constant([1], tf.int64), True),
    ("int32", np.int64([2**40]), False),
    ("int32", [2**40], False),
    ("int32", tf.constant([2**40], tf.int64), False),
    ("uint8", np.int64([255]), True),
    ("uint8", np.int64([256]), False),
    ("uint8", np.int64([-1]), False),
    ("int32", np.float32([1]), False),
    ("int32", [1.5], False),
    ("int32", np.array([True]), True),
    ("bool", np.array([True]), True),
    ("bool", [True], True),
    ("bool", np.int64([1]), False),
    ("string", ["a"], True),
    ("string", [b"\xff"], True),
    ("string", np.float32([1]), False),
    ("string", [1], False),
    ("string", ["nul at the end\0"], True),
    ("float32", [[1.0], [2.0, 3.0]], None),
]


@pytest.mark.parametrize(("dtype", "value", "fits"), CASTS)
def test_casts_only_where_nothing_is_lost(export, dtype, value, fits):
    layer = hub.KerasLayer(export("dtypes"), signature=dtype)
    if fits is None:
        with pytest.raises(hub.InputStructureError, match="no regular array"):
            layer(value)
    elif fits:
        outputs = layer(value)
        assert outputs.dtype == dtype
        if dtype == "string":
            assert [text.encode() if isinstance(text, str) else text for text in value] == outputs.numpy().tolist()
        else:
            np.testing.assert_array_equal(np.asarray(outputs, "float64"), np.asarray(value, "float64"))
    else:
        with pytest.raises(hub.InputDtypeError, match="Expected:\n    x: "):
            layer(value)


def test_a_traced_integer_is_not_narrowed(export):
    layer = hub.KerasLayer(export("dtypes"), signature="int32")
    with pytest.raises(hub.InputDtypeError, match="int64 came"):
        layer(keras.Input((), dtype="int64"))


def test_ragged_and_keyword_callables(export):
    model = hub.load(export("ragged"))
    tokens = model.tokenize(["a b c", "d"])
    assert tokens.to_list() == [[b"a", b"b", b"c"], [b"d"]]
    assert model.pack([tokens])["packed"].shape == (2, 4)
    assert model.pack([tokens], size=2)["packed"].shape == (2, 2)
    assert model.pack([tokens, tokens])["packed"].numpy()[1].tolist() == [b"d", b"d", b"", b""]
    np.testing.assert_array_equal(model.lengths(tf.ragged.constant([[1.0], [2.0, 3.0]])), [1, 2])
    with pytest.raises(hub.InputStructureError, match="ragged"):
        model.lengths(np.zeros((2, 2), "float32"))


def test_callables_of_a_loaded_model_in_a_functional_model(export):
    model = hub.load(export("ragged"))
    text = keras.Input((), dtype="string")
    tokens = hub.KerasLayer(model.tokenize)(text)
    assert tokens.ragged
    packed = hub.KerasLayer(model.pack, arguments={"size": 2})([tokens])
    assert packed["packed"].shape == (None, 2)
    outputs = keras.Model(text, packed).predict(tf.constant(["a b c", "d"]), verbose=0)
    assert outputs["packed"].tolist() == [[b"a", b"b"], [b"d", b""]]


def test_output_shape(export):
    with pytest.raises(hub.EndpointError, match="output_shape="):
        hub.KerasLayer(export("unknown_rank"))(keras.Input((3,)))
    layer = hub.KerasLayer(export("unknown_rank"), output_shape=(3,))
    assert layer(keras.Input((3,))).shape == (None, 3)
    assert layer(np.ones((2, 3), "float32")).shape == (2, 3)
    with pytest.raises(hub.EndpointError, match=r"output_shape=\(3,\)"):
        layer(np.ones((2, 4), "float32"))


def test_output_shape_of_structures(export):
    layer = hub.KerasLayer(export("list_in_list_out"), output_shape=[[2], [3]])
    inputs = [keras.Input((2,)), keras.Input((3,))]
    assert [tensor.shape for tensor in layer(inputs)] == [(None, 2), (None, 3)]
    layer = hub.KerasLayer(export("dict_in_dict_out"), output_shape={"sum": [2], "product": [2]})
    assert layer({"a": A, "b": B})["sum"].shape == (3, 2)


def test_compute_output_shape_with_other_dtypes(export, samples):
    assert hub.KerasLayer(samples / "text_embedding").compute_output_shape((10,)) == (None, 128)
    assert hub.KerasLayer(samples / "image_classifier").compute_output_shape((4, 224, 224, 3)) == (4, 1001)
    shapes = hub.KerasLayer(export("two_arguments")).compute_output_shape([(None,), (None,)])
    assert shapes == (None,)
    encoder = hub.KerasLayer(samples / "bert_encoder")
    names = ["input_word_ids", "input_mask", "input_type_ids"]
    shapes = encoder.compute_output_shape(dict.fromkeys(names, (None, 16)))
    assert shapes["pooled_output"] == (None, 32)
    assert shapes["sequence_output"] == (None, 16, 32)


def test_mixed_precision_inputs_are_widened(export):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        layer = hub.KerasLayer(export("reusable"))
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1), layer, keras.layers.Dense(1)])
        assert layer.compute_dtype == "float32"
        assert model.predict(np.ones((2, 1)), verbose=0).dtype == "float16"
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_callable_in_place_of_a_handle():
    class Doubling(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(2.0, name="w")

        def __call__(self, x, training=False):
            return x * self.w * (10.0 if training else 1.0)

    layer = hub.KerasLayer(Doubling(), trainable=True)
    np.testing.assert_array_equal(layer(np.float32([1])), [2])
    np.testing.assert_array_equal(layer(np.float32([1]), training=True), [20])
    assert [w.name for w in layer.trainable_weights] == ["w"]
    layer = hub.KerasLayer(lambda x: x + 1)
    assert layer(keras.Input((3,))).shape == (None, 3)
    shouting = hub.KerasLayer(tf.function(lambda x, times: tf.repeat(x, times)), arguments={"times": 2})
    assert shouting(tf.constant(["a"])).numpy().tolist() == [b"a", b"a"]


def test_custom_attributes(tmp_path):
    checkpoint = tf.train.Checkpoint()
    checkpoint.sample_input = tf.Variable([3.0, 4.0])
    checkpoint.settings = {"rate": tf.Variable(0.5)}
    checkpoint.__call__ = tf.function(lambda x: x, input_signature=[tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(checkpoint, str(tmp_path))
    layer = hub.KerasLayer(str(tmp_path))
    np.testing.assert_array_equal(layer.resolved_object.sample_input, [3, 4])
    assert layer.resolved_object.settings["rate"].numpy() == 0.5
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        layer.resolved_object.missing  # noqa: B018


def _module(call, *specs, **tracked):
    module = tf.Module()
    for name, value in tracked.items():
        setattr(module, name, value)
    module.__call__ = tf.function(call, input_signature=list(specs))
    return module


def test_a_width_that_the_graph_does_not_tell_is_found(tmp_path):
    kernel, counter = tf.Variable(tf.ones([2, 7])), tf.Variable(0)

    def hidden(x):
        return tf.raw_ops.PlaceholderWithDefault(input=x @ kernel, shape=[None, None])

    def counted(x):
        counter.assign_add(1)
        return hidden(x)

    spec = tf.TensorSpec([None, 2])
    tf.saved_model.save(_module(hidden, spec, kernel=kernel), tmp_path / "hidden")
    tf.saved_model.save(_module(counted, spec, kernel=kernel, counter=counter), tmp_path / "counted")
    inputs = keras.Input((2,))
    outputs = hub.KerasLayer(tmp_path / "hidden")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3)(outputs))
    assert (outputs.shape, model.predict(A, verbose=0).shape) == ((None, 7), (3, 3))
    layer = hub.KerasLayer(tmp_path / "counted")
    with pytest.warns(UserWarning, match="Pass output_shape="):  # what changes something is not run
        assert layer(inputs).shape == (None, None)
    assert [int(v.numpy()) for v in layer.resolved_object.variables if not v.shape.rank] == [0]


def test_the_encoder_has_the_dtype_of_the_ids_that_it_takes(tmp_path):
    vectors = tf.Variable(tf.ones([10, 4]))
    spec = tf.TensorSpec([None], tf.string)
    hashed = _module(lambda x: tf.gather(vectors, tf.strings.to_hash_bucket_fast(x, 10)), spec, vectors=vectors)
    tf.saved_model.save(hashed, tmp_path / "hashed")
    layer = hub.KerasLayer(tmp_path / "hashed", trainable=True)
    ids, before = layer.preprocessor(STRINGS), vectors.numpy()
    assert layer.encoder.compute_dtype == ids.dtype.name
    model = keras.Sequential([layer.encoder, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(ids, np.ones((4, 1)), verbose=0)
    assert np.abs(layer.trainable_weights[0].numpy() - before).max() > 0


def test_tables_among_the_variables_of_keras_2(tmp_path):
    import tf_keras

    words = tf_keras.layers.StringLookup()
    words.adapt(["a good film", "bad one"])
    inputs = tf_keras.Input((1,), dtype="string")
    tf_keras.Model(inputs, tf_keras.layers.Embedding(9, 3)(words(inputs))).save(tmp_path / "lookup")
    layer = hub.KerasLayer(tmp_path / "lookup", trainable=True, runtime="native")
    assert [tuple(weight.shape) for weight in layer.trainable_weights] == [(9, 3)]
    assert all(isinstance(variable, tf.Variable) for variable in layer.resolved_object.variables)

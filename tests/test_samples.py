"""The committed sample SavedModels are what their table says, as TensorFlow itself loads them."""

from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow")

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "tests" / "samples"
DEMO = ROOT / "src" / "hublayer" / "demo"


def load(name: str, **arguments):
    return tf.saved_model.load(str(SAMPLES / name), **arguments)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32)


def moving(variables) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables if "moving_" in variable.name]


def distance(before: list[np.ndarray], after: list[np.ndarray]) -> float:
    return max(np.abs(a - b).max() for a, b in zip(before, after, strict=True))


def test_size():
    files = [*SAMPLES.rglob("*"), *DEMO.joinpath("digits_feature_vector").rglob("*"), DEMO / "digits.npz"]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 6_500_000


def test_every_sample_is_described():
    table = (SAMPLES / "SAMPLES.md").read_text()
    assert all(f"`{path.name}`" in table for path in SAMPLES.iterdir() if path.is_dir())


class TestTextEmbedding:
    def test_interface(self):
        model = load("text_embedding")
        assert not model.signatures
        assert [variable.name for variable in model.variables] == ["embeddings:0"]
        assert len(model.trainable_variables) == 1
        assert list(model.regularization_losses) == []

    def test_numbers(self):
        model = load("text_embedding")
        words = (SAMPLES / "text_embedding" / "assets" / "tokens.txt").read_text().split()
        table = model.embeddings.numpy()
        sentences = {
            "this is a great sentence": "this is a great sentence",
            " and another one here: short,\t(good) movies...": "and another one here short good movies",
        }
        result = model(tf.constant(list(sentences))).numpy()
        assert result.shape == (2, 128) and result.dtype == np.float32
        for row, normalised in zip(result, sentences.values(), strict=True):
            ids = [words.index(word) for word in normalised.split()]
            np.testing.assert_allclose(row, table[ids].sum(0) / np.sqrt(len(ids)), rtol=1e-5, atol=1e-6)

    def test_unknown_word_gets_a_bucket(self):
        model = load("text_embedding")
        words = (SAMPLES / "text_embedding" / "assets" / "tokens.txt").read_text().split()
        table = model.embeddings.numpy()
        row = model(tf.constant(["qwertyuiop"])).numpy()[0]
        assert np.abs(table[len(words) :] - row).max(axis=1).min() < 1e-6

    @pytest.mark.parametrize("sentences", [["", "a movie"], ["", " ?! "], []])
    def test_empty(self, sentences):
        result = load("text_embedding")(tf.constant(sentences, tf.string)).numpy()
        assert result.shape == (len(sentences), 128)
        empty = [number for number, sentence in enumerate(sentences) if not sentence.strip(" ?!")]
        assert not result[empty].any()


class TestImageClassifier:
    def test_interface(self):
        model = load("image_classifier")
        result = model(random(2, 224, 224, 3))
        assert result.shape == (2, 1001)
        by_signature = model.signatures["serving_default"](inputs=tf.constant(random(2, 224, 224, 3)))["logits"]
        np.testing.assert_allclose(by_signature, result, rtol=1e-5, atol=1e-5)
        trainable = {variable.name for variable in model.trainable_variables}
        assert not any("moving_" in name for name in trainable)
        assert len(trainable) + len(moving(model.variables)) == len(model.variables)
        assert all(loss().shape == () and loss() > 0 for loss in model.regularization_losses)

    def test_moving_averages(self):
        model, x = load("image_classifier"), random(2, 224, 224, 3)
        start = moving(model.variables)
        model(x)
        model(x, batch_norm_momentum=0.5)
        assert distance(start, moving(model.variables)) == 0
        model(x, training=True)
        once = moving(model.variables)
        model(x, training=True, batch_norm_momentum=0.5)
        twice = moving(model.variables)
        # The default momentum, 0.99, moves the averages far less than 0.5 does.
        assert 0 < 10 * distance(start, once) < distance(once, twice)


class TestDigits:
    def test_feature_vector(self):
        model = tf.saved_model.load(str(DEMO / "digits_feature_vector"))
        x = random(16, 8, 8, 1)
        start = moving(model.variables)
        features = model(x).numpy()
        assert features.shape == (16, 64) and features.min() >= 0
        by_signature = model.signatures["serving_default"](inputs=tf.constant(x))["feature_vector"]
        np.testing.assert_allclose(by_signature, features, rtol=1e-5, atol=1e-6)
        assert len(model.regularization_losses) == 3
        assert distance(start, moving(model.variables)) == 0
        assert np.abs(model(x, training=True) - features).max() > 0
        assert distance(start, moving(model.variables)) > 0

    def test_images(self):
        data = np.load(DEMO / "digits.npz")
        assert data["x_train"].shape == (150, 8, 8) and data["x_test"].shape[1:] == (8, 8)
        for split in ("train", "test"):
            images, labels = data[f"x_{split}"], data[f"y_{split}"]
            assert images.dtype == np.uint8 and images.max() == 16 and len(images) == len(labels)
            assert sorted(set(labels.tolist())) == [5, 6, 7, 8, 9]


class TestBertEncoder:
    @staticmethod
    def inputs():
        values = {
            "input_word_ids": [[1, 5, 7, 0], [2, 9, 0, 0]],
            "input_mask": [[1, 1, 1, 0], [1, 1, 0, 0]],
            "input_type_ids": [[0, 0, 1, 0], [0, 1, 0, 0]],
        }
        return {name: tf.constant(rows, tf.int32) for name, rows in values.items()}

    def test_outputs(self):
        model = load("bert_encoder")
        result = model(self.inputs())
        shapes = tf.nest.map_structure(lambda tensor: tuple(tensor.shape), result)
        assert shapes == {
            "default": (2, 32),
            "pooled_output": (2, 32),
            "sequence_output": (2, 4, 32),
            "encoder_outputs": [(2, 4, 32), (2, 4, 32)],
        }
        np.testing.assert_array_equal(result["encoder_outputs"][-1], result["sequence_output"])
        assert len(model.trainable_variables) == len(model.variables) == 39

    def test_masked_words_have_no_influence(self):
        model, inputs = load("bert_encoder"), self.inputs()
        before = model(inputs)["pooled_output"]
        other = inputs | {"input_word_ids": tf.where(inputs["input_mask"] == 0, 99, inputs["input_word_ids"])}
        np.testing.assert_allclose(model(other)["pooled_output"], before, rtol=1e-6)

    def test_dropout(self):
        model = load("bert_encoder")
        first, second = (model(self.inputs(), training=True)["default"] for _ in range(2))
        assert np.abs(first - second).max() > 0


class TestPlainModule:
    def test_callables(self):
        model = load("plain_module")
        x = tf.constant([1.0, 2.0])
        np.testing.assert_allclose(model(x), [2.5, 3.0])
        np.testing.assert_allclose(model.scale(x), [5.0, 6.0])
        np.testing.assert_allclose(model.scale(x, factor=3.0), [7.5, 9.0])
        assert model.advance() == 1 and model.step.dtype == tf.int64
        assert (model.w.trainable, model.b.trainable, model.step.trainable) == (True, True, False)
        assert not any(hasattr(model, name) for name in ("variables", "trainable_variables", "regularization_losses"))

    def test_signatures(self):
        model = load("plain_module")
        assert set(model.signatures) == {"serving_default", "triple"}
        np.testing.assert_allclose(model.signatures["serving_default"](x=tf.constant([4.0]))["output_0"], [4.0])
        result = model.signatures["triple"](a=tf.constant([2.0]), b=tf.constant([5.0]))
        assert set(result) == {"weighted", "sum"}
        np.testing.assert_allclose(result["weighted"], [18.0])
        np.testing.assert_allclose(result["sum"], [7.0])


def test_keras3_export():
    model, x = load("keras3_export"), tf.constant(random(4, 6))
    result = model.serve(x)
    assert result.shape == (4, 3)
    np.testing.assert_allclose(model.signatures["serving_default"](features=x)["output_0"], result, rtol=1e-6)
    assert len(model.trainable_variables) == 6 and len(model.non_trainable_variables) == 3


def test_keras2_save():
    model, x = load("keras2_save"), tf.constant(random(4, 6))
    result = model(x)
    assert result.shape == (4, 3)
    np.testing.assert_allclose(model.signatures["serving_default"](features=x)["scores"], result, rtol=1e-6)
    assert len(model.trainable_variables) == 6 and len(model.variables) == 8
    (loss,) = model.regularization_losses
    np.testing.assert_allclose(loss(), 0.01 * tf.reduce_sum(model.variables[0] ** 2), rtol=1e-6)
    start = moving(model.variables)
    model(x, training=True)
    assert distance(start, moving(model.variables)) > 0


class TestTF1Hub:
    @pytest.mark.parametrize("tags", [[], ["train"]])
    def test_signatures(self, tags):
        module = load("tf1_hub", tags=tags)
        assert set(module.signatures) == {"default", "image_feature_vector"}
        result = module.signatures["default"](images=tf.constant(random(5, 8, 8, 3)))
        assert {name: tuple(value.shape) for name, value in result.items()} == {
            "default": (5, 16),
            "module_net/conv": (5, 8, 8, 8),
        }
        collections = module.graph.get_all_collection_keys()
        assert ("update_ops" in collections) == bool(tags)
        assert len(module.graph.get_collection("regularization_losses")) == 2
        assert len(module.graph.get_collection("trainable_variables")) == 5
        assert len(module.variables) == 7

    def test_train_graph_drops_and_updates(self):
        module = load("tf1_hub", tags=["train"])
        x = tf.constant(random(5, 8, 8, 3))
        first, second = (module.signatures["default"](images=x)["default"] for _ in range(2))
        assert np.abs(first - second).max() > 0
        start = moving(module.variables)
        update = module.prune("images:0", module.graph.get_collection("update_ops"))
        update(x)
        assert distance(start, moving(module.variables)) > 0

    def test_format_file(self):
        assert (SAMPLES / "tf1_hub" / "tfhub_module.pb").read_bytes() == b"\x08\x03"


def test_text_samples():
    pytest.importorskip("tensorflow_text")
    for name in ("bert_preprocess", "fast_bert_preprocess", "albert_preprocess"):
        model = load(name)
        special = {key: int(value) for key, value in model.tokenize.get_special_tokens_dict().items()}
        pieces = model.tokenize(tf.constant(["A great movie!", ""]))
        packed = model.bert_pack_inputs([pieces, pieces], seq_length=tf.constant(16))
        assert {key: tuple(value.shape) for key, value in packed.items()} == dict.fromkeys(
            ("input_word_ids", "input_mask", "input_type_ids"), (2, 16)
        )
        rows = packed["input_word_ids"].numpy()
        assert (rows[:, 0] == special["start_of_sequence_id"]).all()
        assert (rows == special["end_of_segment_id"]).sum() == 4
        assert model(tf.constant(["A great movie!"]))["input_mask"].shape == (1, 128)
    vectors = load("sentence_encoder")(tf.constant(["A great movie!", ""])).numpy()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)

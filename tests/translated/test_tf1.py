"""TF1 models on the Keras backend at hand: training against sessions of TF1, which tools/make_tf1_goldens.py ran."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import hublayer as hub
from translated.tf1 import RECIPES, ROOT, head, train

BACKEND = keras.config.backend()
SAMPLES = ROOT / "tests" / "samples"
IMAGE, TF1_HUB = SAMPLES / "tf1_image_module", SAMPLES / "tf1_hub"


def golden(name: str, kind: str) -> dict[str, np.ndarray]:
    with np.load(ROOT / "tests" / "goldens" / "tf1" / f"{name}.npz") as arrays:
        if kind == "losses":
            return {"": arrays["losses"]}
        return {key.partition(":")[2]: arrays[key] for key in arrays.files if key.startswith(f"{kind}:")}


def to_numpy(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value))


def serve(layer: hub.KerasLayer, name: str) -> dict[str, np.ndarray]:
    """All outputs of the layer's model for the recipe's first batch, in inference."""
    recipe = RECIPES[name]
    whole = hub.KerasLayer(layer.resolved_object, signature_outputs_as_dict=True)
    data, _ = next(recipe.batches())
    return {key: to_numpy(value) for key, value in whole(data).items()}


def weights(layer: hub.KerasLayer) -> dict[str, np.ndarray]:
    return {weight.name: to_numpy(weight.value) for weight in layer.weights}


def check_outputs(layer: hub.KerasLayer, name: str, when: str) -> None:
    for key, expected in golden(name, when).items():
        np.testing.assert_allclose(serve(layer, name)[key], expected, rtol=1e-3, atol=1e-4)


def quietly(name: str) -> Any:
    """Where there is no graph for training, the layer says so once."""
    return pytest.warns(UserWarning, match="inference mode") if name == "control_flow" else warnings.catch_warnings()


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_ten_steps_of_training_agree_with_a_session(name):
    with quietly(name):
        losses, layer = train(RECIPES[name])
    np.testing.assert_allclose(losses, golden(name, "losses")[""], rtol=1e-3)
    trained = weights(layer)
    for key, expected in golden(name, "w").items():
        np.testing.assert_allclose(trained[key], expected, rtol=1e-3, atol=1e-4, err_msg=key)
    # The serving graph runs on the weights that the training graph has moved.
    check_outputs(layer, name, "after")


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_serving_graph_agrees_with_a_session(name):
    check_outputs(hub.KerasLayer(SAMPLES / RECIPES[name].sample, runtime="translated"), name, "before")


def test_partitioned_variable_is_one_weight():
    layer = hub.KerasLayer(IMAGE, trainable=True, runtime="translated")
    found = {weight.name: tuple(weight.shape) for weight in layer.weights}
    assert found["net/logits/weights"] == (6, 8)
    assert not [name for name in found if "part_" in name]
    assert [w.name for w in layer.non_trainable_weights] == [
        "net/BatchNorm/moving_mean",
        "net/BatchNorm/moving_variance",
    ]


@pytest.mark.parametrize("folder", [IMAGE, TF1_HUB], ids=["references", "resources"])
def test_dropout_and_batch_statistics_in_training_only(folder):
    layer = hub.KerasLayer(folder, trainable=True, runtime="translated")
    x = np.random.default_rng(0).random((4, 8, 8, 3), "float32")
    calm = to_numpy(layer(x))
    before = weights(layer)
    first, second = (to_numpy(layer(x, training=True)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    after = weights(layer)
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved == {name for name in before if "moving_" in name}
    assert np.abs(to_numpy(layer(x)) - calm).max() > 1e-3  # the serving graph has the moved averages
    layer.trainable = False
    frozen = to_numpy(layer(x))
    np.testing.assert_array_equal(to_numpy(layer(x, training=True)), frozen)
    assert {name for name, value in weights(layer).items() if not np.array_equal(value, after[name])} == set()


def test_regularisation_losses_only_while_trainable():
    layer = hub.KerasLayer(IMAGE, runtime="translated")
    assert layer.losses == []
    layer.trainable = True
    squares = [float((value**2).sum()) for name, value in weights(layer).items() if name.endswith("weights")]
    np.testing.assert_allclose(sum(float(to_numpy(loss)) for loss in layer.losses), sum(squares) * 0.5e-2, rtol=1e-5)


def test_trained_weight_is_saved_and_used_by_both_graphs(tmp_path):
    layer = hub.KerasLayer(IMAGE, trainable=True, runtime="translated", output_key="steady", input_shape=(8, 8, 3))
    model = keras.Sequential([layer, head()])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    data, target = next(RECIPES["image"].batches())
    model.fit(data["images"], target, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    trained, restored = weights(layer), weights(again.layers[0])
    assert list(trained) == list(restored)
    for name, value in trained.items():
        np.testing.assert_array_equal(restored[name], value)
    for training in (False, True):
        np.testing.assert_allclose(
            to_numpy(again(data["images"], training=training)),
            to_numpy(model(data["images"], training=training)),
            rtol=1e-5,
            atol=1e-6,
        )


def test_tags_choose_the_graph():
    x = np.random.default_rng(0).random((4, 8, 8, 3), "float32")
    layer = hub.KerasLayer(IMAGE, tags=["train"], runtime="translated")
    first, second = (to_numpy(layer(x)) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
    before = weights(layer)
    layer.trainable = True
    layer(x, training=True)
    assert any(not np.array_equal(before[name], value) for name, value in weights(layer).items())
    assert layer.get_config()["tags"] == ["train"]
    with pytest.raises(hub.TagsError, match=r"\[\], \['train'\]"):
        hub.KerasLayer(IMAGE, tags=["serve"], runtime="translated")


def test_choices_are_listed():
    with pytest.raises(hub.EndpointError, match="default"):
        hub.KerasLayer(IMAGE, signature="nothing", runtime="translated")
    with pytest.raises(hub.OutputKeyError, match="net/pool"):
        hub.KerasLayer(IMAGE, output_key="nothing", runtime="translated")


def test_image_size():
    assert hub.KerasLayer(IMAGE, runtime="translated").image_size == (8, 8)
    info = hub.inspect(IMAGE)
    assert info.image_size == (8, 8) and info.attachments == ("image_module_info",)
    assert "8 x 8 pixels" in str(info)
    assert hub.KerasLayer(SAMPLES / "tf1_control_flow", runtime="translated").image_size is None


def test_without_a_graph_for_training_it_says_so_once():
    with pytest.warns(UserWarning, match="serving graph") as caught:
        layer = hub.KerasLayer(SAMPLES / "tf1_control_flow", trainable=True, runtime="translated")
        layer(np.ones((2, 4), "float32"), training=True)
    assert len(caught) == 1


def test_default_of_a_placeholder_and_variable_that_is_initialised():
    model = hub.load(SAMPLES / "tf1_control_flow", runtime="translated")
    x = np.random.default_rng(1).random((3, 4), "float32")
    by_default = to_numpy(model.signatures["serving_default"](x=x)["y"])
    np.testing.assert_allclose(to_numpy(model.signatures["with_depth"](x=x, deep=True)["y"]), by_default, rtol=1e-5)
    assert np.abs(to_numpy(model.signatures["with_depth"](x=x, deep=False)["y"]) - by_default).max() > 1e-3
    assert [v.name for v in model.variables] == ["layer/weights", "layer/biases", "bound"]
    assert float(to_numpy(model.variables[-1].value)) == 0.5  # a local variable, which no checkpoint has


def test_local_variables_that_the_main_op_initialises(tmp_path):
    folder = shutil.copytree(SAMPLES / "tf1_control_flow", tmp_path / "model")
    path = Path(folder) / "saved_model.pbtxt"
    collection = 'collection_def {\n key: "legacy_init_op"\n value { node_list { value: "bound/Assign" } }\n}\n'
    text = path.read_text()
    path.write_text(text.replace("meta_graphs {\n", "meta_graphs {\n" + collection, 1))
    x = np.random.default_rng(1).random((3, 4), "float32")
    outputs = [
        to_numpy(hub.load(model, runtime="translated").signatures["serving_default"](x=x)["y"])
        for model in (folder, SAMPLES / "tf1_control_flow")
    ]
    np.testing.assert_array_equal(*outputs)


def test_placeholder_that_is_no_input_is_named(tmp_path):
    folder = shutil.copytree(SAMPLES / "tf1_control_flow", tmp_path / "model")
    path = Path(folder) / "saved_model.pbtxt"
    path.write_text(
        path.read_text().replace('op: "PlaceholderWithDefault"\n      input: "deep/input"', 'op: "Placeholder"')
    )
    with pytest.raises(hub.CorruptSavedModelError, match=r"deep \(bool\)"):
        hub.KerasLayer(folder, runtime="translated")

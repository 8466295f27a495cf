"""The public names, the tree of errors, and what importing brings in."""

from __future__ import annotations

import re
import subprocess
import sys

import hublayer as hub
from hublayer import errors


def test_public_names():
    classes = {name for name in vars(errors) if name.endswith("Error")}
    names = {"KerasLayer", "Model", "ModelInfo", "Ragged", "Sparse", "inspect", "load", "resolve"}
    assert set(hub.__all__) == names | classes
    for name in hub.__all__:
        assert getattr(hub, name) is not None
    assert set(hub.__all__) <= set(dir(hub))


def test_every_error_is_in_the_drawn_tree():
    drawn = dict(re.findall(r"── (\w+)(?: \((\w+)\))?", errors.__doc__ or ""))
    classes = {name: cls for name, cls in vars(errors).items() if name.endswith("Error") and name != "HubLayerError"}
    assert drawn.keys() == classes.keys()
    for name, builtin in drawn.items():
        assert issubclass(classes[name], hub.HubLayerError)
        if builtin:
            assert builtin in {base.__name__ for base in classes[name].__mro__}


def test_messages_are_printed_as_they_are():
    assert str(hub.InputNameError("a 'name'\nand more")) == "a 'name'\nand more"
    assert str(hub.ModelNotFoundError("gone")) == "gone"


def test_importing_brings_neither_keras_nor_tensorflow():
    code = (
        "import sys, hublayer, hublayer.hub, hublayer.savedmodel, hublayer.graph.side_effects\n"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules), 'too much'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

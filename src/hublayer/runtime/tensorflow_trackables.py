"""The weights of a translated model as TensorFlow's checkpoints and exports see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from hublayer.savedmodel.objects import ObjectGraph


def trackable(objects: ObjectGraph | None, variables: Mapping[str, Any], seed: Any) -> Any:
    """An object that tracks these keras.Variables, given by key, below the names that the SavedModel has for them.

    objects: the object graph of a TF2 model, by whose names TensorFlow's own loader tracks them too, so that a
    checkpoint of one runtime fits the other. A TF1 model has none; its variables are a list. seed: the state of the
    seed generator, or None.
    """
    values = {key: variable._value for key, variable in variables.items()}
    root = _tree(objects, values) if objects is not None else _node({"variables": _node(_numbered(values))})
    if seed is not None:
        _track(root, "seed", seed._value)
    return root


def _numbered(values: Mapping[str, Any]) -> dict[str, Any]:
    return {str(number): value for number, value in enumerate(values.values())}


def _node(children: Mapping[str, Any]) -> Any:
    node = tf.__internal__.tracking.AutoTrackable()  # pyright: ignore[reportAttributeAccessIssue]
    for name, child in children.items():
        _track(node, name, child)
    return node


def _track(node: Any, name: str, child: Any) -> None:
    node._track_trackable(child, name=name, overwrite=True)  # an attribute could not have every name


def _tree(objects: ObjectGraph, values: Mapping[str, Any]) -> Any:
    """A node for each object from which one of the variables can be reached; objects may refer to each other."""
    children = {0: objects.children(0)}
    waiting = [0]
    while waiting:
        for child in children[waiting.pop()].values():
            if child not in children:
                children[child] = objects.children(child)
                waiting.append(child)
    parents: dict[int, list[int]] = {}
    for parent, named in children.items():
        for child in named.values():
            parents.setdefault(child, []).append(parent)
    made: dict[int, Any] = {int(key): value for key, value in values.items() if int(key) in children}
    waiting = list(made)
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in made:
                made[parent] = _node({})
                waiting.append(parent)
    for parent, named in children.items():
        for name, child in named.items():
            if parent in made and str(parent) not in values and child in made:
                _track(made[parent], name, made[child])
    return made.setdefault(0, _node({}))

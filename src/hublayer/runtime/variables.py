"""A loaded model's variables as Keras weights, read when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np

from hublayer.errors import CorruptSavedModelError
from hublayer.host.string_tensor import StringTensor
from hublayer.runtime.weights import NamedVariable
from hublayer.savedmodel.bundle import Bundle
from hublayer.savedmodel.checkpoint_keys import checkpoint_keys, table_keys
from hublayer.savedmodel.objects import VariableInfo
from hublayer.savedmodel.reader import MetaGraph, SavedModel
from hublayer.savedmodel.restoring import Stored
from hublayer.savedmodel.specs import Shape

_NO_VALUE = frozenset({"string", "resource", "variant", "unknown"})


class Variables:
    """The variables of a MetaGraph by key: a node id of the object graph, or a weight's name in TF1.

    shared: other MetaGraphs of TF1 that use the same variables. stored: where TF1's variables lie.
    initial: gives what computes the value of a variable of TF1, by key, that an initialiser sets after the checkpoint
    was restored (`True`), or that the checkpoint does not have (`False`); None if there is no initialiser.
    """

    def __init__(
        self,
        saved_model: SavedModel,
        meta_graph: MetaGraph,
        shared: Iterable[MetaGraph] = (),
        stored: Mapping[str, Stored] | None = None,
        initial: Callable[[str, bool], Callable[[], np.ndarray] | None] = lambda key, after: None,
    ):
        self._folder = saved_model.folder
        self._meta_graph = meta_graph
        self._bundle: Bundle | None = None
        self._checkpoint = {place.name: place.key for place in (stored or {}).values()}
        self._initial = initial
        self._made: dict[str, NamedVariable] = {}
        self._infos: dict[str, VariableInfo] = {}
        if meta_graph.objects is None:
            for info in [info for graph in (meta_graph, *shared) for info in graph.variables]:
                known = self._infos.setdefault(info.name, info)
                self._infos[info.name] = replace(known, trainable=known.trainable or info.trainable)

    def table_contents(self, node_ids: Iterable[int]) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """(keys, values) that the checkpoint holds of those nodes of the object graph that are tables it saved."""
        if self._meta_graph.objects is None or not (self._folder / "variables" / "variables.index").is_file():
            return {}
        bundle = self._open()
        found = table_keys(bundle, self._meta_graph.message.object_graph_def)
        return {
            node_id: (bundle.array(f"{found[node_id]}-keys"), bundle.array(f"{found[node_id]}-values"))
            for node_id in node_ids
            if node_id in found
        }

    def _open(self) -> Bundle:
        if self._bundle is None:
            self._bundle = Bundle.open(self._folder / "variables" / "variables")
            objects = self._meta_graph.objects
            if objects is not None:
                message = self._meta_graph.message.object_graph_def
                keys = checkpoint_keys(self._bundle, message)
                self._checkpoint = {str(node_id): key for node_id, key in keys.items()}
        return self._bundle

    def info(self, key: str) -> VariableInfo | None:
        """What the SavedModel says of the variable `key`."""
        objects = self._meta_graph.objects
        if objects is not None and key.isdecimal():
            return objects.variable(int(key))
        return self._infos.get(key)

    def listed(self) -> tuple[list[str], list[str] | None]:
        """Keys of the publisher's variables in order, and of those listed as trainable (None: no such list)."""
        keys, trainable = self._listed
        return list(keys), trainable

    @cached_property
    def _listed(self) -> tuple[list[str], list[str] | None]:
        objects = self._meta_graph.objects
        if objects is None:
            return list(self._infos), [key for key, info in self._infos.items() if info.trainable]
        trainable = objects.listed("trainable_variables")
        node_ids = [*(objects.listed("variables") or ()), *(trainable or ())]
        keys = [str(node_id) for node_id in dict.fromkeys(node_ids) if objects.variable(node_id) is not None]
        known = frozenset(keys)
        return keys, None if trainable is None else [key for key in map(str, trainable) if key in known]

    def made(self) -> dict[str, NamedVariable]:
        """The variables that have been needed so far."""
        return dict(self._made)

    def strings(self, key: str) -> StringTensor:
        """The value of a variable of strings. Raises CorruptSavedModelError if there is none."""
        return StringTensor.from_numpy(self._array(key, self.info(key)))

    def adopt(self, variables: Mapping[str, Any]) -> None:
        """Take variables that somebody else has made."""
        self._made.update(variables)

    def __getitem__(self, key: str) -> NamedVariable:
        if key not in self._made:
            info = self.info(key)
            array = self._array(key, info)
            if info is not None and not _fits(array.shape, info.shape):
                raise CorruptSavedModelError(
                    f"{self._open().index}: the variable {self._name(key)!r} has the shape {array.shape}, but the "
                    f"model declares {info.shape}."
                )
            trainable = self._listed[1]
            is_trainable = key in trainable if trainable is not None else bool(info and info.trainable)
            name = info.name if info else key
            self._made[key] = NamedVariable(self._own(array, key), name, array.dtype.name, is_trainable)
            if self._bundle is not None:
                self._bundle.release()
        return self._made[key]

    def _own(self, array: np.ndarray, key: str) -> Any:
        """The array as the backend uses it without a copy of its own: that of the mapped file, or the only copy.

        JAX shares arrays that are aligned, PyTorch those that may be written to; Keras copies arrays for PyTorch, but
        no tensors. TensorFlow copies.
        """
        bundle = self._bundle
        if bundle is None or array.flags.writeable or keras.config.backend() == "tensorflow":
            return np.require(array, requirements=["ALIGNED"])
        if keras.config.backend() == "jax" and array.ctypes.data % 64 == 0:
            return array
        name = self._name(key)
        if name not in bundle:
            return np.require(array, requirements=["ALIGNED"])
        copied = bundle.copy(name)
        if keras.config.backend() == "torch":
            from hublayer.lowering.backends.torch.tensors import shared

            return shared(copied)
        return copied

    def _name(self, key: str) -> str:
        """The name of the variable `key` in the checkpoint."""
        self._open()
        info = self.info(key)
        return self._checkpoint.get(key, key if info is None else info.name)

    def _array(self, key: str, info: VariableInfo | None) -> np.ndarray:
        set_after = self._initial(key, True)
        if set_after is not None:
            return set_after()
        bundle, stored = self._open(), self._name(key)
        if stored in bundle:
            return bundle.array(stored)
        first = self._initial(key, False)
        if first is None:
            raise CorruptSavedModelError(f"{bundle.index}: it has no value for the variable {stored!r}.")
        return first()

    def has_value(self, key: str) -> bool:
        """Whether there are numbers for the variable, so that it can be a weight."""
        info = self.info(key)
        if info is not None and info.dtype in _NO_VALUE:
            return False
        if key in self._made:
            return True
        return self._name(key) in self._open() or any(self._initial(key, after) for after in (True, False))


def _fits(shape: tuple[int, ...], declared: Shape) -> bool:
    if declared is None:
        return True
    return len(shape) == len(declared) and all(d is None or d == s for d, s in zip(declared, shape, strict=True))

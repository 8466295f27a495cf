"""Read saved_model.pb or saved_model.pbtxt: the MetaGraphs and what each offers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from google.protobuf import message as protobuf_message
from google.protobuf import text_format

from hublayer.errors import CorruptSavedModelError, NotASavedModelError, TagsError
from hublayer.savedmodel import collections, dtypes, schema
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.objects import ObjectGraph, VariableInfo
from hublayer.savedmodel.specs import shape_of, tensor_info

# Signatures that TensorFlow itself writes for initialisation; nobody calls them.
_INTERNAL_SIGNATURES = frozenset({"__saved_model_init_op", "__saved_model_train_op"})
_VARIABLE_COLLECTIONS = ("variables", "model_variables", "trainable_variables", "local_variables")


@dataclass(frozen=True, eq=False)
class MetaGraph:
    """One graph of a SavedModel, chosen by its tags. `message` is the parsed protocol buffer."""

    message: Any
    path: Path

    @property
    def tags(self) -> frozenset[str]:
        """The tag set, empty for the inference graph of the TF1 Hub format."""
        return frozenset(self.message.meta_info_def.tags)

    @property
    def tensorflow_version(self) -> str:
        """Version of the TensorFlow that wrote the file; empty if it did not say."""
        return self.message.meta_info_def.tensorflow_version

    @cached_property
    def objects(self) -> ObjectGraph | None:
        """The object graph of a TF2 SavedModel; None for TF1."""
        message = self.message.object_graph_def
        return ObjectGraph(message, str(self.path)) if message.nodes else None

    @cached_property
    def signatures(self) -> dict[str, Endpoint]:
        """The signatures, by name, without those that TensorFlow writes for itself.

        They come in the publisher's order, as tf.saved_model.load gives them. TF1 kept no order: there they are sorted.
        """
        functions = self.objects.signature_functions if self.objects else {}
        endpoints = {}
        for name in dict.fromkeys([*functions, *sorted(self.message.signature_def)]):
            if name in _INTERNAL_SIGNATURES or name not in self.message.signature_def:
                continue
            signature = self.message.signature_def[name]
            concrete, keywords = functions.get(name, ("", ()))
            order = [key for key in keywords if key in signature.inputs]
            order += sorted(set(signature.inputs) - set(order))
            inputs = {key: tensor_info(signature.inputs[key]) for key in order}
            outputs = {key: tensor_info(signature.outputs[key]) for key in sorted(signature.outputs)}
            endpoints[name] = Endpoint(name, "signature", (Trace(inputs, outputs, concrete),))
        return endpoints

    @property
    def callables(self) -> dict[str, Endpoint]:
        """``__call__`` and the named callables of a TF2 SavedModel, by name."""
        return self.objects.callables if self.objects else {}

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """Callables and signatures by name; a callable hides a signature of its name."""
        return {**self.signatures, **self.callables}

    @cached_property
    def variables(self) -> tuple[VariableInfo, ...]:
        """The model's variables in the publisher's order, partitioned TF1 variables as one."""
        if self.objects:
            return self.objects.variables
        return self._collection_variables()

    def _collection_variables(self) -> tuple[VariableInfo, ...]:
        nodes = {node.name: node for node in self.message.graph_def.node}
        trainable = self._variable_defs("trainable_variables")
        trainable_names = {definition.variable_name for definition in trainable}
        found: dict[str, VariableInfo] = {}
        for collection in _VARIABLE_COLLECTIONS:
            for definition in self._variable_defs(collection):
                node = nodes.get(definition.variable_name.split(":")[0])
                sliced = definition.save_slice_info_def
                name = sliced.full_name or definition.variable_name.removesuffix(":0")
                dtype = dtypes.name(node.attr["dtype"].type) if node and "dtype" in node.attr else "unknown"
                shape = shape_of(node.attr["shape"].shape) if node and "shape" in node.attr else None
                if sliced.full_shape:
                    shape = tuple(sliced.full_shape)
                if name not in found:
                    found[name] = VariableInfo(name, dtype, shape, definition.variable_name in trainable_names)
        return tuple(found.values())

    def _variable_defs(self, collection: str) -> list[Any]:
        if collection not in self.message.collection_def:
            return []
        try:
            values = self.message.collection_def[collection].bytes_list.value
            return [schema.Variable.FromString(value) for value in values]
        except protobuf_message.DecodeError as error:
            raise CorruptSavedModelError(
                f"{self.path}: the collection {collection!r} holds something other than variables ({error})."
            ) from error

    @cached_property
    def regularization_losses(self) -> int:
        """How many regularisation losses the publisher saved."""
        if self.objects:
            return self.objects.regularization_losses
        collection = self.message.collection_def
        return len(collection["regularization_losses"].node_list.value) if "regularization_losses" in collection else 0

    @cached_property
    def attachments(self) -> dict[str, bytes]:
        """The attachments of a TF1 Hub module, serialized, by key."""
        return collections.attachments(self.message, str(self.path))

    @cached_property
    def image_size(self) -> tuple[int, int] | None:
        """(height, width) in pixels of the images that a TF1 Hub module says it takes; None if it does not say."""
        return collections.image_size(self.message, str(self.path))

    @cached_property
    def asset_tensors(self) -> dict[str, str]:
        """File name under the model's assets folder, by the name of the tensor that takes its path.

        TF1 exporters wrote them to a collection, later ones to asset_file_def.
        """
        definitions = list(self.message.asset_file_def)
        if not definitions and "saved_model_assets" in self.message.collection_def:
            try:
                values = self.message.collection_def["saved_model_assets"].any_list.value
                definitions = [schema.AssetFile.FromString(value.value) for value in values]
            except protobuf_message.DecodeError as error:
                raise CorruptSavedModelError(f"{self.path}: its list of assets cannot be read ({error}).") from error
        return {definition.tensor_info.name: definition.filename for definition in definitions}

    @property
    def assets(self) -> tuple[str, ...]:
        """File names under the model's assets folder."""
        return tuple(dict.fromkeys(self.asset_tensors.values()))


@dataclass(frozen=True, eq=False)
class SavedModel:
    """A parsed SavedModel. `folder` holds it; `is_hub_module` says that it is in the TF1 Hub format."""

    folder: Path
    path: Path
    message: Any

    @cached_property
    def meta_graphs(self) -> tuple[MetaGraph, ...]:
        """The MetaGraphs, in the order of the file."""
        return tuple(MetaGraph(message, self.path) for message in self.message.meta_graphs)

    @property
    def is_hub_module(self) -> bool:
        """Whether tfhub_module.pb marks the folder as a module of the TF1 Hub format."""
        return (self.folder / "tfhub_module.pb").is_file()

    @property
    def format(self) -> str:
        """``TF1 Hub``, ``TF2 SavedModel`` or ``TF1 SavedModel``."""
        if self.is_hub_module:
            return "TF1 Hub"
        return "TF2 SavedModel" if any(graph.objects for graph in self.meta_graphs) else "TF1 SavedModel"

    def meta_graph(self, tags: Iterable[str] | str | None = None) -> MetaGraph:
        """The MetaGraph with exactly the tag set `tags`.

        Without tags: the only one there is; the one without tags in the TF1 Hub format; the one tagged ``serve``.

        Raises TagsError, which lists the tag sets, if none fits.
        """
        if tags is not None:
            wanted = frozenset([tags] if isinstance(tags, str) else tags)
            for graph in self.meta_graphs:
                if graph.tags == wanted:
                    return graph
            raise TagsError(
                f"{self.folder} has no graph with tags={sorted(wanted)}. Pass one of its tag sets: {self._tag_sets()}."
            )
        if len(self.meta_graphs) == 1:
            return self.meta_graphs[0]
        for default in (frozenset(), frozenset({"serve"})) if self.is_hub_module else (frozenset({"serve"}),):
            for graph in self.meta_graphs:
                if graph.tags == default:
                    return graph
        raise TagsError(
            f"{self.folder} has {len(self.meta_graphs)} graphs and none is the obvious one. "
            f"Pass tags= with one of: {self._tag_sets()}."
        )

    def _tag_sets(self) -> str:
        return ", ".join(str(sorted(graph.tags)) for graph in self.meta_graphs)


def read(folder: str | Path) -> SavedModel:
    """Parse the saved_model.pb, or else the saved_model.pbtxt, in `folder`.

    Raises NotASavedModelError if neither is there, CorruptSavedModelError if it cannot be parsed or holds no graph.
    """
    folder = Path(folder)
    binary, text = folder / "saved_model.pb", folder / "saved_model.pbtxt"
    path = binary if binary.is_file() else text
    if not path.is_file():
        raise NotASavedModelError(
            f"{folder} holds neither saved_model.pb nor saved_model.pbtxt, so it is no SavedModel. "
            "Point the handle at the folder that has one of them."
        )
    try:
        content = path.read_bytes()
        if path is binary:
            message = schema.SavedModel.FromString(content)
        else:
            message = text_format.Parse(content, schema.SavedModel(), allow_unknown_field=True)
    except (protobuf_message.DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise CorruptSavedModelError(
            f"{path} ({len(content)} bytes) is not a SavedModel protocol buffer: {error}. "
            "The file is damaged or something else; fetch or export the model again."
        ) from error
    if not message.meta_graphs:
        raise CorruptSavedModelError(
            f"{path} ({len(content)} bytes) was read, but holds no MetaGraph. "
            "The file is damaged or empty; fetch or export the model again."
        )
    return SavedModel(folder, path, message)

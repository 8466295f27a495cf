"""hub.inspect: what a model offers and holds, read from its files alone. Needs neither TensorFlow nor Keras."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from hublayer import hub
from hublayer.choices import choose_endpoint
from hublayer.errors import EndpointError
from hublayer.graph.library import Library
from hublayer.graph.side_effects import SideEffect, side_effects
from hublayer.savedmodel import SavedModel, read
from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.objects import VariableInfo
from hublayer.savedmodel.reader import MetaGraph
from hublayer.savedmodel.specs import CompositeSpec, Shape, spec_leaves


@dataclass(frozen=True)
class TensorInfo:
    """One tensor that goes into or comes out of an endpoint.

    path: where it stands, as ``inputs['ids']``, ``logits`` or ``states[0]``; empty for an endpoint's only output.
    dtype: the dtype's name; None if the model does not tell. shape: None for an unknown rank.
    kind: "dense", "ragged", "sparse", or the name of another of TensorFlow's composite types.
    """

    path: str
    dtype: str | None
    shape: Shape
    kind: str = "dense"


@dataclass(frozen=True)
class ArgumentInfo:
    """A parameter beside the inputs: `training`, or a hyperparameter.

    has_default, default: what it is if it is not passed.
    traced: the values that the model was saved for, constants or TensorSpecs; no others can be passed.
    """

    name: str
    has_default: bool
    default: Any
    traced: tuple[Any, ...]


@dataclass(frozen=True)
class EndpointInfo:
    """A function of the model that can be called.

    kind: "callable" (``__call__`` and other functions of a TF2 SavedModel) or "signature".
    is_default: whether the layer calls it unless told otherwise.
    traces: how many versions of it were saved.
    inputs, outputs: the structures it was saved with, mostly one; each is a tuple of tensors.
    """

    name: str
    kind: str
    is_default: bool
    traces: int
    inputs: tuple[tuple[TensorInfo, ...], ...]
    arguments: tuple[ArgumentInfo, ...]
    outputs: tuple[tuple[TensorInfo, ...], ...]


@dataclass(frozen=True)
class Total:
    """Sums over variables. elements, nbytes: of those whose size is known. unknown: how many are of unknown size."""

    count: int
    elements: int
    nbytes: int
    unknown: int


@dataclass(frozen=True)
class AssetInfo:
    """A file that the model brings along. nbytes: None if the file is not there."""

    name: str
    nbytes: int | None


@dataclass(frozen=True, repr=False)
class ModelInfo:
    """What a model offers and holds. Print it for tables, or take `to_dict()`.

    handle: what was inspected, without passwords. folder: where its files are.
    format: "TF1 Hub", "TF2 SavedModel" or "TF1 SavedModel".
    tensorflow_version: of the TensorFlow that wrote it; empty if it does not tell.
    tag_sets: of all its MetaGraphs. tags: of the one described here.
    variables: in the publisher's order. regularization_losses: how many there are.
    image_size: (height, width) in pixels of the images that a TF1 Hub module says it takes. attachments: names of what
    else it says about itself.
    ops: how often each op occurs, the most frequent first. functions: how many the graph has.
    side_effects: what the model does beyond its own files; `load` refuses it if there is any.
    """

    handle: str
    folder: str
    format: str
    tensorflow_version: str
    tag_sets: tuple[tuple[str, ...], ...]
    tags: tuple[str, ...]
    endpoints: tuple[EndpointInfo, ...]
    variables: tuple[VariableInfo, ...]
    regularization_losses: int
    assets: tuple[AssetInfo, ...]
    image_size: tuple[int, int] | None
    attachments: tuple[str, ...]
    ops: dict[str, int]
    functions: int
    side_effects: tuple[SideEffect, ...]

    @property
    def default_endpoint(self) -> EndpointInfo | None:
        """The endpoint that the layer calls unless told otherwise; None if it has to be told."""
        return next((endpoint for endpoint in self.endpoints if endpoint.is_default), None)

    @property
    def total(self) -> Total:
        """Sums over all variables."""
        return _total(self.variables)

    @property
    def trainable_total(self) -> Total:
        """Sums over the trainable variables."""
        return _total(variable for variable in self.variables if variable.trainable)

    def to_dict(self) -> dict[str, Any]:
        """Everything as dicts, lists, strings and numbers, fit for json.dumps; no infinities and no NaN."""
        facts = _plain(self)
        facts["total"], facts["trainable_total"] = _plain(self.total), _plain(self.trainable_total)
        for fields, variable in zip(facts["variables"], self.variables, strict=True):
            fields["nbytes"] = variable.nbytes
        return facts

    def __str__(self) -> str:
        from hublayer.info_tables import as_text, overview

        return as_text(overview(self))

    def __rich__(self) -> Any:
        from hublayer.info_tables import overview

        return overview(self)

    def __repr__(self) -> str:
        endpoints = ", ".join(endpoint.name for endpoint in self.endpoints)
        return f"<hublayer ModelInfo {self.handle} ({self.format}): endpoints {endpoints}; print it for tables>"


def inspect(handle: str | PathLike[str], tags: Iterable[str] | str | None = None) -> ModelInfo:
    """Describe a model without loading it; nothing of it is run.

    Arguments:
        handle: a folder, an archive, or the URL of one or of a model on a host that speaks the hosting protocol.
        tags: the MetaGraph's tag set; by default the one that `load` takes.
    Returns:
        The description; print it.
    Raises:
        HandleError, ResolveError: the handle gives no folder.
        SavedModelError: the folder holds no SavedModel, or none with these tags.
    """
    saved_model = read(hub.resolve(handle))
    return describe_graph(saved_model, saved_model.meta_graph(tags), hub.parse(handle).shown)


def describe_graph(saved_model: SavedModel, meta_graph: MetaGraph, shown: str) -> ModelInfo:
    """Describe one MetaGraph of a SavedModel that was read; `shown` is what the description calls the model.

    Raises:
        SavedModelError: a file of it is damaged.
    """
    library = Library(meta_graph)
    return ModelInfo(
        handle=shown,
        folder=str(saved_model.folder),
        format=saved_model.format,
        tensorflow_version=meta_graph.tensorflow_version,
        tag_sets=tuple(tuple(sorted(graph.tags)) for graph in saved_model.meta_graphs),
        tags=tuple(sorted(meta_graph.tags)),
        endpoints=_endpoints(meta_graph, shown),
        variables=meta_graph.variables,
        regularization_losses=meta_graph.regularization_losses,
        assets=_assets(saved_model, meta_graph),
        image_size=meta_graph.image_size,
        attachments=tuple(meta_graph.attachments),
        ops=dict(sorted(library.op_counts.items(), key=lambda item: (-item[1], item[0]))),
        functions=len(library.functions),
        side_effects=tuple(side_effects(meta_graph)),
    )


def _endpoints(meta_graph: MetaGraph, handle: str) -> tuple[EndpointInfo, ...]:
    try:
        default = choose_endpoint(meta_graph, None, handle)
    except EndpointError:
        default = None
    endpoints = [*meta_graph.callables.values(), *meta_graph.signatures.values()]
    return tuple(_endpoint(endpoint, endpoint is default) for endpoint in endpoints)


def _endpoint(endpoint: Endpoint, is_default: bool) -> EndpointInfo:
    return EndpointInfo(
        name=endpoint.name,
        kind=endpoint.kind,
        is_default=is_default,
        traces=len(endpoint.traces),
        inputs=tuple(dict.fromkeys(_tensors(structure) for structure in endpoint.input_structures())),
        arguments=tuple(
            ArgumentInfo(
                name, name in endpoint.defaults, endpoint.defaults.get(name), tuple(endpoint.traced_values(name))
            )
            for name in endpoint.arguments
        ),
        outputs=tuple(dict.fromkeys(_tensors(trace.outputs) for trace in endpoint.traces)),
    )


def _tensors(structure: Any) -> tuple[TensorInfo, ...]:
    # The top level of a dict are names; below it, paths are written as Python indexes.
    if isinstance(structure, dict):
        found = [leaf for name, value in structure.items() for leaf in spec_leaves(value, name)]
    else:
        found = spec_leaves(structure)
    return tuple(
        TensorInfo(path, spec.dtype, spec.shape, spec.kind if isinstance(spec, CompositeSpec) else "dense")
        for path, spec in found
    )


def _total(variables: Iterable[VariableInfo]) -> Total:
    variables = list(variables)
    known = [variable for variable in variables if variable.nbytes is not None]
    return Total(
        count=len(variables),
        elements=sum(variable.size or 0 for variable in known),
        nbytes=sum(variable.nbytes or 0 for variable in known),
        unknown=len(variables) - len(known),
    )


def _assets(saved_model: SavedModel, meta_graph: MetaGraph) -> tuple[AssetInfo, ...]:
    folder = saved_model.folder / "assets"
    return tuple(AssetInfo(name, _file_size(folder, name)) for name in meta_graph.assets)


def _file_size(folder: Path, name: str) -> int | None:
    try:
        path = (folder / name).resolve()
        # The name comes from the model; nothing outside its folder is looked at.
        return path.stat().st_size if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError):
        return None


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float) or value is None else str(value)

"""The inputs of a model that Keras 3 exported, as the model itself takes them.

``model.export()`` writes the callable ``serve``, which takes the model's own dict or list, and signatures around it,
whose inputs are named after its Input layers (``keras_tensor_1``) or its arguments (``args_0_1``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hublayer.savedmodel.endpoints import Endpoint
from hublayer.savedmodel.reader import MetaGraph
from hublayer.savedmodel.specs import TensorSpec, spec_leaves

CALLABLE = "serve"


def with_own_inputs(meta_graph: MetaGraph, signature: Endpoint) -> Endpoint:
    """`signature` with `own_inputs`, if it wraps the callable ``serve`` and takes several inputs or a dict."""
    function = meta_graph.callables.get(CALLABLE)
    if function is None or signature.kind != "signature":
        return signature
    for trace in function.traces:
        structures = [trace.arguments[name] for name in function.inputs]
        structure = structures[0] if len(structures) == 1 else structures
        specs = [spec for _, spec in spec_leaves(structure)]
        if len(specs) == 1 and not isinstance(structure, dict):  # one input needs neither key nor order
            continue
        names = _passed(meta_graph, signature, trace.function, len(specs))
        if sorted(names) == sorted(signature.inputs) and all(isinstance(spec, TensorSpec) for spec in specs):
            return replace(signature, own_inputs=_named(structure, iter(names)))
    return signature


def _passed(meta_graph: MetaGraph, signature: Endpoint, function: str, count: int) -> list[str]:
    """The signature's inputs in the order in which its function passes them on to `function`; empty if it does not."""
    functions = meta_graph.objects.signature_functions if meta_graph.objects else {}
    concrete, keywords = functions.get(signature.name, ("", ()))
    for definition in meta_graph.message.graph_def.library.function:
        if definition.signature.name != concrete:
            continue
        keyword_of = dict(zip((argument.name for argument in definition.signature.input_arg), keywords, strict=False))
        for node in definition.node_def:
            if "f" in node.attr and node.attr["f"].func.name == function:
                return [keyword_of[name] for name in node.input[:count] if name in keyword_of]
    return []


def _named(structure: Any, names: Iterator[str]) -> Any:
    """`structure` with the next of `names` in each spec, in the order of `spec_leaves`."""
    if isinstance(structure, dict):
        named = {key: _named(structure[key], names) for key in sorted(structure)}
        return {key: named[key] for key in structure}
    if isinstance(structure, list | tuple):
        items = [_named(item, names) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return replace(structure, name=next(names)) if isinstance(structure, TensorSpec) else structure

"""A MetaGraph's nodes and functions, and who calls whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any

from hublayer.savedmodel.reader import MetaGraph


def tensor_source(name: str) -> tuple[str, int]:
    """The node and the output index that an input such as ``node:1``, ``node:out:1`` or ``^node`` names."""
    node, *rest = name.removeprefix("^").split(":")
    return node, int(rest[-1]) if rest and rest[-1].isdecimal() else 0


class Library:
    """Functions and main graph of one MetaGraph, indexed by name."""

    def __init__(self, meta_graph: MetaGraph):
        self.meta_graph = meta_graph
        graph = meta_graph.message.graph_def
        self.main: dict[str, Any] = {node.name: node for node in graph.node}
        self.functions: dict[str, Any] = {function.signature.name: function for function in graph.library.function}
        self._gradients = {g.function_name: g.gradient_func for g in graph.library.gradient}
        self._registered_gradients = {g.registered_op_type: g.gradient_func for g in graph.library.registered_gradients}

    def called(self, node: Any) -> Iterator[str]:
        """Names of the library's functions that `node` calls: by its op, by an attribute, or by its gradient."""
        names = [node.op]
        for attr in node.attr.values():
            if attr.HasField("func"):
                names.append(attr.func.name)
            names.extend(function.name for function in attr.list.func)
        if "_gradient_op_type" in node.attr:
            names.append(
                self._registered_gradients.get(node.attr["_gradient_op_type"].s.decode("utf-8", "replace"), "")
            )
        for name in [*names]:
            names.append(self._gradients.get(name, ""))
        yield from (name for name in dict.fromkeys(names) if name in self.functions)

    def upstream(self, tensors: Iterable[str], fed: Iterable[str] = ()) -> list[Any]:
        """The main graph's nodes that computing `tensors` runs, data and control inputs followed.

        fed: tensors that are given, so that what computes them does not run.
        """
        given = {tensor_source(name) for name in fed}
        pending = [name for name in tensors if tensor_source(name) not in given]
        seen: dict[str, Any] = {}
        while pending:
            name = tensor_source(pending.pop())[0]
            if name in seen or name not in self.main:
                continue
            seen[name] = self.main[name]
            pending.extend(source for source in seen[name].input if not self._is_given(source, given))
        return list(seen.values())

    def _is_given(self, source: str, given: Collection[tuple[str, int]]) -> bool:
        """Whether `source`, an input of a node, needs nothing to run; `given`: the tensors that are fed.

        A placeholder that is fed need not be waited for either.
        """
        if not source.startswith("^"):
            return tensor_source(source) in given
        name = source[1:]
        return (name, 0) in given and name in self.main and not self.main[name].input

    @cached_property
    def op_counts(self) -> Counter[str]:
        """How often each op occurs in the main graph and in all functions; calls of functions are not counted."""
        counts: Counter[str] = Counter(node.op for node in self.main.values())
        for function in self.functions.values():
            counts.update(node.op for node in function.node_def)
        for name in self.functions:
            counts.pop(name, None)
        return counts

    @cached_property
    def op_places(self) -> dict[str, list[str]]:
        """For each op, the functions that hold it; "" is the main graph."""
        places: dict[str, dict[str, None]] = {}
        for node in self.main.values():
            places.setdefault(node.op, {})[""] = None
        for name, function in self.functions.items():
            for node in function.node_def:
                places.setdefault(node.op, {})[name] = None
        return {op: list(names) for op, names in places.items() if op not in self.functions}

"""The object graph of a TF2 SavedModel: its callables, variables and losses.

The graph is data from outside: every node id is checked before it is followed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hublayer.errors import CorruptSavedModelError
from hublayer.savedmodel import dtypes
from hublayer.savedmodel.endpoints import Endpoint, Trace, bind, default_of
from hublayer.savedmodel.specs import Shape, decode, shape_of

_ROOT = 0
# Keras saves these callables for its own revival; they are not endpoints that a publisher wrote.
_KERAS_INTERNAL = frozenset(
    {"call_and_return_conditional_losses", "call_and_return_all_conditional_losses", "keras_api"}
)


# Keras's own names of a model's layers.
_KERAS_LAYER = re.compile(r"layer(_with_weights)?-\d+")


@dataclass(frozen=True)
class VariableInfo:
    """A variable as the SavedModel describes it. `nbytes` is None where the size is not known."""

    name: str
    dtype: str
    shape: Shape
    trainable: bool

    @property
    def size(self) -> int | None:
        """Number of elements, or None where a dimension is unknown."""
        if self.shape is None or any(dim is None for dim in self.shape):
            return None
        size = 1
        for dim in self.shape:
            size *= dim or 0
        return size

    @property
    def nbytes(self) -> int | None:
        """Bytes of the value, or None where they cannot be told."""
        itemsize = dtypes.itemsize(self.dtype)
        return None if self.size is None or itemsize is None else self.size * itemsize


class ObjectGraph:
    """Typed access to a SavedObjectGraph message.

    Raises CorruptSavedModelError where a node refers to one that is not there.
    """

    def __init__(self, message: Any, where: str):
        self._message = message
        self._where = where

    def node(self, node_id: int) -> Any:
        """The Object message number `node_id`."""
        if not 0 <= node_id < len(self._message.nodes):
            raise CorruptSavedModelError(
                f"{self._where}: the object graph refers to node {node_id}, but has {len(self._message.nodes)} nodes. "
                "The file is damaged; fetch or export the model again."
            )
        return self._message.nodes[node_id]

    def children(self, node_id: int) -> dict[str, int]:
        """Child node ids by name."""
        return {child.local_name: child.node_id for child in self.node(node_id).children}

    def concrete(self, name: str) -> Any:
        """The ConcreteFunction message called `name`."""
        if name not in self._message.concrete_functions:
            raise CorruptSavedModelError(
                f"{self._where}: the object graph refers to the concrete function {name!r}, which the file does not "
                "hold. The file is damaged; fetch or export the model again."
            )
        return self._message.concrete_functions[name]

    @property
    def concrete_names(self) -> list[str]:
        """Names of all concrete functions."""
        return sorted(self._message.concrete_functions)

    def _endpoint(self, name: str, function: Any) -> Endpoint:
        argspec = decode(function.function_spec.fullargspec)
        argspec = argspec._asdict() if hasattr(argspec, "_asdict") else {}
        traces, positional, defaults = [], [], {}
        for concrete_name in function.concrete_functions:
            concrete = self.concrete(concrete_name)
            signature = decode(concrete.canonicalized_input_signature)
            args, kwargs = signature if isinstance(signature, tuple) and len(signature) == 2 else ((), {})
            names, arguments = bind(argspec, function.function_spec.is_method, tuple(args), dict(kwargs))
            positional = names if len(names) > len(positional) else positional
            defaults = default_of(argspec, [n for n in argspec.get("args") or () if n != "self"])
            traces.append(Trace(arguments, decode(concrete.output_signature), concrete_name))
        return Endpoint(name, "callable", tuple(traces), tuple(positional), defaults)

    @cached_property
    def callables(self) -> dict[str, Endpoint]:
        """The root's ``__call__`` and named callables that have at least one trace.

        A child with a ``__call__`` of its own is a named callable too, and its other functions are ``child.function``.
        """
        endpoints = self._functions_of(_ROOT, "")
        for name, node_id in self.children(_ROOT).items():
            if name.startswith("_") or name in _KERAS_INTERNAL or _KERAS_LAYER.fullmatch(name):
                continue
            if self.node(node_id).WhichOneof("kind") != "user_object":
                continue
            found = self._functions_of(node_id, f"{name}.")
            call = found.pop(f"{name}.__call__", None)
            if call is not None and name not in endpoints:
                endpoints[name] = replace(call, name=name)
                endpoints |= found
        return endpoints

    def _functions_of(self, owner: int, prefix: str) -> dict[str, Endpoint]:
        endpoints = {}
        for name, node_id in self.children(owner).items():
            node = self.node(node_id)
            public = name == "__call__" or not (name.startswith("_") or name in _KERAS_INTERNAL)
            if public and node.WhichOneof("kind") == "function" and node.function.concrete_functions:
                endpoints[prefix + name] = self._endpoint(prefix + name, node.function)
        return endpoints

    @cached_property
    def signature_functions(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """For each signature its concrete function, and its input names in the order of that function's inputs."""
        signatures = self.children(_ROOT).get("signatures")
        if signatures is None:
            return {}
        found = {}
        for name, node_id in self.children(signatures).items():
            node = self.node(node_id)
            if node.WhichOneof("kind") == "bare_concrete_function":
                function = node.bare_concrete_function
                found[name] = (function.concrete_function_name, tuple(function.argument_keywords))
        return found

    @property
    def root_children(self) -> dict[str, int]:
        """Node ids of the root's children by name."""
        return self.children(_ROOT)

    def variable(self, node_id: int) -> VariableInfo | None:
        """The variable that node `node_id` is; None if it is something else."""
        node = self.node(node_id)
        if node.WhichOneof("kind") != "variable":
            return None
        saved = node.variable
        return VariableInfo(saved.name, dtypes.name(saved.dtype), shape_of(saved.shape), saved.trainable)

    def listed(self, attribute: str) -> list[int] | None:
        """Node ids in the root's list `attribute`, in order; None if the publisher set no such list."""
        list_node = self.children(_ROOT).get(attribute)
        if list_node is None:
            return None
        items = self.children(list_node)
        numbered = sorted((int(key), node_id) for key, node_id in items.items() if key.isdecimal())
        return [node_id for _, node_id in numbered]

    @cached_property
    def variables(self) -> tuple[VariableInfo, ...]:
        """The model's variables: the publisher's `variables` first, then the others that a function captures.

        `trainable` follows the publisher's `trainable_variables` where there is such a list.
        """
        trainable = self.listed("trainable_variables")
        node_ids = dict.fromkeys([*(self.listed("variables") or ()), *(trainable or ())])
        for name in self.concrete_names:
            node_ids.update(dict.fromkeys(self.concrete(name).bound_inputs))
        variables = []
        for node_id in node_ids:
            variable = self.variable(node_id)
            if variable is None:
                continue
            is_trainable = node_id in trainable if trainable is not None else variable.trainable
            variables.append(VariableInfo(variable.name, variable.dtype, variable.shape, is_trainable))
        return tuple(variables)

    @property
    def regularization_losses(self) -> int:
        """How many zero-argument losses the publisher listed."""
        return len(self.listed("regularization_losses") or ())

    def loss_functions(self) -> list[str]:
        """The concrete functions of the publisher's losses that take no arguments."""
        nodes = [self.node(node_id) for node_id in self.listed("regularization_losses") or ()]
        return [
            node.function.concrete_functions[0]
            for node in nodes
            if node.WhichOneof("kind") == "function" and node.function.concrete_functions
        ]

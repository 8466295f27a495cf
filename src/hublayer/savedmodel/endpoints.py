"""Endpoints: the functions of a SavedModel that can be called, and the traces each was saved with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from hublayer.savedmodel.specs import describe, is_spec, spec_leaves


@dataclass(frozen=True)
class Trace:
    """One concrete function of an endpoint.

    arguments: parameter name to structure of specs and constants, in calling order.
    outputs: structure of specs.
    function: name of the concrete function in the graph's library ("" for a TF1 signature).
    effects: names of ops of TF1's main graph that run besides.
    """

    arguments: dict[str, Any]
    outputs: Any
    function: str = ""
    effects: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return id(self)


@dataclass(frozen=True)
class Endpoint:
    """A callable (``__call__``, ``tokenize``) or a signature (``serving_default``).

    positional: parameter names that are passed by position; the others go by keyword.
    defaults: values of the parameters that may be left out.
    own_inputs: the structure that the publisher's function takes, where a signature wraps one that Keras 3 exported;
        the names of its specs are the signature's inputs.
    """

    name: str
    kind: Literal["callable", "signature"]
    traces: tuple[Trace, ...]
    positional: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)
    own_inputs: Any = None

    def __hash__(self) -> int:
        return id(self)

    def work_out(self) -> None:
        """Compute all that is computed once."""
        for name, member in vars(type(self)).items():
            if isinstance(member, cached_property):
                getattr(self, name)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """All parameter names over all traces, in calling order."""
        return tuple(dict.fromkeys(name for trace in self.traces for name in trace.arguments))

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the parameters that take the data: those without a default that hold tensors.

        A callable all of whose parameters have defaults takes its data in the first that holds tensors.
        """
        with_tensors = [
            name for name in self.parameters if any(spec_leaves(t.arguments.get(name)) for t in self.traces)
        ]
        required = [name for name in with_tensors if name not in self.defaults]
        return tuple(required or with_tensors[:1])

    @cached_property
    def ordered(self) -> bool:
        """Whether the inputs have an order, so that a list of them means something: a callable's parameters have."""
        return all(name in self.positional for name in self.inputs)

    @cached_property
    def keywords(self) -> dict[str, str]:
        """The names that TensorFlow's own function takes in place of a signature's inputs, such as a_b for a/b.

        Names that two inputs would share, or that are those of an input, are left out.
        """
        if self.kind != "signature":
            return {}
        names = [python_name(name) for name in self.inputs]
        return {
            name: key
            for name, key in zip(names, self.inputs, strict=True)
            if name not in self.inputs and names.count(name) == 1
        }

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """Names of the other parameters: `training`, `mask` and hyperparameters."""
        return tuple(name for name in self.parameters if name not in self.inputs)

    @cached_property
    def takes_training(self) -> bool:
        """Whether some trace was saved for a value of `training`."""
        return "training" in self.arguments

    def traced_values(self, argument: str) -> list[Any]:
        """The values (constants, or specs of tensors) that `argument` was saved with, without repetition."""
        values: list[Any] = []
        for trace in self.traces:
            value = trace.arguments.get(argument)
            if not any(type(value) is type(seen) and value == seen for seen in values):
                values.append(value)
        return values

    def input_structures(self) -> list[dict[str, Any]]:
        """The distinct input structures over all traces, by parameter name."""
        structures: list[dict[str, Any]] = []
        for trace in self.traces:
            structure = {name: trace.arguments.get(name) for name in self.inputs}
            if structure not in structures:
                structures.append(structure)
        return structures

    def describe_inputs(self) -> str:
        """The expected inputs, one line for each structure the endpoint was saved with."""
        if self.own_inputs is not None:
            return f"    {describe(self.own_inputs)}"
        lines = []
        for structure in self.input_structures():
            line = ", ".join(f"{name}: {describe(value)}" for name, value in structure.items())
            if line not in lines:
                lines.append(line)
        return "\n".join(f"    {line or '(no inputs)'}" for line in lines)


def python_name(name: str) -> str:
    """The keyword that TensorFlow makes of an input's name: what is no letter or digit is an underscore."""
    swapped = "".join(character if character.isalnum() else "_" for character in name)
    return swapped if swapped[:1].isalpha() else f"arg_{swapped}"


def default_of(argspec: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Defaults by parameter name out of a decoded FullArgSpec, whose `defaults` belong to the last `names`."""
    values = list(argspec.get("defaults") or ())
    defaults = dict(zip(names[len(names) - len(values) :], values, strict=False)) if values else {}
    defaults.update(argspec.get("kwonlydefaults") or {})
    return defaults


def bind(argspec: dict[str, Any], is_method: bool, args: tuple, kwargs: dict[str, Any]) -> tuple[list[str], dict]:
    """Name the arguments of a trace's canonical (args, kwargs).

    Returns (names passed by position, arguments by name). Extra positional arguments of a ``*varargs`` function
    are named after it, with their index.
    """
    names: list[str] = list(argspec.get("args") or ())
    if names and (is_method or names[0] == "self"):
        names = names[1:]
    varargs = argspec.get("varargs")
    for index in range(len(args) - len(names)):
        names.append(f"{varargs or 'args'}_{index}")
    positional = names[: len(args)]
    return positional, {**dict(zip(positional, args, strict=False)), **kwargs}


def has_tensor(structure: Any) -> bool:
    """Whether a structure has any tensor at its leaves."""
    return is_spec(structure) or bool(spec_leaves(structure))

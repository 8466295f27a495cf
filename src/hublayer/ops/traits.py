"""What an op does besides computing its outputs from its inputs: the words for it, and the one record of each op.

A pass, the partition or an executor asks `facts(op)`. RandomUniform, for example, draws; its state is the run's seeds.
Most of it follows from the op registry; what does not stands in hublayer.ops.facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto
from functools import cache

from hublayer.graph.op_schema import op_schema


class Trait(Flag):
    """What is true of an op."""

    NONE = 0
    DRAWS = auto()  # random numbers: other ones at each run
    SEEDED = auto()  # random numbers that follow from a seed among its inputs
    WRITES = auto()  # changes its state
    RAISES = auto()  # ends the run if the values are not as they should be
    PRINTS = auto()
    CALLS = auto()  # runs functions that its attributes name
    SELECTS = auto()  # its first input says which of them; they get the others
    LOOKS = auto()  # the backend's kernels look at values to know what to run, or how large a result is
    DYNAMIC_SHAPE = auto()  # the size of a result depends on values
    CHOOSES = auto()  # each element of the result is that of one of the inputs
    OF_SHAPES = auto()  # the results follow from the inputs' shapes, so they are known while a program is traced


class State(Enum):
    """What an op works with that its inputs do not hold; the values say it in words."""

    NONE = "none: the registry calls it stateful only lest TensorFlow should fold it"
    UNKNOWN = "nobody has described it"
    SEEDS = "the run's seeds"
    VARIABLE = "a variable"
    TABLE = "a lookup table"
    STACK = "a stack of TF1's loops"
    TENSOR_ARRAY = "a TensorArray, which its flow carries from op to op as a value"
    MODEL = "a tokenizer's model, which never changes"
    CALLER = "what the caller sees: an error or a message"
    CALLED = "that of the functions it runs"


@dataclass(frozen=True, slots=True)
class Facts:
    """The record of an op."""

    traits: Trait = Trait.NONE
    state: State = State.NONE

    @property
    def has_effect(self) -> bool:
        """Whether a run without this op is another run, although nothing takes the op's outputs.

        An op that calls functions has the effects of those, which this record does not know. Printing does not count.
        """
        return bool(self.traits & (Trait.DRAWS | Trait.WRITES | Trait.RAISES))

    @property
    def is_function(self) -> bool:
        """Whether the outputs are a function of the inputs alone and nothing else happens.

        Only such an op may be folded, or stand for another that is the same.
        """
        effects = Trait.DRAWS | Trait.WRITES | Trait.RAISES | Trait.PRINTS | Trait.CALLS
        return self.state is State.NONE and not self.traits & effects

    @property
    def follows_from_weights(self) -> bool:
        """Whether, with inputs that depend on variables and constants alone, the op may be computed ahead.

        That holds for as long as nobody writes those variables.
        """
        return self.is_function or (self.state is State.VARIABLE and self.traits is Trait.NONE)


_PURE = Facts()
# Never dropped, hoisted, merged or folded.
_UNKNOWN = Facts(Trait.WRITES, State.UNKNOWN)


@cache
def facts(op: str) -> Facts:
    """The record of `op`. A stateful op that nobody has described counts as one that writes."""
    from hublayer.ops.facts import ROWS

    row = ROWS.get(op)
    if row is not None:
        return row
    schema = op_schema(op)
    if schema is None:
        return _PURE if op.startswith("hublayer>") else _UNKNOWN
    if schema.stateful:
        return Facts(Trait.DRAWS, State.SEEDS) if "seed" in schema.attrs else _UNKNOWN
    names = {argument.name for argument in schema.inputs}
    return Facts(Trait.SEEDED) if "seed" in names or {"key", "counter"} <= names else _PURE


def changes_table(op: str) -> bool:
    """Whether `op` fills or changes a lookup table."""
    found = facts(op)
    return Trait.WRITES in found.traits and found.state is State.TABLE


def assigns(op: str) -> bool:
    """Whether `op` changes what its first input names: a variable, a generator's state, a stack."""
    found = facts(op)
    return Trait.WRITES in found.traits and found.state in (State.VARIABLE, State.STACK)


def takes_seed(op: str) -> bool:
    """Whether `op` draws random numbers from the run's seeds."""
    found = facts(op)
    return Trait.DRAWS in found.traits and found.state is State.SEEDS

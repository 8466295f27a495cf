"""For every op that some registry runs: what passes do with it agrees with what the op registry and its code say."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from hublayer.graph.ir import Function, FunctionName, Node, Parameter, Value
from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.graph.op_schema import count, op_schema
from hublayer.graph.passes.batch_norm import fixed_values
from hublayer.graph.passes.dead_code import drop_dead_code
from hublayer.graph.passes.fold import fold_constants
from hublayer.graph.passes.hoist import hoist
from hublayer.graph.passes.same_nodes import merge_same_nodes
from hublayer.host.registry import host_ops
from hublayer.lowering.registry import registered_ops
from hublayer.ops.traits import State, Trait, facts

LOWERINGS = registered_ops(keras.config.backend())
OPS = sorted({*LOWERINGS, *NUMPY_OPS, *host_ops()})
STATEFUL = [op for op in OPS if (schema := op_schema(op)) is not None and schema.stateful]
# States that a dead op only looks at, or makes anew, or that travel from op to op as values.
LOOKED_AT = {State.VARIABLE, State.TABLE, State.STACK, State.TENSOR_ARRAY, State.MODEL, State.NONE}


def node(op: str, name: str) -> Node:
    """A node of `op` whose inputs are all the constant `c`, and a captured variable where a resource is due."""
    schema = op_schema(op)
    if schema is None:
        return Node(name, op, (Value("c"),))
    attrs: dict[str, object] = {}
    for attribute, described in schema.attrs.items():
        if described.kind == "type":
            attrs[attribute] = "float32"
        elif described.kind == "list(type)":
            attrs[attribute] = ["float32"]
        elif described.kind == "func":
            attrs[attribute] = FunctionName("f")
        elif described.kind == "list(func)":
            attrs[attribute] = [FunctionName("f")]
        elif attribute in {argument.length for argument in (*schema.inputs, *schema.outputs)}:
            attrs[attribute] = 1
    inputs: list[Value] = []
    for argument in schema.inputs:
        inputs += [Value("v" if argument.fixed == "resource" else "c")] * count(argument, attrs)
    return Node(name, op, tuple(inputs), attrs)


def twice(op: str) -> Function:
    constant = Node("c", "Const", (), {"value": np.float32(2)})
    nodes = (constant, node(op, "first"), node(op, "second"))
    return Function("entry", (Parameter("v", "resource"),), nodes, (Value("first"), Value("second")))


def names(function: Function) -> set[str]:
    return {each.name for each in function.nodes}


@pytest.mark.parametrize("op", STATEFUL)
def test_a_stateful_op_says_what_its_state_is(op):
    assert facts(op).state is not State.UNKNOWN


@pytest.mark.parametrize("op", STATEFUL)
def test_a_stateful_op_is_not_merged_folded_or_computed_ahead(op):
    found = facts(op)
    function = twice(op)
    assert (op in NUMPY_OPS) <= (found.state is State.NONE)
    if found.state is not State.NONE:
        assert names(merge_same_nodes(function)) >= {"first", "second"}
        kept = {each.name: each.op for each in fold_constants(function).nodes}
        assert kept["first"] == op
    if found.state is not State.NONE and (found.state is not State.VARIABLE or found.traits):
        assert not fixed_values(function) & {"first", "second"}
        split = hoist(function)
        assert split is None or names(split.main) >= {"first", "second"}


@pytest.mark.parametrize("op", STATEFUL)
def test_a_stateful_op_is_dropped_only_if_it_just_looks(op):
    found = facts(op)
    kept = names(drop_dead_code(replace(twice(op), outputs=()))) - {"c"}
    if found.state not in LOOKED_AT or found.traits & (Trait.DRAWS | Trait.WRITES | Trait.RAISES):
        # Documented: what is printed by a node that nothing else needs is not worth computing.
        assert kept == (set() if Trait.PRINTS in found.traits else {"first", "second"})
    else:
        assert not kept


@pytest.mark.parametrize("op", sorted(LOWERINGS))
def test_the_record_agrees_with_the_code(op):
    called = set(LOWERINGS[op].function.__code__.co_names) if hasattr(LOWERINGS[op].function, "__code__") else set()
    traits = facts(op).traits
    if called & {"new_seed", "of_generator"}:
        assert Trait.DRAWS in traits
    if called & {"of_generator", "read_and_skip"} or ("assign" in called and facts(op).state is not State.STACK):
        assert Trait.WRITES in traits
    if "executable" in called:
        assert Trait.CALLS in traits


def test_ops_with_a_seed_draw():
    seeded = [op for op in STATEFUL if (schema := op_schema(op)) is not None and "seed" in schema.attrs]
    assert len(seeded) > 5
    assert all(facts(op) == replace(facts(op), state=State.SEEDS) and Trait.DRAWS in facts(op).traits for op in seeded)


def test_ops_without_outputs_are_never_dropped():
    silent = {op for op in OPS if (schema := op_schema(op)) is not None and not schema.outputs}
    harmless = {"DisableCopyOnRead", "NoOp", "PrintV2", "StackClose", "StackCloseV2", "TensorArrayCloseV3"}
    assert {op for op in silent if not facts(op).has_effect} <= harmless


def test_an_op_that_nobody_has_described_counts_as_one_that_writes():
    assert op_schema("ResourceApplyAdam") is not None
    for op in ("QueueEnqueueV2", "SomeFunctionOfTheModel"):
        assert facts(op).has_effect
        assert not facts(op).is_function
        assert not facts(op).follows_from_weights


def test_what_follows_from_a_variable_is_computed_ahead_unless_it_is_written():
    read = Node("read", "ReadVariableOp", (Value("v"),), {"dtype": "float32"})
    tripled = Node("tripled", "AddN", (Value("read"),) * 3, {"N": 3, "T": "float32"})
    function = Function("entry", (Parameter("v", "resource"),), (read, tripled), (Value("tripled"),))
    split = hoist(function)
    assert split is not None and names(split.prologue) == {"read", "tripled"} and not names(split.main)
    moved = Node("moved", "AssignAddVariableOp", (Value("v"), Value("read")), {"dtype": "float32"})
    assert hoist(replace(function, nodes=(*function.nodes, moved))) is None
    assert hoist(function, [replace(function, nodes=(read, moved))]) is None


def test_what_checks_the_inputs_stays_with_them():
    read = Node("read", "ReadVariableOp", (Value("v"),), {"dtype": "float32"})
    check = Node("check", "Assert", (Value("x"), Value("read")), {"T": ["float32"]})
    parameters = (Parameter("x", "bool"), Parameter("v", "resource"))
    split = hoist(Function("entry", parameters, (read, check), (Value("read"),)))
    assert split is not None and names(split.prologue) == {"read"} and names(split.main) == {"check"}

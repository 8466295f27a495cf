"""The strategy: nodes of an op."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from lowering.case import Case

from hublayer.graph.op_schema import op_schema, redundant_attributes
from hublayer.ops.traits import State, Trait, facts
from values.drawers.from_cases import cases_of, varied_case
from values.drawers.registry import find_drawer
from values.drawing import Drawing, Profile
from values.kernels import kernel_dtypes

# Their results are one of several right ones: vectors have no sign, a file may be packed in many ways.
_ONE_OF_SEVERAL = ("EncodeJpeg", "EncodeJpegVariableQuality", "EncodePng", "SelfAdjointEigV2", "Svd")
# There is a kernel in name only.
_KERNEL_REFUSES = ("BatchNormWithGlobalNormalization",)


def not_compared(op: str) -> str | None:
    """Why results of `op` are not compared value by value; None where they are. Tests of its own show such an op."""
    schema, known = op_schema(op), facts(op)
    if schema is None:
        return "a pass writes it; TensorFlow has no such op"
    if known.traits & (Trait.DRAWS | Trait.SEEDED):
        return "its results are random"
    handles = {argument.fixed for argument in (*schema.inputs, *schema.outputs)} & {"resource", "variant"}
    if handles or known.state not in (State.NONE, State.CALLER, State.CALLED):
        return "it works with a state or a handle"
    if Trait.CALLS in known.traits and not cases_of(op):
        return "it runs functions of the graph"
    if op in _ONE_OF_SEVERAL:
        return "several results are right"
    if not schema.inputs:
        return "there is nothing to draw"
    if not cases_of(op) and (not kernel_dtypes(op) or op.startswith("Xla") or op in _KERNEL_REFUSES):
        return "TensorFlow has no kernel of it that runs outside of compiled functions"
    return None


def is_drawn(op: str) -> bool:
    """Whether there is a drawer for `op`, or cases of it to vary."""
    return find_drawer(op) is not None or bool(cases_of(op))


def nodes(op: str, profile: Profile) -> st.SearchStrategy[Case]:
    """Nodes of `op` with their inputs: from its drawer, and some from its cases."""

    @st.composite
    def node(draw: Any) -> Case:
        drawer, cases = find_drawer(op), cases_of(op)
        if drawer is None or (cases and draw(st.integers(0, 7)) == 7):
            d = Drawing(draw, op, profile, typed=False)
            return varied_case(d)
        d = Drawing(draw, op, profile)
        inputs = drawer(d)
        schema = op_schema(op)
        assert schema is not None
        attrs = {k: v for k, v in d.attrs.items() if k not in redundant_attributes(schema) or v.startswith("q")}
        # A graph holds them in 32 bits.
        attrs = {k: float(np.float32(v)) if isinstance(v, float) else v for k, v in attrs.items()}
        return Case(op, tuple(inputs), attrs)

    return node()

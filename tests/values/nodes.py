"""The strategy: nodes of an op."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from lowering.case import Case

from hublayer.graph.op_schema import op_schema, redundant_attributes
from values.drawers.from_cases import cases_of, varied_case
from values.drawers.registry import find_drawer
from values.drawing import Drawing, Profile


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

"""Nodes drawn from the schema of every op against TensorFlow's kernels; and those that differed once.

Few examples an op are drawn here; tools/fuzz_values.py draws as many as one likes.
"""

from __future__ import annotations

import importlib.util
import json
import os

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="TensorFlow's own kernels are what is compared with"
)
if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("TensorFlow's own kernels are what is compared with", allow_module_level=True)

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from lowering import elsewhere  # noqa: E402
from lowering.case import Case  # noqa: E402

from hublayer.graph.op_schema import op_schema  # noqa: E402
from hublayer.host.registry import host_ops  # noqa: E402
from hublayer.lowering.registry import registered_ops  # noqa: E402
from values.fuzzing import case_from_json, compare, ops_on, profile  # noqa: E402
from values.limits import found_path, is_known, is_limit, limits  # noqa: E402
from values.nodes import is_drawn, nodes  # noqa: E402
from values.running import BACKEND  # noqa: E402

EXAMPLES = int(os.environ.get("HUBLAYER_FUZZ_EXAMPLES", "2"))
# The host and what folds do not depend on the backend: once is enough.
PLACES = ["backend"] if BACKEND != "torch" else ["backend", "host", "numpy"]
DRAWN = [pytest.param(place, op, id=f"{place}-{op}") for place in PLACES for op in ops_on(place)]


def unknown(place: str, case: Case) -> list[str]:
    """What differs and is no known limit."""
    where = BACKEND if place == "backend" else place
    _, found = compare(case, place)
    return [f"{x.kind} {x.place}: {x.detail}" for x in found if not is_known(where, case.op, x.kind)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("place", "op"), DRAWN)
def test_drawn_nodes(place, op):
    @settings(max_examples=EXAMPLES, phases=[Phase.generate], database=None, deadline=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(nodes(op, profile(place)))
    def check(case: Case) -> None:
        assert unknown(place, case) == [], (case.inputs, case.attrs)

    check()


def _found() -> list:
    examples = []
    for place in PLACES:
        path = found_path(BACKEND if place == "backend" else place)
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for number, line in enumerate(lines):
            data = json.loads(line)
            examples.append(pytest.param(place, data, id=f"{place}-{number}-{data['op']}"))
    return examples


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("place", "data"), _found())
def test_what_differed_once(place, data):
    case = case_from_json(data)
    where = BACKEND if place == "backend" else place
    _, found = compare(case, place)
    assert [x for x in found if not is_known(where, case.op, x.kind)] == []
    if is_limit(where, case.op, data["kind"]):
        assert data["kind"] in [x.kind for x in found], "this no longer differs: take it out of limits.json"


def test_every_op_is_drawn_or_shown_elsewhere():
    from host import elsewhere as host_elsewhere

    shown = {*elsewhere.OPS, *elsewhere.ON.get(BACKEND, {}), *host_elsewhere.OPS}
    ops = [op for op in {*registered_ops(BACKEND), *host_ops()} if op_schema(op) is not None]
    missing = [op for op in ops if not is_drawn(op) and op not in shown]
    assert missing == []


def test_every_limit_has_an_example():
    examples = set()
    for backend in {limit.backend for limit in limits()}:
        lines = found_path(backend).read_text("utf-8").splitlines()
        examples |= {(backend, data["op"], data["kind"]) for data in map(json.loads, lines)}
    claimed = {(limit.backend, op, kind) for limit in limits() for op in limit.ops for kind in limit.kinds}
    assert claimed - examples == set()

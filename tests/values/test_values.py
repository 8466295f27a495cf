"""Nodes drawn from the schema of every op against TensorFlow's kernels; and those that differed once.

Few examples an op are drawn here; tools/fuzz_values.py draws as many as one likes.
"""

from __future__ import annotations

import importlib.util
import json
import os

import pytest

if importlib.util.find_spec("tensorflow") is None:
    pytest.skip("TensorFlow's own kernels are what is compared with", allow_module_level=True)

from hublayer.graph.numpy_ops import NUMPY_OPS
from hublayer.host.registry import host_ops
from hublayer.lowering.registry import registered_ops
from values.fuzzing import BACKEND, case_from_json, compare, fuzz, ops_on
from values.limits import found_path, is_known, is_limit, limits
from values.nodes import is_drawn, not_compared

EXAMPLES = int(os.environ.get("HUBLAYER_FUZZ_EXAMPLES", "2"))
# The host and what folds do not depend on the backend: once is enough.
PLACES = ["backend"] if BACKEND != "torch" else ["backend", "host", "numpy"]
DRAWN = [pytest.param(place, op, id=f"{place}-{op}") for place in PLACES for op in ops_on(place)]


def _where(place: str) -> str:
    return BACKEND if place == "backend" else place


def unknown(where: str, op: str, kinds: list[str]) -> list[str]:
    """The kinds that are no known limit. What TensorFlow refuses and we compute is none."""
    return [kind for kind in kinds if kind != "accepts" and not is_known(where, op, kind)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("place", "op"), DRAWN)
def test_drawn_nodes(place, op):
    _, _, failures = fuzz(op, place, EXAMPLES, 0)
    found = {failure.kind: failure for failure in failures}
    differing = [found[kind] for kind in unknown(_where(place), op, list(found))]
    assert differing == [], [json.dumps(failure.as_json()) for failure in differing]


def _found() -> list:
    examples = []
    for place in PLACES:
        path = found_path(_where(place))
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        for number, line in enumerate(lines):
            data = json.loads(line)
            examples.append(pytest.param(place, data, id=f"{place}-{number}-{data['op']}"))
    return examples


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("place", "data"), _found())
def test_what_differed_once(place, data):
    case = case_from_json(data)
    where = _where(place)
    _, found = compare(case, place)
    kinds = [x.kind for x in found[:1]]  # what follows from the first is not counted
    assert unknown(where, case.op, kinds) == [], found
    if is_limit(where, case.op, data["kind"]):
        assert data["kind"] in kinds, "this no longer differs: take it out of limits.json"


def test_every_op_that_is_compared_has_a_drawer():
    ops = {*registered_ops(BACKEND), *host_ops(), *NUMPY_OPS}
    assert [op for op in ops if not_compared(op) is None and not is_drawn(op)] == []


def test_every_limit_has_an_example():
    for limit in limits():
        lines = found_path(limit.backend).read_text("utf-8").splitlines()
        examples = {(data["op"], data["kind"]) for data in map(json.loads, lines)}
        wanted = {(op, kind) for op in limit.ops for kind in limit.kinds}
        assert wanted <= examples | {("*", kind) for _, kind in examples}, limit.reason


def test_docs_ops_md_says_what_differs():
    import make_ops_doc

    assert make_ops_doc.PAGE.read_text("utf-8") == make_ops_doc.page(), "run tools/make_ops_doc.py"

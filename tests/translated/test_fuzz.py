"""Damaged models end in a result or in one of our errors, soon and in little memory. Needs no TensorFlow.

A small sample, the same each time; tools/fuzz_models.py runs thousands of cases.
"""

from __future__ import annotations

import keras
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from translated.damage import EDITS, FIELD_EDITS, edited, with_other_fields
from translated.fuzz_targets import targets
from translated.fuzzing import Target, Worker

pytestmark = pytest.mark.skipif(
    keras.config.backend() == "tensorflow", reason="the process that loads the models is one without TensorFlow"
)
FEW = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TARGETS = {target.folder.name: target for target in targets(light=True)}


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    worker = Worker(tmp_path_factory.mktemp("fuzz"))
    yield worker
    worker.close()


@pytest.fixture(params=sorted(TARGETS))
def target(request, worker) -> Target:
    found = TARGETS[request.param]
    answer = worker.sound(found)
    assert "failure" not in answer and "a result" in answer["said"], answer
    return found


def test_other_fields_in_the_graph(worker, target):
    name = target.graph()
    content = (target.folder / name).read_bytes()

    @FEW
    @given(edits=st.lists(FIELD_EDITS, min_size=1, max_size=3))
    def check(edits):
        damaged = with_other_fields(content, edits, name.endswith(".pbtxt"))
        answer = worker.ask(target, {name: damaged})
        assert "failure" not in answer, answer

    check()


def test_other_bytes_in_every_file(worker, target):
    files = {name: (target.folder / name).read_bytes() for name in target.files()}

    @FEW
    @given(name=st.sampled_from(sorted(files)), edits=st.lists(EDITS, min_size=1, max_size=4))
    def check(name, edits):
        answer = worker.ask(target, {name: edited(files[name], edits)})
        assert "failure" not in answer, answer

    check()

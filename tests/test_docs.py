"""The documentation runs: README's Python, docstring examples, and the table of errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import hublayer as hub
from hublayer import errors

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_python_in_the_documentation_runs(block, hub_server, samples, tmp_path):
    hub_server.add("/google/nnlm-en-dim128/2", samples / "text_embedding")
    hub_server.add("/google/imagenet/mobilenet_v2_100_96/feature_vector/3", samples / "tf1_image_module")
    hub_server.add("/tensorflow/bert_en_uncased_preprocess/3", samples / "bert_preprocess")
    hub_server.add("/tensorflow/bert_en_uncased_L-12_H-768_A-12/4", samples / "bert_encoder")
    environment = {
        **os.environ,
        "HUBLAYER_MIRRORS": f"https://tfhub.dev={hub_server.address}",
        "HUBLAYER_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(Path(hub.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([\w./-]+\.md)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_table_of_errors_is_complete():
    rows = re.findall(r"\| `(\w+)` \| `(\w+)` \|$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    bases = {"HubLayerError", "ResolveError", "SavedModelError", "InputError"}
    assert {name for name, _ in rows} == set(errors.__all__) - bases
    for name, builtin in rows:
        assert builtin in {base.__name__ for base in getattr(hub, name).__mro__}


def test_readme_has_exactly_two_set_up_commands():
    commands = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert len(commands) == 2
    assert all(command.startswith("python3 -m venv") and command.count("\n") == 1 for command in commands)

"""The documentation is true: its Python runs, its links lead somewhere, its table of errors is complete."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import keras
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
HANDLES = {
    "/google/nnlm-en-dim128/2": "text_embedding",
    "/google/imagenet/mobilenet_v2_100_96/feature_vector/3": "tf1_image_module",
    "/tensorflow/bert_en_uncased_preprocess/3": "bert_preprocess",
    "/tensorflow/bert_en_uncased_L-12_H-768_A-12/4": "bert_encoder",
}
# Python imports sitecustomize when it starts. This one hides packages, as if they were not installed.
HIDING = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {hidden} else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


@pytest.fixture
def newcomer(hub_server, samples, tmp_path):
    """newcomer(code, hidden): run code as in a new environment that lacks the packages `hidden` and sets nothing."""
    for path, sample in HANDLES.items():
        hub_server.add(path, samples / sample)

    def run(code: str, hidden: set[str]) -> None:
        (tmp_path / "sitecustomize.py").write_text(HIDING.format(hidden=hidden))
        (tmp_path / "example.py").write_text(code)
        source = Path(hub.__file__).parents[1]
        environment = {
            **{name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"},
            "HUBLAYER_MIRRORS": f"https://tfhub.dev={hub_server.address}",
            "HUBLAYER_CACHE": str(tmp_path / "cache"),
            "KERAS_HOME": str(tmp_path / "keras"),
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(source), os.environ.get("PYTHONPATH", "")]),
        }
        done = subprocess.run(
            [sys.executable, "example.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.mark.parametrize("block", BLOCKS)
def test_python_in_the_documentation_runs_where_one_backend_is_installed(block, newcomer):
    newcomer(block, hidden={"tensorflow", "jax", "torch"} - {keras.config.backend()})


def test_the_recipe_for_a_data_loader_runs(newcomer):
    pytest.importorskip("torch", reason="it loads data with PyTorch")
    (recipe,) = re.findall(r"```py\n([^`]*DataLoader.*?)```", (ROOT / "docs" / "text.md").read_text(), re.DOTALL)
    newcomer(recipe, hidden={"tensorflow", "jax"} - {keras.config.backend()})


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

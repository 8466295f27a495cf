"""The pages of the catalogue, as a browser without scripts gets them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from running_hub import make_model, running

import hublayer
from hublayer.savedmodel.endpoints import Endpoint, Trace
from hublayer.savedmodel.specs import CompositeSpec, TensorSpec
from hublayer.serve import facts, pages
from hublayer.serve.usage import usage

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """Checks that elements are closed in order, and collects what a page refers to and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "style", "iframe", "object", "base")
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs)
        facts = dict(attrs)
        self.references += [value for name in ("href", "src", "action") if (value := facts.get(name))]
        self.ids += [facts["id"]] if facts.get("id") else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page(url: str, status: int = 200) -> Page:
    answer = httpx.get(url, headers={"accept": "text/html,*/*;q=0.8"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "script-src" not in policy
    read = Page(answer.text)
    assert all(re.match(r"[/#](?!/)", reference) for reference in read.references)  # nothing from elsewhere
    assert len(read.ids) == len(set(read.ids))
    return read


def rows(url: str) -> list[str]:
    text = httpx.get(url).text
    return [unescape(name) for name in re.findall(r'<th scope="row">\s*<a href="[^"]*">(.*?)</a>', text)]


def parameters(models: Path, name: str) -> str:
    return f"{hublayer.inspect(models / name).total.elements:,}"


EVERY = ["broken", "google/bert_encoder", "google/text_embedding", "google/tf1_hub", "google/word_tables"]
EVERY += ["hostile/<script>alert(1)<∕script>", "team/digits", "with_folder_link", "with_link"]


class TestList:
    def test_it_lists_everything(self, hub_url, models):
        assert rows(hub_url) == EVERY
        text = page(hub_url).text
        assert "9 models" in text and parameters(models, "google/bert_encoder") in text
        assert text.count("Cannot be read") == 4

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("bert", ["google/bert_encoder"]),
            ("GOOGLE%20e", ["google/bert_encoder", "google/text_embedding", "google/tf1_hub", "google/word_tables"]),
            ("encoder+google", ["google/bert_encoder"]),
            ("team/", ["team/digits"]),
            ("nothing", []),
            ("%20", EVERY),
            ("%00", []),
        ],
    )
    def test_search(self, hub_url, query, found):
        assert rows(f"{hub_url}/?q={query}") == found

    def test_what_was_searched_for_is_shown_as_text(self, hub_url):
        shown = page(f'{hub_url}/?q="><script>alert(1)</script>')
        assert '"><script>alert(1)</script>' in shown.text

    def test_pages(self, tmp_path):
        for number in range(120):
            make_model(tmp_path / f"m{number:03}")
        with running(tmp_path) as url:
            assert rows(url) == [f"m{number:03}" for number in range(50)]
            assert rows(f"{url}/?q=m&page=3") == [f"m{number:03}" for number in range(100, 120)]
            for out_of_range in ("99", "9999999999", "0", "-1", "x", "٣"):
                assert len(rows(f"{url}/?page={out_of_range}")) in (20, 50)
            assert "/?q=m&page=2" in page(f"{url}/?q=m").references

    def test_without_models(self, tmp_path):
        with running(tmp_path) as url:
            assert "there is none here yet" in page(url).text

    def test_models_that_there_was_no_time_to_read(self, models, monkeypatch):
        monkeypatch.setattr(pages, "_SECONDS_FOR_A_LIST", -1.0)
        with running(models) as url:
            expected = parameters(models, "google/bert_encoder")
            assert "not read yet" in page(url).text and expected not in page(url).text
            page(f"{url}/google/bert_encoder")
            assert expected in page(url).text


class TestModel:
    @pytest.mark.parametrize("name", EVERY[1:5] + EVERY[6:7])
    def test_facts(self, hub_url, models, name):
        shown = page(f"{hub_url}/{name}").text
        info = hublayer.inspect(models / ("team/digits/10" if name == "team/digits" else name))
        assert info.format in shown and f"{info.total.elements:,} in {info.total.count:,} variable" in shown
        for endpoint in info.endpoints:
            assert endpoint.name in shown
            for tensor in (t for structure in (*endpoint.inputs, *endpoint.outputs) for t in structure):
                assert tensor.path in shown and (tensor.dtype or "") in shown
        assert all(op in shown for op in info.ops)
        assert all(variable.name in shown for variable in info.variables)
        assert "(?, " in shown

    def test_versions(self, hub_url):
        latest = page(f"{hub_url}/team/digits")
        assert {"/team/digits/1", "/team/digits/2", "/team/digits/10"} <= set(latest.references)
        assert f'hub.KerasLayer("{hub_url}/team/digits/10")' in latest.text
        assert f'hub.KerasLayer("{hub_url}/team/digits/2")' in page(f"{hub_url}/team/digits/2").text

    @pytest.mark.parametrize("name", [EVERY[0], EVERY[5].replace("<", "%3C").replace(">", "%3E"), *EVERY[-2:]])
    def test_a_model_that_cannot_be_read(self, hub_url, models, name):
        shown = page(f"{hub_url}/{name}")
        assert "This model cannot be read" in shown.text
        assert str(models) not in shown.text and str(models.parent) not in shown.text

    def test_any_other_failure_is_an_error_of_this_model(self, models, monkeypatch):
        def fail(*_: object) -> None:
            raise ZeroDivisionError("something that nobody has foreseen")

        monkeypatch.setattr(facts, "describe_graph", fail)
        with running(models) as url:
            assert "ZeroDivisionError: something that nobody has foreseen" in page(f"{url}/google/tf1_hub").text
            assert len(rows(url)) == len(EVERY)

    def test_a_page_follows_its_model(self, tmp_path, samples):
        folder = make_model(tmp_path / "m", {"saved_model.pb": b"\xff"})
        with running(tmp_path) as url:
            assert "cannot be read" in page(f"{url}/m").text
            (folder / "saved_model.pb").write_bytes((samples / "plain_module/saved_model.pb").read_bytes())
            assert "cannot be read" not in page(f"{url}/m").text

    def test_not_there(self, hub_url):
        assert "There is no model of this name here." in page(f"{hub_url}/none", 404).text
        assert httpx.get(f"{hub_url}/none").text == "There is no model of this name here.\n"

    def test_behind_a_proxy(self, models):
        with running(models, public_url="https://models.example.org/hub/") as url:
            shown = page(f"{url}/google/tf1_hub")
        assert 'hub.KerasLayer("https://models.example.org/hub/google/tf1_hub")' in shown.text
        assert all(reference.startswith(("/hub/", "#")) for reference in shown.references)

    def test_token(self, models):
        with running(models, token="t") as url:
            text = httpx.get(f"{url}/google/tf1_hub", auth=("any", "t")).text
        assert "machine 127.0.0.1 login token password TOKEN" in text


FLOATS = TensorSpec("float32", (None, 3))
TEXTS = TensorSpec("string", (None,))
CASES = [
    (FLOATS, 'np.zeros((1, 3), "float32")'),
    (TEXTS, '["a short text"]'),
    (TensorSpec("string", ()), '"a short text"'),
    (TensorSpec("string", (2, 2)), '[["a short text", "a short text"], ["a short text", "a short text"]]'),
    (TensorSpec("string", (None, 100)), "inputs"),
    (TensorSpec("int32", ()), 'np.zeros((), "int32")'),
    (TensorSpec("float32", None), 'np.zeros((1,), "float32")'),
    (TensorSpec("bfloat16", (None, None)), 'np.zeros((1, 16), "float32")'),
    (TensorSpec("uint8", (None, None, None, 3)), 'np.zeros((1, 224, 224, 3), "uint8")'),
    ({'a"b': TEXTS, "c": FLOATS}, '{"a\\"b": ["a short text"], "c": np.zeros((1, 3), "float32")}'),
    ([TEXTS, [TEXTS]], '[["a short text"], [["a short text"]]]'),
    (CompositeSpec("ragged", "string", (None, None), 1), "inputs"),
]


class TestCode:
    @pytest.mark.parametrize("name", ["google/text_embedding", "google/word_tables", "team/digits"])
    def test_it_runs(self, hub_url, name, tmp_path):
        text = httpx.get(f"{hub_url}/{name}").text
        code = unescape(re.search(r'<code id="code">(.*?)</code>', text, re.DOTALL)[1])
        assert code.count("\n") == 3 + ("np." in code)
        environment = {
            **os.environ,
            "HUBLAYER_CACHE": str(tmp_path),
            "PYTHONPATH": str(Path(hublayer.__file__).parents[1]),
        }
        done = subprocess.run(
            [sys.executable, "-c", code + "assert outputs is not None"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize(("structure", "expected"), CASES)
    def test_inputs(self, structure, expected):
        endpoint = Endpoint("f", "callable", (Trace({"x": structure}, None),))
        assert usage("http://h/m", endpoint, True).endswith(
            f'hub.KerasLayer("http://h/m")\noutputs = layer({expected})\n'
        )

    def test_other_endpoints(self):
        trace = Trace({"x": TEXTS, "y": TEXTS, "size": 3, "training": False}, None)
        code = usage("http://h/m", Endpoint("pack", "callable", (trace,)), False)
        assert 'hub.KerasLayer("http://h/m", signature="pack", arguments={\'size\': 3})' in code
        assert 'layer({"x": ["a short text"], "y": ["a short text"]})' in code
        assert usage("http://h/m", None, False) == (
            'import hublayer as hub\nmodel = hub.load("http://h/m")\nprint(model.variables)\n'
        )

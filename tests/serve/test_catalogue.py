"""Which models a folder or a cache holds, and by which names they are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hub_server import HubServer
from running_hub import make_model, running

import hublayer as hub
from hublayer.hub.cache import Cache
from hublayer.serve.cached_models import CachedModels, is_cache
from hublayer.serve.catalogue import ModelsInFolder, listed, lookup, safe_parts


def names(catalogue) -> list[str]:
    return sorted(model.name for model in catalogue.models())


class TestFolder:
    def test_any_nesting(self, tmp_path):
        for name in ("a", "b/c/d/e", "a/inner", "v/1", "v/2", ".hidden/m", "a/.git/m", "a/assets/m", "x/assets/m"):
            make_model(tmp_path / name)
        (tmp_path / "text").mkdir()
        make_model(tmp_path / "as_text", {"saved_model.pbtxt": b""})
        (tmp_path / "as_text/saved_model.pb").unlink()
        expected = ["a", "a/inner", "as_text", "b/c/d/e", "v/1", "v/2", "x/assets/m"]
        assert names(ModelsInFolder(tmp_path)) == expected
        for name in expected:
            assert ModelsInFolder(tmp_path).find(name).folder == tmp_path / name
        for name in ("text", "b", "b/c", "a/assets/m", ".hidden/m", "a/.git/m", "v", "", "/", "a/", "/a", "v/01"):
            assert ModelsInFolder(tmp_path).find(name) is None

    def test_versions_are_numbers(self, tmp_path):
        for version in ("1", "2", "10", "010", "latest", "٣"):
            make_model(tmp_path / "m" / version)
        catalogue = ModelsInFolder(tmp_path)
        assert [model.name for model in catalogue.versions("m")] == ["m/10", "m/2", "m/1"]
        assert lookup(catalogue, "m").name == "m/10"
        assert lookup(catalogue, "m/2").name == "m/2"
        assert lookup(catalogue, "m/3") is None
        rows = {row.name: [version.name for version in row.versions] for row in listed(catalogue.models())}
        assert rows == {"m": ["m/10", "m/2", "m/1"], "m/010": [], "m/latest": [], "m/٣": []}

    def test_a_model_above_its_versions(self, tmp_path):
        make_model(tmp_path / "m")
        make_model(tmp_path / "m/1")
        catalogue = ModelsInFolder(tmp_path)
        assert lookup(catalogue, "m").folder == tmp_path / "m"
        assert [row.name for row in listed(catalogue.models())] == ["m"]

    @pytest.mark.parametrize(("inside", "expected"), [([""], ["alone"]), (["1", "2"], ["alone/1", "alone/2"])])
    def test_a_folder_that_is_one_model(self, tmp_path, inside, expected):
        for name in inside:
            make_model(tmp_path / "alone" / name)
        catalogue = ModelsInFolder(tmp_path / "alone")
        assert names(catalogue) == expected
        assert lookup(catalogue, "alone").name == expected[-1]
        assert catalogue.find("other") is None

    def test_links(self, tmp_path):
        make_model(tmp_path / "models/m/1")
        make_model(tmp_path / "outside")
        for name, target in {
            "latest": "m/1",
            "out": "../outside",
            "absolute": str(tmp_path / "outside"),
            "self": ".",
            "m/up": "..",
            "m/back": "../m",
            "round": "round",
            "nothing": "nowhere",
        }.items():
            (tmp_path / "models" / name).symlink_to(target)
        assert names(ModelsInFolder(tmp_path / "models")) == ["latest", "m/1"]
        for name in ("out", "absolute", "round", "nothing"):
            assert ModelsInFolder(tmp_path / "models").find(name) is None

    def test_models_come_and_go(self, tmp_path):
        catalogue = ModelsInFolder(tmp_path)
        assert names(catalogue) == []
        make_model(tmp_path / "new")
        assert names(catalogue) == ["new"]

    def test_where_they_are_in_a_bucket(self, tmp_path):
        make_model(tmp_path / "team/m/3")
        assert (
            lookup(ModelsInFolder(tmp_path, "gs://bucket/models/"), "team/m").location == "gs://bucket/models/team/m/3"
        )


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/../b",
        "a//b",
        "/a",
        "a/",
        "a\\b",
        "..\\b",
        "a\0b",
        "a\nb",
        "a\x7fb",
        "a\udc80",
        ".a",
        "x" * 2000,
    ],
)
def test_no_model_has_such_a_name(name):
    assert safe_parts(name) is None


class TestCache:
    @pytest.fixture
    def cache(self, tmp_path, monkeypatch) -> Cache:
        monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "cache"))
        return Cache.from_environment()

    def test_names_are_the_handles(self, cache, hub_server: HubServer, samples, tmp_path, monkeypatch):
        hub.resolve(hub_server.add("/team/model/1", samples / "plain_module"))
        hub.resolve(hub_server.add("/team/model/3", samples / "keras3_export"))
        hub.resolve(hub_server.add("/files/other.tar.gz", samples / "tf1_hub"))
        host = hub_server.address.removeprefix("http://")
        catalogue = CachedModels(cache)
        assert is_cache(cache.root)
        assert names(catalogue) == [f"{host}/files/other", f"{host}/team/model/1", f"{host}/team/model/3"]
        assert lookup(catalogue, f"{host}/team/model").name == f"{host}/team/model/3"
        hub.resolve(hub_server.add("/later", samples / "tf1_hub"))  # the same content as other.tar.gz
        assert f"{host}/later" in names(catalogue)
        assert catalogue.find(f"{host}/later").folder == catalogue.find(f"{host}/files/other").folder

    def test_handles_that_differ_in_the_query_only(self, cache, hub_server: HubServer, samples):
        url = hub_server.add("/model.tar.gz", samples / "plain_module")
        hub.resolve(f"{url}?rev=1")
        hub_server.add("/model.tar.gz", samples / "tf1_hub")
        hub.resolve(f"{url}?rev=2")
        found = names(CachedModels(cache))
        assert len(found) == 2 and found[1].startswith(found[0] + "~")

    def test_what_is_incomplete_is_not_there(self, cache, hub_server: HubServer, samples):
        folder = Path(hub.resolve(hub_server.add("/team/model/1", samples / "plain_module")))
        (folder / "saved_model.pb").unlink()
        catalogue = CachedModels(cache)
        assert names(catalogue) == []
        assert catalogue.find(hub_server.address.removeprefix("http://") + "/team/model/1") is None

    def test_it_is_a_mirror(self, cache, hub_server: HubServer, samples, tmp_path, monkeypatch):
        handles = ["https://models.example/team/model/1", "https://models.example/files/model.tar.gz"]
        monkeypatch.setenv("HUBLAYER_MIRRORS", f"https://models.example={hub_server.address}")
        hub_server.add("/team/model/1", samples / "plain_module")
        hub_server.add("/files/model.tar.gz", samples / "tf1_hub")
        original = [hub.resolve(handle) for handle in handles]
        with running(CachedModels(cache)) as url:
            monkeypatch.setenv("HUBLAYER_MIRRORS", f"https://models.example={url}/models.example")
            monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "other cache"))
            mirrored = [hub.resolve(handle) for handle in handles]
        assert not set(mirrored) & set(original)
        for one, other in zip(original, mirrored, strict=True):
            assert manifest(one)["digest"] == manifest(other)["digest"]

    def test_an_empty_one(self, cache):
        assert names(CachedModels(cache)) == []


def manifest(folder: str) -> dict:
    return json.loads((Path(folder).parent / "manifest.json").read_text())

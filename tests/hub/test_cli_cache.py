"""`hublayer resolve` and `hublayer cache`: what they print, and how they end."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hub_folders import contents, leftovers, make_model
from hub_server import pack, ranged, reply
from typer.testing import CliRunner

from hublayer.cli import app
from hublayer.cli_cache import in_words
from hublayer.hub import resolve


def call(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    return result


def call_json(*arguments: str, code: int = 0):
    return json.loads(call(*arguments, "--json", code=code).stdout)


@pytest.fixture
def two_models(hub_server, model_folder, tmp_path):
    """Two models under three handles, the larger one under two."""
    other = make_model(tmp_path / "other")
    (other / "assets" / "vocab.txt").write_text("x" * 200_000)
    return {
        "small": hub_server.add("/team/small/1", model_folder),
        "large": hub_server.add("/team/large/1", other),
        "alias": hub_server.add("/files/large.zip", other),
    }


@pytest.fixture
def filled(two_models):
    return {name: Path(resolve(url)) for name, url in two_models.items()}


class TestResolve:
    def test_prints_the_folder_and_nothing_else(self, two_models, model_folder):
        result = call("resolve", two_models["small"])
        assert contents(result.stdout.strip()) == contents(model_folder)
        assert result.stderr == ""

    def test_json(self, two_models, cache):
        facts = call_json("resolve", two_models["small"] + "?key=hidden")
        assert facts["handle"] == facts["source"] == two_models["small"] + "?key=***"
        assert facts["digest"] == f"sha256:{Path(facts['folder']).parent.name}"
        assert facts["url"].endswith("tf-hub-format=compressed")

    def test_the_digest_of_a_local_folder_is_that_of_the_same_files_elsewhere(self, two_models, model_folder):
        assert call_json("resolve", str(model_folder))["digest"] == call_json("resolve", two_models["small"])["digest"]

    def test_refresh(self, hub_server, two_models, filled, tmp_path):
        newer = make_model(tmp_path / "newer")
        (newer / "saved_model.pb").write_bytes(b"newer")
        hub_server.add("/team/small/1", newer)
        assert call("resolve", two_models["small"]).stdout.strip() == str(filled["small"])
        assert contents(call("resolve", "--refresh", two_models["small"]).stdout.strip()) == contents(newer)

    def test_offline(self, two_models, hub_server):
        assert "not in the cache" in call("resolve", "--offline", two_models["small"], code=5).stderr
        assert hub_server.requests == []

    @pytest.mark.parametrize(
        ("answer", "code"),
        [(reply(404), 3), (reply(403), 4), (reply(500), 5), (reply(200, b"junk"), 6), (reply(200, b"<html>"), 6)],
    )
    def test_exit_codes(self, hub_server, answer, code):
        assert call("resolve", hub_server.add("/m.zip", answer), code=code).stderr.startswith("Error: ")

    def test_more_exit_codes(self, model_folder, tmp_path, monkeypatch):
        assert "malformed" in call("resolve", "https://", code=3).stderr
        assert "pins" in call("resolve", f"{model_folder}@sha256:{'0' * 64}", code=6).stderr
        (tmp_path / "file").touch()
        monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "file"))
        assert "HUBLAYER_CACHE" in call("resolve", "http://host.invalid/m.zip", code=7).stderr
        monkeypatch.delenv("HUBLAYER_CACHE")
        monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("HUBLAYER_READ_TIMEOUT", "soon")
        assert "HUBLAYER_READ_TIMEOUT" in call("resolve", "http://host.invalid/m.zip", code=1).stderr
        assert "Usage" in call("resolve", code=2).stderr


class TestList:
    def test_table(self, filled, two_models):
        output = call("cache", "list").stdout
        lines = [line for line in output.splitlines() if "127.0.0.1" in line]
        assert [two_models[name] in line for name, line in zip(("alias", "large", "small"), lines, strict=True)] == [
            True
        ] * 3
        assert "303 kB" in lines[0] and filled["large"].parent.name[:12] in lines[0]

    def test_json(self, filled, two_models, cache):
        facts = call_json("cache", "list")
        assert facts["cache"] == str(cache)
        large, small = facts["models"]
        assert [h["handle"] for h in large["handles"]] == [two_models["alias"], two_models["large"]]
        assert small["folder"] == str(filled["small"]) and small["files"] == 4 and small["complete"]

    def test_an_empty_cache_is_not_made(self, cache):
        assert str(cache) in call("cache", "list").stdout
        assert call_json("cache", "size") == {"cache": str(cache), "models": 0, "bytes": 0, "unfinished_bytes": 0}
        assert not cache.exists()


def test_size(filled, cache):
    facts = call_json("cache", "size")
    assert facts["models"] == 2
    assert facts["bytes"] == sum(p.stat().st_size for p in (cache / "models").rglob("*") if p.is_file())
    assert "2 models, 406 kB" in call("cache", "size").stdout


class TestVerify:
    def test_all_is_whole(self, filled, two_models):
        assert call("cache", "verify").stdout.count("whole  ") == 2
        assert [model["damages"] for model in call_json("cache", "verify")["models"]] == [[], []]
        assert call("cache", "verify", two_models["small"]).stdout == f"whole  {two_models['small']}\n"

    def test_what_a_hit_does_not_notice(self, filled, two_models):
        file = filled["small"] / "saved_model.pb"
        data = bytearray(file.read_bytes())
        data[3] ^= 1
        file.write_bytes(data)
        assert resolve(two_models["small"]) == str(filled["small"])
        result = call("cache", "verify", code=6)
        assert "saved_model.pb has another content" in result.stderr
        assert f"hublayer resolve --refresh {two_models['small']}" in result.stderr
        call("resolve", "--refresh", two_models["small"])
        call("cache", "verify")

    @pytest.mark.parametrize(
        ("harm", "said"),
        [
            (lambda folder: (folder / "assets" / "vocab.txt").unlink(), "assets/vocab.txt is missing"),
            (lambda folder: (folder / "assets" / "vocab.txt").write_text(""), "has 0 bytes in place of 8"),
            (lambda folder: (folder / "assets" / "more.txt").touch(), "assets/more.txt was added"),
            (lambda folder: (folder.parent / "manifest.json").unlink(), "manifest.json is missing or damaged"),
            (shutil.rmtree, "saved_model.pb is missing"),
        ],
    )
    def test_damages(self, filled, harm, said):
        harm(filled["small"])
        assert said in call("cache", "verify", code=6).stderr
        wrong = [model["damages"] for model in call_json("cache", "verify", code=6)["models"]]
        assert sum(map(bool, wrong)) == 1

    def test_a_handle_that_is_not_there(self, filled):
        assert "hublayer cache list" in call("cache", "verify", "https://a.org/m/1", code=3).stderr


class TestPrune:
    def test_nothing_to_do(self, filled, cache):
        before = leftovers(cache)
        assert call("cache", "prune").stdout == "Freed 0 B.\n"
        assert leftovers(cache) == before

    def test_what_is_broken_and_what_nothing_leads_to(self, filled, two_models, cache, hub_server, model_folder):
        (filled["small"] / "saved_model.pb").unlink()
        data = pack(model_folder)
        broken_off = ranged(data[:1000], content_length=str(len(data)))
        call("resolve", hub_server.add("/broken.tar.gz", broken_off), code=5)
        (cache / "partial" / "old").mkdir(parents=True)
        (cache / "partial" / "old" / "download").write_bytes(b"y" * 500)
        facts = call_json("cache", "prune", "--dry-run")
        assert {item["why"] for item in facts["removed"]} == {
            "files are missing",
            "its content goes or is gone",
            "a download that broke off",
        }
        assert (cache / "partial" / "old").exists()
        assert call_json("cache", "prune")["bytes"] == facts["bytes"] > 500
        assert not (cache / "partial").exists()
        assert [model["folder"] for model in call_json("cache", "list")["models"]] == [str(filled["large"])]
        assert Path(resolve(two_models["small"])).exists()

    def test_a_download_under_way_is_left_alone(self, cache, filled):
        from hublayer.hub.cache import Cache

        (cache / "partial" / "busy").mkdir(parents=True)
        lock = Cache(cache).try_lock("busy")
        code = f"""if 1:
            from hublayer.hub.cache import Cache; from pathlib import Path
            from hublayer.hub.inventory import *
            print([item.path.name for item in prunable(Inventory(Cache(Path({str(cache)!r}))))])"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert lock and done.stdout == "[]\n"
        lock.release()

    def test_by_age(self, filled, two_models):
        long_ago = time.time() - 100 * 86400
        for path in (filled["large"] / "saved_model.pb", filled["large"].parent):
            os.utime(path, (long_ago, long_ago))
        facts = call_json("cache", "prune", "--unused-for", "90")
        assert [item["why"] for item in facts["removed"] if item["bytes"]] == ["not used for 100 days"]
        assert [model["folder"] for model in call_json("cache", "list")["models"]] == [str(filled["small"])]

    def test_by_size(self, filled):
        now = time.time()
        for name, age in (("small", 10), ("large", 20)):
            for path in (filled[name] / "saved_model.pb", filled[name].parent):
                os.utime(path, (now - age * 86400, now - age * 86400))
        call("cache", "prune", "--max-size", "200KB")
        assert [model["folder"] for model in call_json("cache", "list")["models"]] == [str(filled["small"])]

    def test_a_size_that_is_none(self):
        assert "500MB" in call("cache", "prune", "--max-size", "plenty", code=2).stderr


class TestRm:
    def test_a_model_goes_with_its_last_handle(self, filled, two_models):
        call("cache", "rm", two_models["large"])
        assert filled["alias"].exists()
        assert "Freed" in call("cache", "rm", two_models["alias"]).stdout
        assert not filled["alias"].parent.exists() and filled["small"].exists()

    def test_by_digest(self, filled, cache):
        call("cache", "rm", filled["large"].parent.name[:12])
        assert len(list((cache / "handles").iterdir())) == 1 and not filled["large"].exists()

    def test_dry_run_and_unknown(self, filled, two_models):
        assert "Would free" in call("cache", "rm", "-n", two_models["small"]).stdout
        assert filled["small"].exists()
        call("cache", "rm", "https://a.org/m/1", code=3)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (123456, "123 kB"),
        (1_200_000_000, "1.2 GB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words


@pytest.mark.parametrize("command", ["list", "size", "verify", "prune", "rm"])
def test_help_has_an_example(command):
    assert f"Example: hublayer cache {command}" in call("cache", command, "--help").stdout


def test_completion_of_handles(filled, two_models):
    """As bash asks for it: the words so far, and the number of the one to complete."""
    environment = os.environ | {
        "_HUBLAYER_COMPLETE": "complete_bash",
        "COMP_WORDS": "hublayer cache rm http",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from hublayer.cli import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(done.stdout.split()) == set(two_models.values())

"""kaggle:// and Kaggle's pages through kagglehub, and tfhub.dev's redirects to them."""

import os
from pathlib import Path

import pytest
from hub_folders import contents, entry, leftovers, make_model
from hub_server import reply
from in_a_process import Outcome, resolve_in_a_process
from kaggle_server import kaggle_server

from hublayer.errors import ModelNotFoundError
from hublayer.hub import resolve as resolve_here

__all__ = ["kaggle_server"]

pytest.importorskip("kagglehub")

NNLM = "google/nnlm/MODEL_FRAMEWORK_TENSOR_FLOW_2/en-dim128"
HANDLE = "kaggle://google/nnlm/tensorFlow2/en-dim128"
PAGE = "https://www.kaggle.com/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim128/versions/1"


@pytest.fixture
def resolve(kaggle_server, model_folder, tmp_path):
    kaggle_server.models[NNLM] = {1: model_folder}
    home = tmp_path / "home"
    home.mkdir()
    settings = {"KAGGLE_API_ENVIRONMENT": "TEST", "KAGGLEHUB_CACHE": str(tmp_path / "kagglehub"), "HOME": str(home)}
    settings |= dict.fromkeys(("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR"))

    def run(handle: str, **environment: str | None) -> Outcome:
        return resolve_in_a_process(handle, **settings | environment)

    return run


def test_a_version(kaggle_server, resolve, model_folder, cache):
    outcome = resolve(f"{HANDLE}/1")
    assert outcome.folder, outcome.stderr
    assert contents(outcome.folder) == contents(model_folder)
    assert outcome.source == f"{HANDLE}/1"
    assert leftovers(cache) == entry(outcome.folder, cache)
    kaggle_server.calls.clear()
    assert resolve(f"{HANDLE}/1").folder == outcome.folder
    assert kaggle_server.calls == []


def test_nothing_is_printed_where_stderr_is_no_terminal(resolve):
    assert resolve(f"{HANDLE}/1").stderr == ""


@pytest.mark.parametrize(
    "page", [PAGE, "https://kaggle.com/models/google/nnlm/TensorFlow2/en-dim128/1?tfhub-redirect=true"]
)
def test_a_page(resolve, model_folder, page):
    assert contents(resolve(page).folder) == contents(model_folder)


def test_without_version_the_latest(kaggle_server, resolve, model_folder, tmp_path, cache):
    newer = make_model(tmp_path / "newer")
    (newer / "assets" / "vocab.txt").write_text("three\n")
    kaggle_server.models[NNLM] = {1: model_folder, 2: newer}
    outcome = resolve(HANDLE)
    assert contents(outcome.folder) == contents(newer)
    assert outcome.source == f"{HANDLE}/2"
    assert resolve(f"{HANDLE}/2").folder == outcome.folder
    assert resolve(f"{HANDLE}/1").folder != outcome.folder
    assert len(list((cache / "models").iterdir())) == 2


def test_many_files_come_as_an_archive(kaggle_server, resolve, model_folder):
    for number in range(30):
        (model_folder / "assets" / f"{number}.txt").write_text(str(number))
    assert contents(resolve(f"{HANDLE}/1").folder) == contents(model_folder)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, "ModelNotFoundError"), (403, "AccessDeniedError"), (401, "AccessDeniedError"), (500, "ServerError")],
)
def test_refusals(kaggle_server, resolve, cache, status, error):
    kaggle_server.status = status
    outcome = resolve(f"{HANDLE}/1", KAGGLE_USERNAME="somebody", KAGGLE_KEY="a-secret")
    assert outcome.stderr.startswith(f"{error}: {HANDLE}/1"), outcome.stderr
    assert "a-secret" not in outcome.stderr
    assert leftovers(cache) == []


def test_the_login_of_the_environment(kaggle_server, resolve, cache):
    outcome = resolve(f"{HANDLE}/1", KAGGLE_API_TOKEN="KGAT_a-secret")
    assert outcome.folder, outcome.stderr
    assert kaggle_server.logins == {"Bearer KGAT_a-secret"}
    assert "a-secret" not in outcome.stderr
    assert not any(b"a-secret" in path.read_bytes() for path in cache.rglob("*") if path.is_file())


def test_what_kagglehub_has_fetched_is_used_offline(kaggle_server, resolve, model_folder, tmp_path, cache):
    folder = tmp_path / "kagglehub" / "models" / "google" / "nnlm" / "tensorFlow2" / "en-dim128" / "1"
    make_model(folder)
    missing = resolve(f"{HANDLE}/1", HUBLAYER_OFFLINE="1")  # not marked as complete
    assert missing.stderr.startswith("OfflineError: ")
    folder.with_name("1.complete").touch()
    outcome = resolve(f"{HANDLE}/1", HUBLAYER_OFFLINE="1")
    assert contents(outcome.folder) == contents(model_folder)
    assert kaggle_server.calls == []


def test_a_missing_package_is_named(resolve, tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "kagglehub.py").write_text("raise ImportError('no kagglehub here')")
    path = os.pathsep.join([str(hidden), os.environ.get("PYTHONPATH", "")])
    outcome = resolve(f"{HANDLE}/1", PYTHONPATH=path)
    assert outcome.stderr.startswith("MissingPackageError: ")
    assert 'pip install "hublayer[kaggle]"' in outcome.stderr


@pytest.fixture
def tfhub(hub_server, monkeypatch):
    monkeypatch.setenv("HUBLAYER_MIRRORS", f"https://tfhub.dev={hub_server.address}")
    return hub_server


TFHUB = "https://tfhub.dev/google/nnlm-en-dim128/2"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_tfhub_redirects_to_a_page(tfhub, kaggle_server, resolve, model_folder, status, cache):
    tfhub.add("/google/nnlm-en-dim128/2", reply(302, location="/moved?tf-hub-format=compressed"))
    tfhub.add("/moved", reply(status, location=PAGE + "?tfhub-redirect=true"))
    outcome = resolve(TFHUB)
    assert contents(outcome.folder) == contents(model_folder), outcome.stderr
    assert outcome.source == f"{HANDLE}/1"
    # The page, the handle and tfhub.dev's are one content, and the second and third cost no download.
    kaggle_server.calls.clear()
    assert {resolve(PAGE).folder, resolve(f"{HANDLE}/1").folder, resolve(TFHUB).folder} == {outcome.folder}
    assert kaggle_server.calls == []
    assert len(list((cache / "models").iterdir())) == 1


def test_tfhub_redirects_to_the_archive(tfhub, model_folder):
    tfhub.add("/google/nnlm-en-dim128/2", reply(302, location="/storage/nnlm.tar.gz?X-Goog-Signature=hidden"))
    tfhub.add("/storage/nnlm.tar.gz", model_folder)
    assert contents(resolve_here(TFHUB)) == contents(model_folder)


@pytest.mark.parametrize(
    "refusal", [reply(403, b"SignatureDoesNotMatch"), reply(200, b"<html>", content_type="text/html")]
)
def test_where_the_archive_is_refused_the_page_tells_the_model(tfhub, resolve, model_folder, refusal):
    def answer(request):
        compressed = "tf-hub-format=compressed" in request.path
        reply(302, location="/storage?X-Goog-Signature=hidden" if compressed else PAGE)(request)

    tfhub.add("/google/nnlm-en-dim128/2", answer)
    tfhub.add("/storage", refusal)
    outcome = resolve(TFHUB)
    assert contents(outcome.folder) == contents(model_folder), outcome.stderr


def test_where_the_page_says_nothing_the_first_failure_is_told(tfhub, cache):
    tfhub.add("/google/nnlm-en-dim128/2", reply(404))
    with pytest.raises(ModelNotFoundError, match="tf-hub-format=compressed"):
        resolve_here(TFHUB)
    assert leftovers(cache) == []
    assert not list(Path(cache).glob("partial/*"))

"""hf:// through huggingface_hub, against a loopback server at HF_ENDPOINT."""

import hashlib
import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hub_folders import contents, leftovers
from hub_server import HubServer, reply
from in_a_process import Outcome, resolve_in_a_process

pytest.importorskip("huggingface_hub")

FIRST, SECOND = "1" * 40, "2" * 40
TOKEN = "hf_a-secret-token"


class Repository:
    """A repository as the Hub serves it: revisions of files, private to a token if one is set."""

    def __init__(self, server: HubServer, name: str):
        self.server = server
        self.name = name
        self.commits: dict[str, dict[str, bytes]] = {}
        self.branches: dict[str, str] = {}
        self.token: str | None = None
        server.otherwise = self.answer

    def answer(self, request) -> None:
        parts = [unquote(part) for part in urlsplit(request.path).path.strip("/").split("/")]
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return reply(401, b"{}", x_error_message="Invalid credentials")(request)
        if parts[:5] == ["api", "models", *self.name.split("/"), "revision"]:
            commit = self.branches.get(parts[5], parts[5])
            if commit not in self.commits:
                return reply(404, b"{}", x_error_code="RevisionNotFound")(request)
            return self.json(request, {"_id": "0", "id": self.name, "sha": commit, "siblings": []})
        if parts[:5] == ["api", "models", *self.name.split("/"), "tree"]:
            files = self.commits[parts[5]]
            tree = [{"type": "file", "path": p, "size": len(d), "oid": oid(d)} for p, d in files.items()]
            return self.json(request, tree)
        if "/".join(parts[:2]) == self.name and parts[2] == "resolve":
            data = self.commits[parts[3]].get("/".join(parts[4:]))
            if data is None:
                return reply(404, b"", x_error_code="EntryNotFound")(request)
            return reply(200, data, x_repo_commit=parts[3], etag=f'"{oid(data)}"')(request)
        return reply(404, b"{}", x_error_code="RepoNotFound")(request)

    @staticmethod
    def json(request, content) -> None:
        reply(200, json.dumps(content).encode(), content_type="application/json")(request)


def oid(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


@pytest.fixture
def repository(hub_server, model_folder):
    repository = Repository(hub_server, "Dimitre/encoder")
    model = contents(model_folder)
    beside = {"README.md": b"# A model", ".gitattributes": b"*.pb lfs"}
    nested = {f"exports/small/{name}": data for name, data in model.items()}
    repository.commits[FIRST] = beside | model | nested
    repository.commits[SECOND] = beside | model | {"assets/vocab.txt": b"another\n"}
    repository.branches = {"main": FIRST, "v1.0": FIRST, "refs/pr/1": SECOND}
    return repository


@pytest.fixture
def resolve(hub_server, tmp_path):
    def run(handle: str, **environment: str) -> Outcome:
        settings = {"HF_ENDPOINT": hub_server.address, "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": None}
        return resolve_in_a_process(handle, **settings | {"HF_HUB_DISABLE_XET": "1"} | environment)

    return run


def files_of(outcome: Outcome) -> dict[str, bytes]:
    assert outcome.folder, outcome.stderr
    return contents(outcome.folder)


def test_a_repository(repository, resolve, model_folder):
    outcome = resolve("hf://Dimitre/encoder")
    assert outcome.source == f"hf://Dimitre/encoder@{FIRST}"
    assert outcome.stderr == ""
    assert {name: files_of(outcome)[name] for name in contents(model_folder)} == contents(model_folder)
    assert ".gitattributes" not in files_of(outcome)
    assert not any(path.is_symlink() for path in Path(outcome.folder).rglob("*"))


def test_revisions_and_folders(repository, resolve, model_folder, cache):
    assert files_of(resolve("hf://Dimitre/encoder@main/exports/small")) == contents(model_folder)
    other = files_of(resolve("hf://Dimitre/encoder@refs%2Fpr%2F1"))
    assert other["assets/vocab.txt"] == b"another\n"
    # A branch, a tag and the commit they stand for are one content.
    folders = {resolve(f"hf://Dimitre/encoder@{name}").folder for name in ("main", "v1.0", FIRST)}
    assert len(folders) == 1
    assert len(list((cache / "models").iterdir())) == 3


def test_a_hit_asks_nobody(repository, resolve):
    folder = resolve("hf://Dimitre/encoder").folder
    repository.server.requests.clear()
    assert resolve("hf://Dimitre/encoder").folder == folder
    assert repository.server.requests == []


@pytest.mark.parametrize(
    ("handle", "error"),
    [
        ("hf://Dimitre/other", "ModelNotFoundError"),
        ("hf://Dimitre/encoder@v9", "ModelNotFoundError"),
        ("hf://Dimitre/encoder@main/nowhere", "ModelNotFoundError"),
        ("hf://Dimitre/encoder@main/exports", "NotASavedModelError"),
    ],
)
def test_what_is_not_there(repository, resolve, cache, handle, error):
    outcome = resolve(handle)
    assert f"{error}: hf://Dimitre/" in outcome.stderr
    assert leftovers(cache) == []


def test_the_token_goes_to_its_endpoint_and_nowhere_else(repository, resolve, cache, tmp_path):
    repository.token = TOKEN
    refused = resolve("hf://Dimitre/encoder")
    assert refused.stderr.startswith(("AccessDeniedError: ", "ModelNotFoundError: ")) and "HF_TOKEN" in refused.stderr
    wrong = resolve("hf://Dimitre/encoder", HF_TOKEN="hf_wrong-secret")
    assert "wrong-secret" not in wrong.stderr
    outcome = resolve("hf://Dimitre/encoder", HF_TOKEN=TOKEN)
    assert files_of(outcome)
    assert TOKEN not in outcome.stderr
    assert not any(TOKEN.encode() in path.read_bytes() for path in cache.rglob("*") if path.is_file())


def test_offline_with_the_cache_of_huggingface_hub(repository, resolve, cache, tmp_path):
    folder = resolve("hf://Dimitre/encoder").folder
    repository.server.requests.clear()
    elsewhere = str(tmp_path / "empty cache")
    outcome = resolve("hf://Dimitre/encoder", HUBLAYER_OFFLINE="1", HUBLAYER_CACHE=elsewhere)
    assert files_of(outcome) == contents(folder)
    missing = resolve("hf://Dimitre/encoder@v9", HUBLAYER_OFFLINE="1")
    assert missing.stderr.startswith("OfflineError: ")
    assert repository.server.requests == []


def test_an_endpoint_that_does_not_answer(resolve, cache):
    outcome = resolve("hf://Dimitre/encoder", HF_ENDPOINT="http://127.0.0.1:9")
    assert outcome.stderr.startswith("HostUnreachableError: hf://Dimitre/encoder"), outcome.stderr
    assert leftovers(cache) == []

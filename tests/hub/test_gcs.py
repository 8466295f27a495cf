"""gs:// through gcsfs, against an emulator of Google Cloud Storage."""

import socket

import pytest
from hub_folders import contents, entry, leftovers
from hub_server import reply
from in_a_process import resolve_in_a_process

pytest.importorskip("gcsfs")
emulator = pytest.importorskip("gcp_storage_emulator.server")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    port = free_port()
    server = emulator.create_server("127.0.0.1", port, in_memory=True, default_bucket="models")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(server, model_folder, monkeypatch, tmp_path):
    import httpx

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    for name, data in contents(model_folder).items():
        httpx.post(
            f"{server}/upload/storage/v1/b/models/o",
            params={"uploadType": "media", "name": f"team/model/{name}"},
            content=data,
        ).raise_for_status()
    return server


def test_a_folder(bucket, model_folder, cache):
    outcome = resolve_in_a_process("gs://models/team/model")
    assert outcome.folder, outcome.stderr
    assert contents(outcome.folder) == contents(model_folder)
    assert leftovers(cache) == entry(outcome.folder, cache)


def test_what_is_not_there(bucket, cache):
    assert "ModelNotFoundError: gs://models/team/other" in resolve_in_a_process("gs://models/team/other").stderr
    assert leftovers(cache) == []


def test_a_host_of_the_hosting_protocol_may_lead_there(bucket, hub_server, model_folder, cache):
    hub_server.add("/m/1", reply(303, b"gs://models/team/model\n"))
    outcome = resolve_in_a_process(hub_server.address + "/m/1", TFHUB_MODEL_LOAD_FORMAT="UNCOMPRESSED")
    assert contents(outcome.folder) == contents(model_folder)
    assert outcome.source == "gs://models/team/model"
    assert resolve_in_a_process("gcs://models/team/model/").folder == outcome.folder
    assert len(list((cache / "models").iterdir())) == 1

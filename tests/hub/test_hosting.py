import pytest
from hub_folders import contents, leftovers
from hub_server import pack, reply

from hublayer.errors import ConfigError, HandleError, ModelNotFoundError, NotAnArchiveError, ServerError
from hublayer.hub import resolve


def by_format(compressed, uncompressed):
    def handle(request):
        (compressed if "tf-hub-format=compressed" in request.path else uncompressed)(request)

    return handle


@pytest.fixture
def uncompressed(monkeypatch):
    monkeypatch.setenv("TFHUB_MODEL_LOAD_FORMAT", "UNCOMPRESSED")


@pytest.mark.parametrize("chosen", [None, "", "AUTO", "COMPRESSED", "compressed"])
def test_compressed(hub_server, model_folder, monkeypatch, chosen):
    if chosen is not None:
        monkeypatch.setenv("TFHUB_MODEL_LOAD_FORMAT", chosen)
    url = hub_server.add("/team/model/3", model_folder)
    assert contents(resolve(url)) == contents(model_folder)
    assert hub_server.requests == ["/team/model/3?tf-hub-format=compressed"]


def test_a_query_is_kept(hub_server, model_folder):
    url = hub_server.add("/team/model/3", model_folder)
    resolve(url + "?key=a%2Fb&flag")
    assert hub_server.requests == ["/team/model/3?key=a%2Fb&flag&tf-hub-format=compressed"]


def test_a_slash_at_the_end_is_the_same_model(hub_server, model_folder):
    url = hub_server.add("/team/model/3", model_folder)
    assert resolve(url) == resolve(url + "/") == resolve(url + "#usage")
    assert len(hub_server.requests) == 1


@pytest.mark.parametrize("status", [303, 406])
def test_auto_falls_back(hub_server, cache, status):
    url = hub_server.add("/m/1", by_format(reply(status), reply(303, b"sftp://host/model\n")))
    with pytest.raises(HandleError, match=r"sftp://host/model.*gs:// and s3:// only") as caught:
        resolve(url)
    assert "TFHUB_MODEL_LOAD_FORMAT" not in str(caught.value)
    assert hub_server.requests == ["/m/1?tf-hub-format=compressed", "/m/1?tf-hub-format=uncompressed"]
    assert leftovers(cache) == []


@pytest.mark.parametrize("status", [303, 406])
def test_compressed_does_not_fall_back(hub_server, monkeypatch, status):
    monkeypatch.setenv("TFHUB_MODEL_LOAD_FORMAT", "COMPRESSED")
    url = hub_server.add("/m/1", by_format(reply(status), reply(303, b"gs://bucket/model")))
    with pytest.raises(ServerError, match=f"status {status} .*\n.*TFHUB_MODEL_LOAD_FORMAT"):
        resolve(url)
    assert len(hub_server.requests) == 1


def test_auto_does_not_hide_other_errors(hub_server):
    url = hub_server.add("/m/1", by_format(reply(404), reply(303, b"gs://bucket/model")))
    with pytest.raises(ModelNotFoundError):
        resolve(url)


def test_uncompressed_asks_for_nothing_else(hub_server, uncompressed):
    url = hub_server.add("/m/1", reply(303, b"memory://model"))
    with pytest.raises(HandleError, match="TFHUB_MODEL_LOAD_FORMAT=COMPRESSED"):
        resolve(url)
    assert hub_server.requests == ["/m/1?tf-hub-format=uncompressed"]


def test_a_location_on_the_web_is_an_archive(hub_server, model_folder, uncompressed):
    archive = hub_server.add("/files/model.zip", model_folder)
    url = hub_server.add("/m/1", reply(303, archive.encode()))
    assert contents(resolve(url)) == contents(model_folder)


def test_a_location_on_the_web_that_is_none(hub_server, cache, uncompressed):
    page = hub_server.add("/files", reply(200, b"<html>", content_type="text/html"))
    with pytest.raises(NotAnArchiveError):
        resolve(hub_server.add("/m/1", reply(303, page.encode())))
    assert leftovers(cache) == []


def test_an_archive_in_place_of_a_location(hub_server, model_folder, uncompressed):
    url = hub_server.add("/m/1", pack(model_folder))
    assert contents(resolve(url)) == contents(model_folder)


@pytest.mark.parametrize("form", ["{}", "file://{}", "FILE://localhost{}"])
def test_a_host_never_directs_to_a_local_path(hub_server, model_folder, cache, uncompressed, form):
    url = hub_server.add("/m/1", reply(303, form.format(model_folder).encode()))
    with pytest.raises(HandleError, match="a local path; a remote host may never direct to one"):
        resolve(url)
    assert leftovers(cache) == []


def test_nor_to_an_archive_on_this_machine(hub_server, model_folder, tmp_path, uncompressed):
    (tmp_path / "model.zip").write_bytes(pack(model_folder, ".zip"))
    url = hub_server.add("/m/1", reply(303, str(tmp_path / "model.zip").encode()))
    with pytest.raises(HandleError, match="a local path"):
        resolve(url)


@pytest.mark.parametrize("answer", [reply(303), reply(406, b"gs://bucket/model"), reply(303, b" \n ")])
def test_no_location(hub_server, uncompressed, answer):
    with pytest.raises(ServerError, match="expected: status 303 with the location"):
        resolve(hub_server.add("/m/1", answer))


def test_redirects_are_followed_before_the_answer(hub_server, model_folder):
    hub_server.add("/new/1", model_folder)
    url = hub_server.add("/old/1", reply(301, location="/new/1?tf-hub-format=compressed"))
    assert contents(resolve(url)) == contents(model_folder)


def test_the_page_of_a_model(hub_server, cache):
    hub_server.add("/page", reply(200, b"<!doctype html><title>nnlm | Models</title>", content_type="text/html"))
    url = hub_server.add("/m/1", reply(302, location="/page"))
    with pytest.raises(NotAnArchiveError, match=r"titled 'nnlm \| Models'"):
        resolve(url)
    assert leftovers(cache) == []


def test_an_unknown_load_format(monkeypatch):
    monkeypatch.setenv("TFHUB_MODEL_LOAD_FORMAT", "ZIPPED")
    with pytest.raises(ConfigError, match="expected AUTO, COMPRESSED or UNCOMPRESSED"):
        resolve("https://host.invalid/m/1")

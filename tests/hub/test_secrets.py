"""Logins and signed URLs: each for its own host, and none in a log, an error or the cache."""

import logging

import httpx
import pytest
from hub_folders import contents
from hub_server import HubServer, reply
from test_download import tls_server

from hublayer.errors import ConfigError, ModelNotFoundError, OfflineError
from hublayer.hub import resolve

__all__ = ["tls_server"]

BASIC = "Basic " + "bWU6YS1zZWNyZXQ="  # me:a-secret


@pytest.fixture
def netrc(monkeypatch, tmp_path):
    def write(text: str) -> None:
        (tmp_path / "my netrc").write_text(text)
        monkeypatch.setenv("NETRC", str(tmp_path / "my netrc"))

    return write


def logins(server: HubServer) -> list[str | None]:
    return [headers.get("authorization") for headers in server.headers]


def test_a_login_of_netrc(hub_server, model_folder, netrc, cache):
    netrc("machine 127.0.0.1 login me password a-secret\n")
    url = hub_server.add("/team/model/1", model_folder)
    assert contents(resolve(url)) == contents(model_folder)
    assert logins(hub_server) == [BASIC]
    assert not any(b"a-secret" in path.read_bytes() for path in cache.rglob("*") if path.is_file())


def test_it_goes_to_its_own_host_only(hub_server, model_folder, netrc):
    elsewhere = hub_server.address.replace("127.0.0.1", "localhost")
    hub_server.add("/there.zip", model_folder)
    hub_server.add("/here.zip", reply(302, location=f"{elsewhere}/there.zip"))
    netrc("machine 127.0.0.1 login me password a-secret\n")
    resolve(hub_server.address + "/here.zip")
    assert logins(hub_server) == [BASIC, None]
    netrc("machine localhost login me password a-secret\n")
    resolve(hub_server.address + "/here.zip?again")
    assert logins(hub_server)[2:] == [None, BASIC]
    netrc("default login me password a-secret\n")
    resolve(hub_server.address + "/here.zip?more")
    assert logins(hub_server)[4:] == [None, None]


def test_a_login_in_the_handle_goes_before(hub_server, model_folder, netrc):
    netrc("machine 127.0.0.1 login me password a-secret\n")
    resolve(hub_server.add("/m.zip", model_folder).replace("//", "//other:word@"))
    assert logins(hub_server) == [f"Basic {httpx.BasicAuth('other', 'word')._auth_header.partition(' ')[2]}"]


def test_a_malformed_netrc_is_named_and_not_quoted(hub_server, netrc):
    netrc("machine 127.0.0.1 login me password a-secret\nhidden-word me\n")
    with pytest.raises(ConfigError, match=r"my netrc is malformed at line") as caught:
        resolve(hub_server.address + "/m.zip")
    assert "hidden" not in str(caught.value) and "a-secret" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert hub_server.requests == []


def test_logs_hold_no_secret(hub_server, model_folder, netrc, caplog):
    netrc("machine 127.0.0.1 login me password a-secret\n")
    hub_server.add("/there.zip", model_folder)
    hub_server.add("/here.zip", reply(302, location="/there.zip?X-Goog-Signature=hidden1", set_cookie="a=hidden2"))
    with caplog.at_level(logging.DEBUG):
        resolve(hub_server.address + "/here.zip?token=hidden3")
    assert "here.zip?token=***" in caplog.text and "there.zip?X-Goog-Signature=***" in caplog.text
    assert "hidden" not in caplog.text and "a-secret" not in caplog.text and BASIC[6:] not in caplog.text


def test_the_logs_of_other_users_of_httpx_stay(hub_server, caplog):
    with pytest.raises(ModelNotFoundError):
        resolve(hub_server.address + "/m.zip")
    with caplog.at_level(logging.INFO):
        httpx.get(hub_server.address + "/other")
    assert "/other" in caplog.text


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_of_the_environment(tls_server, model_folder, monkeypatch, variable):
    import os

    file = os.environ["SSL_CERT_FILE"]
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv(variable, file)
    assert contents(resolve(tls_server.add("/m.zip", model_folder))) == contents(model_folder)


def test_a_bundle_that_does_not_exist(tls_server, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(OSError, match="REQUESTS_CA_BUNDLE"):
        resolve(tls_server.address + "/m.zip")


def test_offline_nothing_is_asked(hub_server, model_folder, monkeypatch):
    url = hub_server.add("/team/model/1", model_folder)
    monkeypatch.setenv("HUBLAYER_OFFLINE", "1")
    with pytest.raises(OfflineError, match="it is not in the cache"):
        resolve(url)
    assert hub_server.requests == []
    monkeypatch.delenv("HUBLAYER_OFFLINE")
    folder = resolve(url)
    monkeypatch.setenv("HUBLAYER_OFFLINE", "true")
    assert resolve(url) == folder


def test_offline_a_half_deleted_entry_is_named(hub_server, model_folder, monkeypatch):
    from pathlib import Path

    url = hub_server.add("/team/model/1", model_folder)
    (Path(resolve(url)) / "variables" / "variables.index").unlink()
    monkeypatch.setenv("HUBLAYER_OFFLINE", "1")
    with pytest.raises(OfflineError, match=r"files of it are missing.*hublayer cache verify"):
        resolve(url)
    assert len(hub_server.requests) == 1


def test_offline_local_models_work(model_folder, monkeypatch, tmp_path):
    from hub_server import pack

    monkeypatch.setenv("HUBLAYER_OFFLINE", "1")
    (tmp_path / "model.zip").write_bytes(pack(model_folder, ".zip"))
    assert contents(resolve(tmp_path / "model.zip")) == contents(resolve(model_folder))


def test_a_value_that_is_neither_on_nor_off(monkeypatch):
    monkeypatch.setenv("HUBLAYER_OFFLINE", "maybe")
    with pytest.raises(ConfigError, match="HUBLAYER_OFFLINE"):
        resolve("https://host.invalid/m/1")

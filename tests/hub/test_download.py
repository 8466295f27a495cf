import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import tracemalloc

import pytest
from hub_folders import contents, leftovers
from hub_server import HubServer, pack, reply

from hublayer.errors import (
    AccessDeniedError,
    ConfigError,
    CorruptArchiveError,
    DownloadTimeoutError,
    HostUnreachableError,
    ModelNotFoundError,
    NotAnArchiveError,
    NotASavedModelError,
    ServerError,
    UnsafeArchiveError,
)
from hublayer.hub import resolve
from hublayer.hub.download import Download
from hublayer.hub.origin import Origin


@pytest.fixture
def refused(cache):
    """Resolves a handle that must fail, checks that nothing stays in the cache, and returns the message."""

    def run(handle: str, error: type[Exception]) -> str:
        with pytest.raises(error) as caught:
            resolve(handle)
        assert type(caught.value) is error
        assert leftovers(cache) == []
        return str(caught.value)

    return run


@pytest.mark.parametrize("name", ["model.tar.gz", "model.tgz", "model.tar", "model.zip", "model.zip?version=3&x"])
def test_archive_urls(hub_server, model_folder, name):
    url = hub_server.add("/files/" + name.partition("?")[0], model_folder) + name[len(name.partition("?")[0]) :]
    assert contents(resolve(url)) == contents(model_folder)
    assert hub_server.requests == [f"/files/{name}"]


def test_the_name_may_be_wrong_about_the_format(hub_server, model_folder):
    url = hub_server.add("/model.zip", pack(model_folder, ".tar.gz"))
    assert contents(resolve(url)) == contents(model_folder)


STATUS = [
    (400, ServerError),
    (401, AccessDeniedError),
    (403, AccessDeniedError),
    (404, ModelNotFoundError),
    (406, ServerError),
    (410, ModelNotFoundError),
    (429, ServerError),
    (500, ServerError),
    (503, ServerError),
    (599, ServerError),
    (304, ServerError),
    (302, ServerError),  # without a Location
]


@pytest.mark.parametrize(("status", "error"), STATUS)
def test_statuses(hub_server, refused, status, error):
    url = hub_server.add("/model.tar.gz", reply(status, b"" if status == 304 else b"no"))
    message = refused(url + "?token=hidden", error)
    lines = [re.escape(url) + r"\?token=\*\*\*", "  expected: .+", f"  came:     status {status}.*", "  to do:    .+"]
    assert re.fullmatch("\n".join(lines), message)


def test_a_message_has_neither_password_nor_query_values(hub_server, refused):
    url = hub_server.address.replace("//", "//user:hidden1@") + "/m.zip?signature=hidden2#hidden3"
    message = refused(url, ModelNotFoundError)
    assert "hidden" not in message and "user" not in message
    assert hub_server.headers[0]["authorization"].startswith("Basic ")


def test_truncated_download(hub_server, refused, model_folder):
    data = pack(model_folder)
    url = hub_server.add("/model.tar.gz", reply(200, data[:-100], content_length=str(len(data))))
    message = refused(url, HostUnreachableError)
    assert f"of {len(data):,} bytes, then the connection ended" in message


def test_truncated_archive_with_a_true_length(hub_server, refused, model_folder):
    refused(hub_server.add("/model.tar.gz", pack(model_folder)[:-100]), CorruptArchiveError)


@pytest.mark.parametrize("content_type", ["text/html", "TEXT/HTML; charset=utf-8", "application/octet-stream"])
@pytest.mark.parametrize("start", [b"<!DOCTYPE html>", b"  \n<html>", b"\xef\xbb\xbf<!doctype html>"])
def test_a_page_in_place_of_an_archive(hub_server, refused, content_type, start):
    page = start + b"<head><title>\n Sign in &amp; \x1b[31m accept </title></head>" + b"<p>" * 100_000
    message = refused(hub_server.add("/model.tar.gz", reply(200, page, content_type=content_type)), NotAnArchiveError)
    assert "an HTML page titled 'Sign in & ?[31m accept'" in message
    assert "login page" in message and "proxy" in message and "wrong URL" in message


def test_a_page_without_title_and_one_that_is_not_what_it_says(hub_server, refused):
    url = hub_server.add("/a.zip", reply(200, b"", content_type="text/html"))
    assert "without a title" in refused(url, NotAnArchiveError)
    url = hub_server.add("/b.zip", reply(200, b"junk", content_type="text/html", content_encoding="gzip"))
    assert "without a title" in refused(url, NotAnArchiveError)


def test_other_content(hub_server, refused):
    assert 'begins with b\'{"error"' in refused(hub_server.add("/a.zip", b'{"error": "quota"}'), NotAnArchiveError)
    assert "an empty file" in refused(hub_server.add("/b.zip", b""), NotAnArchiveError)


def test_an_archive_without_a_model(hub_server, refused, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "weights.bin").touch()
    message = refused(hub_server.add("/a.zip", tmp_path / "other"), NotASavedModelError)
    assert "weights.bin" in message and "/a.zip" in message


def test_an_unsafe_archive(hub_server, refused, model_folder):
    (model_folder / "link").symlink_to("../../secret")
    refused(hub_server.add("/a.tar.gz", model_folder), UnsafeArchiveError)


def test_a_host_that_never_answers(refused, monkeypatch):
    monkeypatch.setenv("HUBLAYER_READ_TIMEOUT", "0.2")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        message = refused(f"http://127.0.0.1:{silent.getsockname()[1]}/model.zip", DownloadTimeoutError)
    assert "no data for 0.2 seconds" in message and "HUBLAYER_READ_TIMEOUT" in message


def test_a_host_that_stops_in_the_middle(hub_server, refused, monkeypatch):
    def stall(request):
        reply(200, b"\x1f\x8b", content_length="1000")(request)
        hub_server.stopping.wait(10)

    monkeypatch.setenv("HUBLAYER_READ_TIMEOUT", "0.2")
    refused(hub_server.add("/model.zip", stall), DownloadTimeoutError)
    hub_server.stopping.set()


def test_a_host_that_refuses(refused):
    with socket.create_server(("127.0.0.1", 0)) as closing:
        port = closing.getsockname()[1]
    assert "HTTPS_PROXY" in refused(f"http://127.0.0.1:{port}/model.zip", HostUnreachableError)


def test_a_host_that_does_not_exist(refused):
    refused("http://host.invalid/model.zip", HostUnreachableError)


def test_a_host_that_hangs_up(hub_server, refused):
    refused(hub_server.add("/model.zip", lambda request: request.connection.close()), HostUnreachableError)


def test_tls_with_a_host_that_speaks_none(hub_server, refused):
    refused(hub_server.address.replace("http:", "https:") + "/model.zip", HostUnreachableError)


def test_proxy_settings_of_the_environment_are_used(hub_server, model_folder, monkeypatch):
    hub_server.add("/model.zip", model_folder)
    monkeypatch.setenv("HTTP_PROXY", hub_server.address)
    monkeypatch.setenv("NO_PROXY", "")
    assert contents(resolve("http://host.invalid/model.zip")) == contents(model_folder)
    assert hub_server.requests == ["http://host.invalid/model.zip"]


def test_proxy_settings_that_make_no_sense(refused, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "gopher://nowhere")
    assert "HTTP_PROXY" in refused("http://host.invalid/model.zip", HostUnreachableError)


@pytest.mark.parametrize("variable", ["HUBLAYER_CONNECT_TIMEOUT", "HUBLAYER_READ_TIMEOUT"])
@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_timeouts_that_are_no_seconds(refused, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    assert variable in refused("http://host.invalid/model.zip", ConfigError)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(hub_server, model_folder, status):
    hub_server.add("/there.zip", model_folder)
    url = hub_server.add("/here.zip", reply(status, location="/there.zip"))
    assert contents(resolve(url)) == contents(model_folder)


def test_ten_redirects_and_no_more(hub_server, refused, model_folder):
    hub_server.add("/0.zip", model_folder)
    for number in range(1, 12):
        hub_server.add(f"/{number}.zip", reply(302, location=f"/{number - 1}.zip"))
    assert "more than 10 redirects" in refused(hub_server.address + "/11.zip", ServerError)
    assert contents(resolve(hub_server.address + "/10.zip")) == contents(model_folder)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gs://bucket/x"])
def test_redirects_out_of_the_web(hub_server, refused, location):
    url = hub_server.add("/model.zip", reply(302, location=location))
    message = refused(url, ServerError)
    assert location.partition("://")[0] + "://" in message and "not followed" in message


@pytest.fixture
def tls_server(tmp_path, monkeypatch):
    """A host with TLS, whose certificate is trusted by way of SSL_CERT_FILE."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "certificate.pem")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HubServer(tls=context)
    yield server
    server.stop()


def test_tls(tls_server, hub_server, model_folder):
    hub_server.add("/http.zip", reply(302, location=tls_server.add("/https.zip", model_folder)))
    assert contents(resolve(hub_server.address + "/http.zip")) == contents(model_folder)


def test_a_certificate_that_nobody_trusts(tls_server, refused, model_folder, monkeypatch):
    url = tls_server.add("/m.zip", model_folder)
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    assert "SSL_CERT_FILE" in refused(url, HostUnreachableError)
    assert tls_server.requests == []


def test_tls_is_not_given_up(tls_server, hub_server, refused, model_folder, monkeypatch):
    plain = hub_server.add("/m.zip", model_folder) + "?token=hidden"
    message = refused(tls_server.add("/m.zip", reply(302, location=plain)), ServerError)
    assert f"from https:// to {hub_server.address}/m.zip?token=***, which is not followed" in message
    monkeypatch.setenv("TFHUB_MODEL_LOAD_FORMAT", "UNCOMPRESSED")
    assert "without TLS" in refused(tls_server.add("/m/1", reply(303, plain.encode())), ServerError)
    assert hub_server.requests == []


def test_the_message_after_a_redirect_names_both_urls(hub_server, refused):
    url = hub_server.add("/here.zip", reply(302, location="/there.zip?signature=hidden"))
    message = refused(url, ModelNotFoundError)
    assert f"{url} → {hub_server.address}/there.zip?signature=***" in message


def test_a_password_does_not_follow_to_another_host(hub_server, refused):
    other = hub_server.address.replace("127.0.0.1", "localhost")
    hub_server.add("/here.zip", reply(302, location=f"{other}/there.zip"))
    refused(hub_server.address.replace("//", "//user:word@") + "/here.zip", ModelNotFoundError)
    assert ["authorization" in headers for headers in hub_server.headers] == [True, False]


def test_memory_stays_constant(hub_server, tmp_path):
    size = 32 << 20

    def large(request):
        request.send_response(200)
        request.send_header("Content-Length", str(size))
        request.end_headers()
        for _ in range(size >> 16):
            request.wfile.write(bytes(1 << 16))

    url = hub_server.add("/model.zip", large)
    tracemalloc.start()
    try:
        with Download(url, tmp_path / "file", Origin(url, url)) as download:
            download.path()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "file").stat().st_size == size
    assert peak < 8 << 20


def run_with(environment: dict[str, str], url: str, **arguments) -> subprocess.CompletedProcess:
    code = f"from hublayer.hub import resolve; resolve({url!r})"
    environment = os.environ | environment
    return subprocess.run([sys.executable, "-W", "error", "-c", code], env=environment, check=True, **arguments)


@pytest.mark.parametrize("wish", ["", "0", "false"])
def test_no_progress_bar_where_stderr_is_no_terminal(hub_server, model_folder, wish):
    url = hub_server.add("/model.zip", model_folder)
    done = run_with({"TFHUB_DOWNLOAD_PROGRESS": wish}, url, capture_output=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_progress_bar_if_asked_for(hub_server, model_folder):
    url = hub_server.add("/model.zip", model_folder) + "?token=hidden"
    done = run_with({"TFHUB_DOWNLOAD_PROGRESS": "1"}, url, capture_output=True, text=True)
    assert "model.zip" in done.stderr and "100%" in done.stderr and "B/s" in done.stderr
    assert "hidden" not in done.stderr


@pytest.mark.parametrize(("wish", "shown"), [("", True), ("0", False)])
def test_a_progress_bar_on_a_terminal(hub_server, model_folder, wish, shown):
    pty, termios = pytest.importorskip("pty"), pytest.importorskip("termios")
    url = hub_server.add("/model.zip", model_folder)
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 120))
    written = []

    def read():
        try:
            while data := os.read(controller, 4096):
                written.append(data)
        except OSError:  # how the end of a terminal looks on Linux
            pass

    reader = threading.Thread(target=read)
    reader.start()
    try:
        run_with({"TFHUB_DOWNLOAD_PROGRESS": wish}, url, stderr=terminal)
    finally:
        os.close(terminal)
        reader.join()
        os.close(controller)
    assert (b"100%" in b"".join(written)) is shown

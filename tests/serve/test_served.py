"""What clients get from a private hub: hublayer itself, many at once, those who want parts, those who go away."""

from __future__ import annotations

import asyncio
import base64
import http.client
import io
import os
import socket
import tarfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import keras
import numpy as np
import pytest
from cutting_proxy import CuttingProxy
from running_hub import COMPRESSED, make_model, running

import hublayer as hub
from hublayer.hub.manifest import measure
from hublayer.serve.catalogue import ModelsInFolder

TOKEN = "correct-horse"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HUBLAYER_RETRY_WAIT", "0.01")


@pytest.fixture(scope="session")
def large(tmp_path_factory) -> Path:
    """A folder with a model of 20 MB."""
    folder = tmp_path_factory.mktemp("large")
    weights = np.random.default_rng(0).bytes(20_000_000)
    make_model(folder / "m", {"variables/variables.data-00000-of-00001": weights, "variables/variables.index": b"1"})
    return folder


class TestHublayer:
    def test_resolve(self, hub_url, models):
        folder = hub.resolve(f"{hub_url}/google/bert_encoder")
        assert measure(Path(folder)).digest == measure(models / "google/bert_encoder").digest

    def test_layer(self, hub_url, samples):
        texts = np.array(["a great film", "two hours"], dtype=object)
        there = hub.KerasLayer(f"{hub_url}/google/text_embedding")(texts)
        here = hub.KerasLayer(str(samples / "text_embedding"))(texts)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(there), keras.ops.convert_to_numpy(here))

    def test_latest_version(self, tmp_path):
        for version in ("2", "10"):
            make_model(tmp_path / "models" / "other" / "m" / version, {"assets/version": version.encode()})
        with running(tmp_path / "models") as url:
            assert (Path(hub.resolve(f"{url}/other/m")) / "assets/version").read_text() == "10"
            assert (Path(hub.resolve(f"{url}/other/m/2")) / "assets/version").read_text() == "2"
            with pytest.raises(hub.ModelNotFoundError):
                hub.resolve(f"{url}/other/m/3")

    def test_archive_by_url(self, hub_url, models):
        folder = hub.resolve(f"{hub_url}/team/digits/2.tar.gz")
        assert measure(Path(folder)).digest == measure(models / "team/digits/2").digest

    def test_a_download_that_broke_off_goes_on(self, large, monkeypatch):
        """A proxy between the two cuts the first connection after a part; the second asks for the rest."""
        with running(large) as url, CuttingProxy(urlsplit(url).port, cut_after=5_000_000) as proxy:
            folder = hub.resolve(f"http://127.0.0.1:{proxy.port}/m")
            assert measure(Path(folder)).digest == measure(large / "m").digest
            assert proxy.requests[0].count(b"Range:") == 0
            assert b"Range: bytes=" in proxy.requests[1] and b"If-Range: " in proxy.requests[1]
            assert b" 206 " in proxy.answers[1]

    def test_login_from_netrc(self, models, tmp_path, monkeypatch):
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login token password {TOKEN}\n")
        with running(models, token=TOKEN) as url:
            with pytest.raises(hub.AccessDeniedError):
                hub.resolve(f"{url}/google/tf1_hub")
            monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
            assert Path(hub.resolve(f"{url}/google/tf1_hub")).is_dir()

    def test_uncompressed(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TFHUB_MODEL_LOAD_FORMAT", "UNCOMPRESSED")
        make_model(tmp_path / "models/m/1")
        with running(tmp_path / "models") as url, pytest.raises(hub.ServerError, match="406"):
            hub.resolve(f"{url}/m")
        with running(ModelsInFolder(tmp_path / "models", "s3://bucket/models")) as url:
            answer = httpx.get(f"{url}/m?tf-hub-format=uncompressed")
        assert (answer.status_code, answer.text) == (303, "s3://bucket/models/m/1")


class TestProtocol:
    def test_compressed(self, hub_url, models):
        answer = httpx.get(f"{hub_url}/google/tf1_hub{COMPRESSED}")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/gzip"
        assert answer.headers["accept-ranges"] == "bytes"
        assert len(answer.content) == int(answer.headers["content-length"])
        again = httpx.get(f"{hub_url}/google/tf1_hub/?a=b&tf-hub-format=other,compressed")
        assert again.content == answer.content and again.headers["etag"] == answer.headers["etag"]

    def test_head(self, hub_url):
        url = f"{hub_url}/google/tf1_hub{COMPRESSED}"
        get, head = httpx.get(url), httpx.head(url, headers={"range": "bytes=0-9"})
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "etag", "content-type", "accept-ranges"):
            assert head.headers[name] == get.headers[name]

    def test_ranges(self, hub_url):
        url = f"{hub_url}/google/text_embedding{COMPRESSED}"
        whole = httpx.get(url)
        for text, part in {
            "0-0": slice(0, 1),
            "10-99999": slice(10, 100_000),
            "65000-": slice(65000, None),
            "-8": slice(-8, None),
        }.items():
            answer = httpx.get(url, headers={"range": f"bytes={text}", "if-range": whole.headers["etag"]})
            start, stop, _ = part.indices(len(whole.content))
            assert (answer.status_code, answer.content) == (206, whole.content[part])
            assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole.content)}"
        changed = httpx.get(url, headers={"range": "bytes=5-", "if-range": '"another"'})
        assert (changed.status_code, changed.content) == (200, whole.content)
        beyond = httpx.get(url, headers={"range": f"bytes={len(whole.content)}-"})
        assert beyond.status_code == 416
        assert beyond.headers["content-range"] == f"bytes */{len(whole.content)}"

    def test_unchanged(self, hub_url):
        url = f"{hub_url}/google/tf1_hub{COMPRESSED}"
        etag = httpx.get(url).headers["etag"]
        for method in ("GET", "HEAD"):
            answer = httpx.request(method, url, headers={"if-none-match": etag})
            assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert httpx.get(url, headers={"if-match": '"another"'}).status_code == 412

    def test_a_model_that_changes_has_another_tag(self, tmp_path):
        folder = make_model(tmp_path / "models/m")
        with running(tmp_path / "models") as url:
            first = httpx.get(f"{url}/m{COMPRESSED}")
            (folder / "saved_model.pb").write_bytes(b"1")
            second = httpx.get(f"{url}/m{COMPRESSED}", headers={"if-none-match": first.headers["etag"]})
        assert second.status_code == 200 and second.content != first.content

    def test_other_formats(self, hub_url):
        assert httpx.get(f"{hub_url}/google/tf1_hub?tf-hub-format=tflite").status_code == 406
        assert httpx.get(f"{hub_url}/google/tf1_hub?tf-hub-format=uncompressed").status_code == 406

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    def test_nothing_but_reading(self, hub_url, method):
        for path in ("/", "/google/tf1_hub", "/-/style.css"):
            assert httpx.request(method, hub_url + path).status_code == 405


@pytest.fixture(scope="module")
def guarded(models):
    """A private hub with a token."""
    with running(models, token=TOKEN) as url:
        yield url


class TestAccess:
    @pytest.mark.parametrize("path", ["/", "/google/tf1_hub", f"/google/tf1_hub{COMPRESSED}", "/-/style.css", "/none"])
    def test_nothing_without_the_token(self, guarded, path):
        def status(authorization: str | None) -> int:
            headers = {} if authorization is None else {"authorization": authorization}
            return httpx.get(guarded + path, headers=headers).status_code

        def basic(user: str, password: str) -> str:
            return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

        refused = [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Digest {TOKEN}", TOKEN]
        refused += [
            basic("", ""),
            basic(TOKEN, ""),
            basic("token", TOKEN + "x"),
            "Basic !",
            "Bearer ÿ".encode("latin-1"),
        ]
        assert {status(value) for value in refused} == {401}
        accepted = [f"Bearer {TOKEN}", f"bearer  {TOKEN}", basic("token", TOKEN), basic("", TOKEN)]
        assert {status(value) for value in accepted} == {404 if path == "/none" else 200}

    def test_it_says_how(self, guarded):
        answer = httpx.get(guarded)
        assert answer.headers["www-authenticate"] == 'Bearer realm="hublayer", Basic realm="hublayer", charset="UTF-8"'

    def test_only_its_own_names(self, hub_url):
        """As a page whose name was made to point to 127.0.0.1 would ask."""
        port = urlsplit(hub_url).port
        for host in (
            "evil.example",
            f"evil.example:{port}",
            "127.0.0.1.evil.example",
            "",
            "[",
            "localhost@evil.example",
        ):
            assert httpx.get(hub_url, headers={"host": host}).status_code in (400, 421)
        for host in ("localhost", f"localhost:{port}", "127.0.0.1", "[::1]:80"):
            assert httpx.get(hub_url, headers={"host": host}).status_code == 200


class TestManyClients:
    def test_200_ranges_at_once(self, large):
        async def ask(client: httpx.AsyncClient, url: str, number: int) -> tuple[int, int, bytes]:
            start = number * 100_003 % 19_000_000
            answer = await client.get(url, headers={"range": f"bytes={start}-{start + 999_999}"})
            return answer.status_code, start, answer.content

        async def ask_all(url: str) -> list[tuple[int, int, bytes]]:
            limits = httpx.Limits(max_connections=200)
            async with httpx.AsyncClient(limits=limits, timeout=120) as client:
                return await asyncio.gather(*(ask(client, url, number) for number in range(200)))

        with running(large) as url:
            whole = httpx.get(f"{url}/m{COMPRESSED}").content
            answers = asyncio.run(ask_all(f"{url}/m{COMPRESSED}"))
        assert len(answers) == 200
        assert all(status == 206 and part == whole[start : start + 1_000_000] for status, start, part in answers)

    def test_200_who_want_the_end_of_an_archive_that_nobody_had(self, tmp_path):
        make_model(tmp_path / "models/m", {"variables/v": os.urandom(3_000_000)})

        async def ask_all(url: str) -> list[httpx.Response]:
            limits = httpx.Limits(max_connections=200)
            async with httpx.AsyncClient(limits=limits, timeout=120, headers={"range": "bytes=-100000"}) as client:
                return await asyncio.gather(*(client.get(url) for _ in range(200)))

        with running(tmp_path / "models") as url:
            answers = asyncio.run(ask_all(f"{url}/m{COMPRESSED}"))
            whole = httpx.get(f"{url}/m{COMPRESSED}").content
        assert {(answer.status_code, answer.content) for answer in answers} == {(206, whole[-100_000:])}

    def test_clients_that_go_away(self, large):
        with running(large) as url:
            host, port = urlsplit(url).hostname, urlsplit(url).port
            httpx.get(url)
            before = open_files()
            for _ in range(50):
                with socket.create_connection((host, port)) as connection:
                    connection.sendall(f"GET /m{COMPRESSED} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                    connection.recv(1000)
            deadline = time.monotonic() + 30
            while open_files() > before and time.monotonic() < deadline:
                time.sleep(0.05)
            assert open_files() <= before
            assert len(httpx.get(f"{url}/m{COMPRESSED}").content) > 20_000_000

    def test_a_model_that_changes_while_it_is_sent_breaks_off(self, tmp_path, caplog):
        folder = make_model(tmp_path / "models/m", {"a": b"1" * 40_000_000, "z": b"1"})
        with running(tmp_path / "models") as url:
            connection = http.client.HTTPConnection(urlsplit(url).netloc)
            connection.request("GET", f"/m{COMPRESSED}")
            answer = connection.getresponse()
            answer.read(1000)
            (folder / "z").write_bytes(b"2")
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                answer.read()
            connection.close()
            with tarfile.open(fileobj=io.BytesIO(httpx.get(f"{url}/m{COMPRESSED}").content), mode="r|gz") as tar:
                assert [tar.extractfile(member).read(1) for member in tar if member.name == "./z"] == [b"2"]


def open_files() -> int:
    """How many files and connections this process, which is the server too, has open."""
    return len(list(Path("/proc/self/fd").iterdir()))

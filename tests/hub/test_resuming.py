"""Downloads that break off: what is tried again, what is gone on with, and what is not."""

import email.utils
import json
import random
import time

import pytest
from hub_folders import contents, entry, leftovers
from hub_server import pack, ranged, reply

from hublayer.errors import (
    AccessDeniedError,
    ConfigError,
    HostUnreachableError,
    ModelNotFoundError,
    ServerError,
)
from hublayer.hub import resolve


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setenv("HUBLAYER_RETRIES", "3")
    monkeypatch.setenv("HUBLAYER_RETRY_WAIT", "0.01")


@pytest.fixture
def archive(model_folder) -> bytes:
    """An archive large enough to come in several pieces."""
    (model_folder / "assets" / "noise").write_bytes(random.Random(0).randbytes(1 << 20))
    return pack(model_folder)


def in_turn(*answers):
    """A handler that gives one answer after another, and the last one from then on."""
    left = list(answers)

    def handle(request):
        (left.pop(0) if len(left) > 1 else left[0])(request)

    return handle


def breaking_off(body: bytes, after: int, etag: str | None = '"1"', **headers: str):
    """A handler that serves ``ranged`` but hangs up after so many bytes of what was asked for."""

    def handle(request):
        rest = body
        facts = {"content_length": str(len(rest)), **headers}
        status = 200
        if etag is not None:
            facts["etag"] = etag
            if "Range" in request.headers and request.headers.get("If-Range") == etag:
                start = int(request.headers["Range"][6:-1])
                status, rest = 206, body[start:]
                facts |= {
                    "content_length": str(len(rest)),
                    "content_range": f"bytes {start}-{len(body) - 1}/{len(body)}",
                }
        reply(status, rest[:after], **facts)(request)
        request.connection.close()

    return handle


def ranges(hub_server) -> list[str | None]:
    return [headers.get("range") for headers in hub_server.headers]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_be_gone_soon_is_tried_again(hub_server, model_folder, status):
    url = hub_server.add("/m.tar.gz", in_turn(reply(status), reply(status), reply(200, pack(model_folder))))
    assert contents(resolve(url)) == contents(model_folder)
    assert len(hub_server.requests) == 3


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ServerError),
        (401, AccessDeniedError),
        (403, AccessDeniedError),
        (404, ModelNotFoundError),
        (410, ModelNotFoundError),
        (418, ServerError),
    ],
)
def test_what_stays_is_not(hub_server, status, error):
    with pytest.raises(error):
        resolve(hub_server.add("/m.tar.gz", reply(status)))
    assert len(hub_server.requests) == 1


def test_the_tries_are_counted(hub_server, monkeypatch):
    url = hub_server.add("/m.tar.gz", reply(503))
    with pytest.raises(ServerError, match="status 503"):
        resolve(url)
    assert len(hub_server.requests) == 4
    monkeypatch.setenv("HUBLAYER_RETRIES", "0")
    with pytest.raises(ServerError):
        resolve(url)
    assert len(hub_server.requests) == 5
    monkeypatch.setenv("HUBLAYER_RETRIES", "often")
    with pytest.raises(ConfigError, match="HUBLAYER_RETRIES"):
        resolve(url)


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_obeyed(hub_server, model_folder, as_date):
    after = email.utils.formatdate(time.time() + 2, usegmt=True) if as_date else "1"
    url = hub_server.add("/m.tar.gz", in_turn(reply(429, retry_after=after), reply(200, pack(model_folder))))
    begun = time.monotonic()
    resolve(url)
    assert time.monotonic() - begun > 0.9


def test_a_host_that_wants_to_be_left_alone_for_long(hub_server):
    url = hub_server.add("/m.tar.gz", reply(503, retry_after="86400"))
    with pytest.raises(ServerError):
        resolve(url)
    assert len(hub_server.requests) == 1


def test_a_broken_connection_is_gone_on_with(hub_server, model_folder, archive, cache):
    url = hub_server.add(
        "/m.tar.gz", in_turn(breaking_off(archive, 400_000), breaking_off(archive, 300_000), ranged(archive))
    )
    folder = resolve(url)
    assert contents(folder) == contents(model_folder)
    first, second, third = ranges(hub_server)
    assert (first, second, third) == (None, "bytes=400000-", "bytes=700000-")
    assert hub_server.headers[1]["if-range"] == '"1"'
    assert leftovers(cache) == entry(folder, cache) and not (cache / "partial").exists()


def test_any_number_of_broken_connections_as_long_as_something_comes(hub_server, model_folder, monkeypatch):
    (model_folder / "assets" / "noise").write_bytes(random.Random(0).randbytes(8 << 20))
    archive = pack(model_folder)
    url = hub_server.add("/m.tar.gz", breaking_off(archive, (1 << 20) + 1))
    monkeypatch.setenv("HUBLAYER_RETRIES", "1")
    assert contents(resolve(url)) == contents(model_folder)
    assert len(hub_server.requests) > 7


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(hub_server, model_folder, archive, cache, monkeypatch):
    monkeypatch.setenv("HUBLAYER_RETRIES", "0")
    url = hub_server.add("/m.tar.gz", in_turn(breaking_off(archive, 400_000), ranged(archive)))
    with pytest.raises(HostUnreachableError):
        resolve(url + "?token=hidden")
    assert not any(b"hidden" in path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert contents(resolve(url + "?token=hidden")) == contents(model_folder)
    assert ranges(hub_server) == [None, "bytes=400000-"]
    assert not (cache / "partial").exists()


@pytest.mark.parametrize("etag", ['"2"', 'W/"1"', None])
def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(hub_server, model_folder, archive, tmp_path, etag):
    """And so is one of which the host does not say whether it did."""
    (model_folder / "assets" / "noise").write_bytes(b"other" * 300_000)
    changed = pack(model_folder)
    answers = [
        breaking_off(archive, 400_000, etag='"1"' if etag == '"2"' else etag),
        ranged(changed, etag=etag or '"x"'),
    ]
    url = hub_server.add("/m.tar.gz", in_turn(*answers))
    assert contents(resolve(url)) == contents(model_folder)


def test_a_date_tells_too_whether_it_changed(hub_server, model_folder, archive):
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    url = hub_server.add(
        "/m.tar.gz", in_turn(breaking_off(archive, 400_000, None, last_modified=date), reply(200, archive))
    )
    assert contents(resolve(url)) == contents(model_folder)
    assert hub_server.headers[1]["if-range"] == date


@pytest.mark.parametrize(
    "wrong",
    [
        {"content_range": "bytes 0-9/10"},
        {"content_range": "bytes 400000-500000/500001"},
        {"content_range": "nonsense"},
        {},
    ],
)
def test_another_part_than_was_asked_for_is_not_taken(hub_server, model_folder, archive, wrong):
    url = hub_server.add(
        "/m.tar.gz", in_turn(breaking_off(archive, 400_000), reply(206, archive[:10], **wrong), ranged(archive))
    )
    assert contents(resolve(url)) == contents(model_folder)
    assert ranges(hub_server) == [None, "bytes=400000-", None]


def test_a_host_that_answers_with_another_version(hub_server, model_folder, archive):
    stale = reply(206, archive[400_000:], etag='"2"', content_range=f"bytes 400000-{len(archive) - 1}/{len(archive)}")
    url = hub_server.add("/m.tar.gz", in_turn(breaking_off(archive, 400_000), stale, ranged(archive, etag='"2"')))
    assert contents(resolve(url)) == contents(model_folder)
    assert ranges(hub_server) == [None, "bytes=400000-", None]


def test_a_damaged_beginning_of_an_earlier_call_is_dropped(hub_server, model_folder, archive, cache, monkeypatch):
    monkeypatch.setenv("HUBLAYER_RETRIES", "0")
    url = hub_server.add("/m.tar.gz", in_turn(breaking_off(archive, 400_000), ranged(archive)))
    with pytest.raises(HostUnreachableError):
        resolve(url)
    (part,) = cache.glob("partial/*/download")
    part.write_bytes(bytes(part.stat().st_size))
    assert contents(resolve(url)) == contents(model_folder)
    assert ranges(hub_server) == [None, "bytes=400000-", None]


def test_a_complete_file_of_an_earlier_call_is_not_fetched_again(hub_server, model_folder, archive, cache):
    url = hub_server.add("/m.tar.gz", ranged(archive))
    folder = cache / "partial" / resolve_name(url)
    folder.mkdir(parents=True)
    (folder / "download").write_bytes(archive)
    (folder / "download.json").write_text(json.dumps({"url": url, "validator": '"1"', "total": len(archive)}))
    assert contents(resolve(url)) == contents(model_folder)
    assert ranges(hub_server) == [f"bytes={len(archive)}-"]


def resolve_name(url: str) -> str:
    from hublayer.hub.cache import Cache

    return Cache.entry_name(url)


def test_a_zip_is_gone_on_with_too(hub_server, model_folder, archive):
    data = pack(model_folder, ".zip")
    url = hub_server.add("/m.zip", in_turn(breaking_off(data, 400_000), ranged(data)))
    assert contents(resolve(url)) == contents(model_folder)
    assert ranges(hub_server) == [None, "bytes=400000-"]

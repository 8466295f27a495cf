"""No request line leads out of the models."""

from __future__ import annotations

import socket
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECRET = b"the secret"
TARGETS = [
    # plain
    "/../secret.txt",
    "/google/../../secret.txt",
    "/google/text_embedding/../../../secret.txt",
    "/./../secret.txt",
    "/google/text_embedding/..",
    "/google/text_embedding/.",
    "/google/./text_embedding",
    "/google/..;/secret.txt",
    # encoded once, twice, in parts, overlong
    "/%2e%2e/secret.txt",
    "/%2E%2E%2Fsecret.txt",
    "/..%2fsecret.txt",
    "/google%2f..%2f..%2fsecret.txt",
    "/.%2e/elsewhere",
    "/%252e%252e/secret.txt",
    "/%252e%252e%252fsecret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%c0%ae%c0%ae%c0%afsecret.txt",
    "/%e0%80%ae%e0%80%ae/secret.txt",
    "/%uff0e%uff0e/secret.txt",
    "/．．/secret.txt",
    "/%ff%fe",
    # backslashes
    "/..\\secret.txt",
    "/..%5csecret.txt",
    "/google\\text_embedding",
    "/google%5c..%5c..%5csecret.txt",
    # NUL and control characters
    "/secret.txt%00",
    "/google/text_embedding%00",
    "/google/text_embedding%00.tar.gz",
    "/..%00/secret.txt",
    "/google/text_embedding%0a",
    "/google%0d%0aX-Injected:%20yes/text_embedding",
    # absolute
    "//etc/passwd",
    "///etc/passwd",
    "/%2fetc%2fpasswd",
    "/google//text_embedding",
    "//google/text_embedding",
    "/C:/Windows/win.ini",
    "/C:%5cWindows%5cwin.ini",
    "/%5c%5chost%5cshare",
    "/file:///etc/passwd",
    "/~root",
    "http://127.0.0.1/../secret.txt",
    "http://evil.example/../secret.txt",
    # what lies in the folder and is no model
    "/secret.txt",
    "/team/secret.txt",
    "/team",
    "/google",
    "/.hidden",
    "/.hidden/secret.txt",
    # files and folders of a model
    "/google/text_embedding/saved_model.pb",
    "/google/text_embedding/variables",
    "/google/text_embedding/variables/variables.index",
    "/google/text_embedding/assets/../../../secret.txt",
    # links
    "/link_out",
    "/link_out/secret.txt",
    "/with_link/assets/vocabulary.txt",
    "/with_folder_link/assets/secret.txt",
    "/with_folder_link/assets/elsewhere",
    # not numbers of versions
    "/team/digits/-1",
    "/team/digits/0x1",
    "/team/digits/01",
    "/team/digits/1.0",
    "/team/digits/%d9%a1",
    "/team/digits/" + "9" * 5000,
    # static files
    "/-/../app.py",
    "/-/..%2fapp.py",
    "/-/%2e%2e/templates/base.html",
    "/-/style.css/../../app.py",
    "/-/",
    # too long
    "/" + "a" * 5000,
    "/" + "a/" * 3000,
    "/" + "../" * 3000 + "etc/passwd",
]
QUERIES = ["", "?tf-hub-format=compressed", "?tf-hub-format=uncompressed"]


def request(url: str, target: str) -> tuple[int, bytes, bytes]:
    """Send a GET with exactly this target; return status, headers and body."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(
            b"GET " + target.encode() + f" HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), head, body


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: ascii(target[:60]))
def test_nothing_is_there(hub_url, target, query):
    status, head, body = request(hub_url, target + query)
    assert status in (400, 404)
    assert SECRET not in body and b"root:" not in body
    assert b"X-Injected" not in head


@pytest.mark.parametrize("name", ["with_link", "with_folder_link"])
def test_a_model_with_links_out_is_shown_but_not_sent(hub_url, name):
    for target in (f"/{name}?tf-hub-format=compressed", f"/{name}.tar.gz"):
        status, _, body = request(hub_url, target)
        assert status == 409 and SECRET not in body
    status, _, body = request(hub_url, f"/{name}")
    assert status == 200 and b"a link to" in body and SECRET not in body


def test_what_is_there(hub_url):
    """The requests above fail because of their targets, not because of how they are sent."""
    for target in ("/google/text_embedding?tf-hub-format=compressed", "/team/digits.tar.gz", "/team/digits/1", "/"):
        assert request(hub_url, target)[0] == 200


PARTS = ["..", ".", "google", "text_embedding", "secret.txt", "models", "elsewhere", "", "%2e%2e", "%2f", "%5c", "\\"]
PARTS += ["%00", "~", ":", "assets", "link_out", "with_link", "%252e", ".hidden"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.sampled_from(PARTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3).map(quote),
        max_size=8,
    ),
    query=st.sampled_from(QUERIES),
)
def test_no_path_made_of_such_parts_gives_the_secret(hub_url, parts, query):
    status, _, body = request(hub_url, "/" + "/".join(parts) + query)
    assert status < 500 and SECRET not in body

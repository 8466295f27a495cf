import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublayer.errors import HandleError
from hublayer.hub import parse
from hublayer.hub.handle import Kind, redacted, with_format


@pytest.mark.parametrize(
    ("handle", "kind"),
    [
        ("models/mine", Kind.LOCAL),
        ("~/models/mine", Kind.LOCAL),
        ("/tmp/model.tar.gz", Kind.LOCAL),
        (Path("models") / "mine", Kind.LOCAL),
        ("C:\\models\\mine", Kind.LOCAL),
        ("https://example.org/model.tar.gz", Kind.ARCHIVE_URL),
        ("https://example.org/model.TGZ", Kind.ARCHIVE_URL),
        ("http://example.org/a/model.tar", Kind.ARCHIVE_URL),
        ("https://example.org/model.zip?token=abc&x=1#part", Kind.ARCHIVE_URL),
        ("https://tfhub.dev/google/nnlm-en-dim128/2", Kind.HOSTING),
        ("HTTPS://tfhub.dev/google/nnlm-en-dim128/2", Kind.HOSTING),
        ("https://models.example.org/x?file=model.zip", Kind.HOSTING),
        (" https://tfhub.dev/google/nnlm-en-dim128/2\n", Kind.HOSTING),
    ],
)
def test_kinds(handle, kind):
    assert parse(handle).kind is kind


@pytest.mark.parametrize(
    "handle",
    [
        "gs://bucket/model",
        "s3://bucket/model",
        "hf://owner/model",
        "kaggle://google/nnlm/tensorFlow2/en-dim128/1",
        "file:///tmp/model",
    ],
)
def test_a_scheme_without_source_is_named_with_those_known(handle):
    with pytest.raises(HandleError, match=r"scheme (gs|s3|hf|kaggle|file)://.*known are.*http:// or https://"):
        parse(handle)


@pytest.mark.parametrize("handle", ["", "  ", None, 3, b"/tmp/model", Path, "/tmp/a\0b"])
def test_values_that_are_no_handles(handle):
    with pytest.raises(HandleError):
        parse(handle)


@pytest.mark.parametrize(
    "handle",
    ["https://", "https:///model", "https://host:port/x", "https://[::1/x", "https://a b/x", "https://a/\x1b[2J"],
)
def test_malformed_urls(handle):
    with pytest.raises(HandleError, match=r"malformed|control character"):
        parse(handle)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.org/m/1", "https://a.org/m/1/"),
        ("https://a.org/m/1", "https://a.org/m/1#readme"),
        ("https://a.org/m/1", "https://A.org:443/m/1"),
        ("https://a.org/m/1", "https://user:word@a.org/m/1"),
        ("https://a.org/m/1?x=1", "https://a.org/m/1/?x=1&tf-hub-format=compressed"),
    ],
)
def test_spellings_of_one_url_share_a_key(one, other):
    assert parse(one).key == parse(other).key


@pytest.mark.parametrize(
    "other", ["https://a.org/m/2", "https://a.org/M/1", "http://a.org/m/1", "https://a.org/m/1?x=1"]
)
def test_different_urls_have_different_keys(other):
    assert parse("https://a.org/m/1").key != parse(other).key


def test_handles_are_frozen_hashable_and_show_no_secret():
    handle = parse("https://user:word@a.org/m/1?token=hidden&tf-hub-format=compressed")
    assert handle == parse("https://user:word@a.org/m/1?token=hidden&tf-hub-format=compressed")
    assert len({handle, handle}) == 1
    assert "word" not in repr(handle) and "hidden" not in repr(handle)
    with pytest.raises(AttributeError):
        handle.kind = Kind.LOCAL  # type: ignore[misc]


def test_the_format_is_added_to_a_query_that_stays_as_it_is():
    assert with_format("https://a.org/m/1", "compressed") == "https://a.org/m/1?tf-hub-format=compressed"
    assert (
        with_format("https://a.org/m/1?b=%2F+x&tf-hub-format=uncompressed&a", "compressed")
        == "https://a.org/m/1?b=%2F+x&a&tf-hub-format=compressed"
    )


def test_redacted():
    url = "https://user:p@ss@a.org/m@1?X-Signature=s3cr3t&flag&tf-hub-format=compressed#t"
    assert redacted(url) == "https://a.org/m@1?X-Signature=***&flag&tf-hub-format=compressed"


@given(st.text() | st.text().map("https://".__add__))
def test_any_text_is_a_handle_or_a_handle_error(text):
    try:
        handle = parse(text)
    except HandleError:
        return
    assert handle.text == text


def test_importing_the_package_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys, hublayer.hub, hublayer.hub.sources.local, hublayer.hub.sources.hosting;"
        "print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"

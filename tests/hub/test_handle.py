import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublayer.errors import HandleError
from hublayer.hub import parse, resolve
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
        ("https://models.example.org/team/model/3", Kind.HOSTING),
        ("https://tfhub.dev/google/nnlm-en-dim128/2", Kind.TFHUB),
        ("HTTPS://tfhub.dev/google/nnlm-en-dim128/2", Kind.TFHUB),
        ("kaggle://google/nnlm/tensorFlow2/en-dim128/1", Kind.KAGGLE),
        ("https://www.kaggle.com/models/google/nnlm/tensorFlow2/en-dim128/1", Kind.KAGGLE),
        ("https://www.kaggle.com/api/v1/models/google/nnlm/tensorFlow2/x/1/download", Kind.HOSTING),
        ("hf://Dimitre/universal-sentence-encoder@main/sub/folder", Kind.HUGGING_FACE),
        ("https://huggingface.co/Dimitre/universal-sentence-encoder/tree/main", Kind.HUGGING_FACE),
        ("https://huggingface.co/a/b/resolve/main/model.tar.gz", Kind.ARCHIVE_URL),
        ("gs://bucket/path", Kind.OBJECT_STORE),
        ("S3://bucket/path", Kind.OBJECT_STORE),
        ("simplecache::s3://bucket/path", Kind.OBJECT_STORE),
        ("file:///tmp/model", Kind.LOCAL),
        ("a::b", Kind.LOCAL),
        ("https://models.example.org/x?file=model.zip", Kind.HOSTING),
        (" https://tfhub.dev/google/nnlm-en-dim128/2\n", Kind.TFHUB),
    ],
)
def test_kinds(handle, kind):
    assert parse(handle).kind is kind


def test_a_scheme_without_source_is_named_with_those_known():
    with pytest.raises(HandleError, match=r"scheme gopher://.*known are.*http:// and https://"):
        resolve("gopher://host/model")


PAGES = [
    "https://www.kaggle.com/models/google/nnlm/tensorFlow2/en-dim128/1",
    "https://kaggle.com/models/google/nnlm/tensorFlow2/en-dim128/1/",
    "https://www.kaggle.com/models/google/nnlm/TensorFlow2/en-dim128/1?tfhub-redirect=true",
    "https://www.kaggle.com/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim128/versions/1",
    "https://kaggle.com/models/google/nnlm/frameworks/tensorFlow2/variations/en-dim128/versions/1?tfhub-redirect=true#x",
    "kaggle://google/nnlm/tensorFlow2/en-dim128/1",
    "KAGGLE://google/nnlm/TENSORFLOW2/en-dim128/1/",
]


@pytest.mark.parametrize("page", PAGES)
def test_the_forms_of_a_kaggle_page_share_a_key(page):
    assert parse(page).key == "kaggle://google/nnlm/tensorFlow2/en-dim128/1"


def test_the_hosts_of_tfhub_share_a_key():
    hosts = ("tfhub.dev", "www.tfhub.dev", "hub.tensorflow.google.cn", "HUB.TensorFlow.google.cn:443")
    handles = [parse(f"https://{host}/google/nnlm-en-dim128/2") for host in hosts]
    assert {handle.kind for handle in handles} == {Kind.TFHUB}
    assert {handle.key for handle in handles} == {"https://tfhub.dev/google/nnlm-en-dim128/2"}
    assert handles[2].location == "https://hub.tensorflow.google.cn/google/nnlm-en-dim128/2"  # what is asked
    assert parse("https://hub.tensorflow.google.cn.evil.org/google/nnlm/2").kind is Kind.HOSTING


def test_a_kaggle_model_without_version_is_the_latest():
    assert parse("https://kaggle.com/models/a/b/frameworks/jax/variations/c").key == "kaggle://a/b/jax/c"
    assert parse("kaggle://a/b/tfLite/c").key == parse("https://kaggle.com/models/a/b/TfLite/c").key


@pytest.mark.parametrize(
    "handle",
    [
        "kaggle://google/nnlm",
        "kaggle://google/nnlm/tensorFlow2/en-dim128/latest",
        "kaggle://google/nnlm/tensorFlow2/en-dim128/0",
        "kaggle://google/nnlm/tensorFlow2/../1",
        "kaggle://a/b/c/d/1/e",
        "https://www.kaggle.com/models/google/nnlm",
        "https://www.kaggle.com/models/google/nnlm/frameworks/TensorFlow2",
        "https://www.kaggle.com/models/google/nnlm/frameworks/TensorFlow2/versions/1/variations/x",
    ],
)
def test_kaggle_handles_that_name_no_single_model(handle):
    with pytest.raises(HandleError, match=r"kaggle://OWNER/MODEL/FRAMEWORK/VARIATION"):
        parse(handle)


@pytest.mark.parametrize(
    ("handle", "key"),
    [
        ("hf://owner/repo", "hf://owner/repo"),
        ("hf://owner/repo@main/sub//folder/", "hf://owner/repo@main/sub/folder"),
        ("hf://owner/repo@refs%2Fpr%2F1", "hf://owner/repo@refs%2Fpr%2F1"),
        ("https://huggingface.co/owner/repo", "hf://owner/repo"),
        ("https://hf.co/owner/repo/tree/v1.0/sub", "hf://owner/repo@v1.0/sub"),
    ],
)
def test_hugging_face_handles(handle, key):
    assert parse(handle).key == key
    assert parse(key).key == key


@pytest.mark.parametrize(
    "handle",
    [
        "hf://owner",
        "hf://owner/repo@",
        "hf://owner/repo@main/../other",
        "hf://owner/repo/a*",
        "hf://datasets/owner/repo",
        "https://huggingface.co/owner/repo/blob/main/saved_model.pb",
        "https://huggingface.co/owner",
    ],
)
def test_handles_that_name_no_model_on_hugging_face(handle):
    with pytest.raises(HandleError, match=r"hf://OWNER/REPOSITORY"):
        parse(handle)


@pytest.mark.parametrize(
    ("handle", "key"),
    [
        ("gcs://bucket/path/", "gs://bucket/path"),
        ("s3a://bucket/path", "s3://bucket/path"),
        ("sftp://user:word@host/path", "sftp://host/path"),
    ],
)
def test_keys_of_object_stores(handle, key):
    assert parse(handle).key == key
    assert "word" not in repr(parse(handle))


DIGEST = "ab" * 32


def test_a_pin():
    handle = parse(f"https://a.org/m/1@sha256:{DIGEST.upper()}")
    assert (handle.pin, handle.key) == (f"sha256:{DIGEST}", "https://a.org/m/1")
    assert parse(Path(f"models/x@sha256:{DIGEST}")).location == "models/x"
    assert parse("https://a.org/m/1").pin is None


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, DIGEST + "0"])
def test_a_malformed_pin(digest):
    with pytest.raises(HandleError, match="64 hexadecimal digits"):
        parse(f"https://a.org/m/1@sha256:{digest}")


def test_the_public_key_has_no_secrets_and_still_tells_handles_apart():
    one, other = parse("https://a.org/m/1?key=hidden1"), parse("https://a.org/m/1?key=hidden2")
    assert "hidden" not in one.public_key + other.public_key
    assert one.public_key != other.public_key
    assert parse("https://a.org/m/1").public_key == "https://a.org/m/1"


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
    assert handle.text == text and handle.pin is None


def test_importing_the_package_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys, hublayer.hub, hublayer.hub.sources.local, hublayer.hub.sources.hosting;"
        "print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"

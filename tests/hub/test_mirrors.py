import pytest
from hub_folders import contents

from hublayer.errors import HandleError
from hublayer.hub import resolve
from hublayer.hub.mirrors import mirrored, parse_mirrors


def test_a_mirror_of_tfhub_is_one_of_its_other_hosts_too(monkeypatch):
    monkeypatch.setenv(
        "HUBLAYER_MIRRORS", "https://tfhub.dev=http://localhost:1,https://www.tfhub.dev=http://localhost:2"
    )
    assert mirrored("https://hub.tensorflow.google.cn/a/b/1") == "http://localhost:1/a/b/1"
    assert mirrored("https://www.tfhub.dev/a/b/1") == "http://localhost:2/a/b/1"


@pytest.mark.parametrize(
    ("url", "fetched"),
    [
        ("https://tfhub.dev/google/nnlm/2", "http://localhost:8501/google/nnlm/2"),
        ("https://tfhub.dev/google/nnlm/2?a=b", "http://localhost:8501/google/nnlm/2?a=b"),
        ("https://tfhub.dev?a=b", "http://localhost:8501?a=b"),
        ("https://tfhub.dev/tensorflow/x/1", "https://other.org/tf/x/1"),  # the longest prefix wins
        ("https://tfhub.dev/tensorflowjs/x/1", "http://localhost:8501/tensorflowjs/x/1"),
        ("https://tfhub.dev.evil.org/x", "https://tfhub.dev.evil.org/x"),
        ("http://tfhub.dev/x", "http://tfhub.dev/x"),
    ],
)
def test_prefixes(monkeypatch, url, fetched):
    monkeypatch.setenv(
        "HUBLAYER_MIRRORS",
        "https://TFHUB.dev/=http://localhost:8501/, https://tfhub.dev/tensorflow=https://other.org/tf",
    )
    assert mirrored(url) == fetched


def test_pairs_are_separated_by_commas_or_white_space():
    pairs = (("https://a.org", "http://b.org"), ("https://c.org", "https://d.org/x"))
    assert parse_mirrors("https://a.org=http://b.org,https://c.org=https://d.org/x") == pairs
    assert parse_mirrors(" https://a.org=http://b.org\n https://c.org=https://d.org/x ,") == pairs
    assert parse_mirrors("") == ()


@pytest.mark.parametrize(
    "text",
    [
        "https://a.org",
        "a.org=https://b.org",
        "https://a.org=/srv/models",
        "https://a.org=file:///srv/models",
        "https://a.org=https://b.org=https://c.org",
        "https://a.org=https://",
        "https://a.org=https://b.org/?x=1",
    ],
)
def test_malformed_mirrors_name_the_expected_form(monkeypatch, text):
    monkeypatch.setenv("HUBLAYER_MIRRORS", text)
    with pytest.raises(HandleError, match=r"HUBLAYER_MIRRORS is malformed at .*Expected prefix=replacement"):
        resolve("https://a.org/model/1")


def test_a_malformed_mirror_shows_no_password():
    with pytest.raises(HandleError) as caught:
        parse_mirrors("https://user:hidden@a.org=nowhere")
    assert "hidden" not in str(caught.value)


def test_the_mirror_is_asked_and_the_cache_keyed_by_the_handle(monkeypatch, hub_server, model_folder):
    hub_server.add("/mirror/google/nnlm/2", model_folder)
    monkeypatch.setenv("HUBLAYER_MIRRORS", f"https://tfhub.invalid={hub_server.address}/mirror")
    folder = resolve("https://tfhub.invalid/google/nnlm/2")
    assert contents(folder) == contents(model_folder)
    monkeypatch.delenv("HUBLAYER_MIRRORS")
    assert resolve("https://tfhub.invalid/google/nnlm/2/") == folder
    assert hub_server.requests == ["/mirror/google/nnlm/2?tf-hub-format=compressed"]

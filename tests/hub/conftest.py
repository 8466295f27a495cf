from pathlib import Path

import pytest
from hub_folders import make_model

VARIABLES = [
    "HUBLAYER_MIRRORS",
    "HUBLAYER_CONNECT_TIMEOUT",
    "HUBLAYER_READ_TIMEOUT",
    "HUBLAYER_OFFLINE",
    "HUBLAYER_LOCK",
    "HUBLAYER_SHARED_CACHE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TFHUB_CACHE_DIR",
    "TFHUB_DOWNLOAD_PROGRESS",
    "TFHUB_MODEL_LOAD_FORMAT",
    *(f(name) for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for f in (str.lower, str.upper)),
]


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path) -> Path:
    """A cache of its own for each test, and nothing else of ours in the environment."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HUBLAYER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HUBLAYER_RETRIES", "0")
    monkeypatch.setenv("NETRC", str(tmp_path / "no.netrc"))
    return tmp_path / "cache"


@pytest.fixture
def model_folder(tmp_path) -> Path:
    """A folder with the layout of a SavedModel; resolving never looks into the files."""
    return make_model(tmp_path / "source")

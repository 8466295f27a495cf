"""The name of a model on Kaggle, and the pages that show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from hublayer.errors import HandleError

HOSTS = ("kaggle.com", "www.kaggle.com")
SCHEME = "kaggle"

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXPECTED = "kaggle://OWNER/MODEL/FRAMEWORK/VARIATION[/VERSION], as kaggle://google/nnlm/tensorFlow2/en-dim128/1"
# Kaggle's own pages and the redirects of tfhub.dev write these in several ways; its API knows only this one.
_FRAMEWORKS = {
    name.lower(): name
    for name in ("tensorFlow1", "tensorFlow2", "tfLite", "tfJs", "pyTorch", "jax", "flax", "keras", "coral", "other")
}


@dataclass(frozen=True)
class KaggleModel:
    """One variation of a model; ``version`` None is the latest."""

    owner: str
    model: str
    framework: str
    variation: str
    version: int | None = None

    def __str__(self) -> str:
        parts = [self.owner, self.model, self.framework, self.variation]
        return "/".join(parts if self.version is None else [*parts, str(self.version)])

    @property
    def handle(self) -> str:
        """The handle of this model, ``kaggle://…``."""
        return f"{SCHEME}://{self}"


def is_page(host: str | None, path: str) -> bool:
    """Tell whether a URL shows a model on Kaggle."""
    return host in HOSTS and path.startswith("/models/")


def from_handle(path: str, shown: str) -> KaggleModel:
    """Read ``OWNER/MODEL/FRAMEWORK/VARIATION[/VERSION]``.

    Raises:
        HandleError: it has another form.
    """
    return _model(path.strip("/").split("/"), shown)


def from_page(path: str, shown: str) -> KaggleModel:
    """Read the path of a page, with or without the words ``frameworks``, ``variations`` and ``versions``.

    Arguments:
        path: as ``/models/google/nnlm/tensorFlow2/en-dim128/1`` or
            ``/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim128/versions/1``.
        shown: how messages call the handle.
    Raises:
        HandleError: the page shows no single variation.
    """
    parts = [unquote(part) for part in path.strip("/").split("/")][1:]
    owner_and_model, rest = parts[:2], parts[2:]
    if rest[:1] and rest[0].lower() == "frameworks":
        if [word.lower() for word in rest[::2]] != ["frameworks", "variations", "versions"][: len(rest[::2])]:
            raise _malformed(shown)
        rest = rest[1::2]
    return _model(owner_and_model + rest, shown)


def _model(parts: list[str], shown: str) -> KaggleModel:
    if len(parts) not in (4, 5) or not all(_SLUG.fullmatch(part) for part in parts):
        raise _malformed(shown)
    owner, model, framework, variation, *version = parts
    if version and not (version[0].isascii() and version[0].isdigit() and int(version[0]) > 0):
        raise _malformed(shown)
    framework = _FRAMEWORKS.get(framework.lower(), framework)
    return KaggleModel(owner, model, framework, variation, int(version[0]) if version else None)


def _malformed(shown: str) -> HandleError:
    return HandleError(
        f"The handle {shown!r} names no single model on Kaggle; expected {_EXPECTED}, or the page of one variation. "
        "On the model's page choose framework and variation, and copy the handle from there."
    )

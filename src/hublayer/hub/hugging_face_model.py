"""The name of a model on Hugging Face: a repository, a revision and a folder in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from hublayer.errors import HandleError

HOSTS = ("huggingface.co", "hf.co")
SCHEME = "hf"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_EXPECTED = "hf://OWNER/REPOSITORY[@REVISION][/FOLDER], as hf://Dimitre/universal-sentence-encoder@main"


@dataclass(frozen=True)
class HuggingFaceModel:
    """``revision`` None is the repository's main branch, ``folder`` "" its root."""

    repository: str
    revision: str | None = None
    folder: str = ""

    @property
    def handle(self) -> str:
        """The handle of this model, ``hf://…``; a slash in the revision is written %2F."""
        at = "" if self.revision is None else "@" + quote(self.revision, safe="")
        return f"{SCHEME}://{self.repository}{at}" + (f"/{self.folder}" if self.folder else "")

    @property
    def is_fixed(self) -> bool:
        """Whether the revision is a commit, which never changes."""
        return self.revision is not None and _COMMIT.fullmatch(self.revision) is not None


def from_handle(path: str, shown: str) -> HuggingFaceModel:
    """Read ``OWNER/REPOSITORY[@REVISION][/FOLDER]``.

    Raises:
        HandleError: it has another form.
    """
    owner, _, rest = path.strip("/").partition("/")
    repository_and_revision, _, folder = rest.partition("/")
    repository, at, revision = repository_and_revision.partition("@")
    return _model(owner, repository, unquote(revision) if at else None, folder, shown)


def from_page(path: str, shown: str) -> HuggingFaceModel:
    """Read the path of a repository's page: ``/OWNER/REPOSITORY`` or ``/OWNER/REPOSITORY/tree/REVISION/FOLDER``.

    Raises:
        HandleError: the page shows something else.
    """
    parts = [unquote(part) for part in path.strip("/").split("/")]
    owner, repository, *rest = parts if len(parts) > 1 else [*parts, ""]
    if rest and (rest[0] != "tree" or len(rest) < 2):
        raise _malformed(shown)
    return _model(owner, repository, rest[1] if rest else None, "/".join(rest[2:]), shown)


def _model(owner: str, repository: str, revision: str | None, folder: str, shown: str) -> HuggingFaceModel:
    parts = [part for part in folder.split("/") if part]
    names_fit = _NAME.fullmatch(owner) and _NAME.fullmatch(repository)
    # The folder becomes a pattern of huggingface_hub's.
    folder_fits = not any(part in (".", "..") or re.search(r"[*?\[\]\\\0]", part) for part in parts)
    if not (names_fit and folder_fits) or revision == "" or owner in ("datasets", "spaces"):
        raise _malformed(shown)
    return HuggingFaceModel(f"{owner}/{repository}", revision, "/".join(parts))


def _malformed(shown: str) -> HandleError:
    return HandleError(f"The handle {shown!r} names no model on Hugging Face; expected {_EXPECTED}.")

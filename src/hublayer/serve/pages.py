"""The pages of the catalogue."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from hublayer import __version__
from hublayer.info import Total
from hublayer.info_tables import bytes_text, printable
from hublayer.savedmodel.specs import Shape, describe
from hublayer.serve.archives import Archive
from hublayer.serve.catalogue import Catalogue, Listed, Model, listed
from hublayer.serve.facts import Facts, FactsReader
from hublayer.serve.usage import usage

ROWS = 50
_SECONDS_FOR_A_LIST = 3.0
_LONGEST_QUERY = 200
STATIC = "-/"


@dataclass(frozen=True)
class Row:
    """A model in the list. is_read: False if there was no time to read it."""

    listed: Listed
    facts: Facts

    @property
    def is_read(self) -> bool:
        return self.facts.info is not None or self.facts.error is not None


class Pages:
    """Renders the pages; every text that comes from a model or a request is escaped."""

    def __init__(self, catalogue: Catalogue, reader: FactsReader, base_path: str, has_token: bool):
        """
        Arguments:
            base_path: what precedes the paths of links, where a proxy puts the server below a path of its own.
            has_token: whether to say how clients log in.
        """
        self._catalogue = catalogue
        self._reader = reader
        self._base_path = base_path.rstrip("/")
        self._has_token = has_token
        self._environment = Environment(
            loader=PackageLoader("hublayer.serve"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "bytes": bytes_text,
            "described": describe,
            "printable": printable,
            "shape": _shape,
            "total": _total,
        }
        self._environment.globals |= {
            "title_of_catalogue": catalogue.title,
            "version": __version__,
            "style": self._link(f"{STATIC}style.css"),
            "icon": self._link(f"{STATIC}icon.svg"),
            "home": self._link(""),
            "link": self._link,
            "search": self._search,
        }

    def models(self, query: str, page: int) -> str:
        """The list of the models whose names contain every word of the query, from page 1 on."""
        query = query[:_LONGEST_QUERY].strip()
        words = query.casefold().split()
        every = listed(self._catalogue.models())
        fitting = [row for row in every if all(word in row.name.casefold() for word in words)]
        pages = max(math.ceil(len(fitting) / ROWS), 1)
        page = min(max(page, 1), pages)
        rows = self._rows(fitting[(page - 1) * ROWS : page * ROWS])
        return self._render(
            "models.html", query=query, rows=rows, found=len(fitting), every=len(every), page=page, pages=pages
        )

    def model(self, name: str, model: Model, archive: Archive | None, base_url: str) -> str:
        """The page of a model that was asked for by ``name``, with or without its version."""
        facts = self._reader.read(model)
        info = facts.info
        url = f"{base_url}/{quote(model.name)}"
        example = facts.example
        is_default = info is not None and info.default_endpoint is not None
        row = next((row for row in listed(self._catalogue.models()) if _contains(row, model)), Listed(name, model))
        return self._render(
            "model.html",
            name=name,
            model=model,
            facts=facts,
            info=info,
            url=url,
            host=base_url.partition("://")[2].partition("/")[0].rpartition(":")[0],
            versions=row.versions,
            family=row.name,
            latest=row.versions[0] if row.versions else model,
            code=usage(url, example, is_default) if info is not None else None,
            archive=archive,
            download=f"{self._link(model.name)}?tf-hub-format=compressed",
            has_token=self._has_token,
        )

    def problem(self, title: str, message: str) -> str:
        """A page that says what went wrong."""
        return self._render("problem.html", title=title, message=message)

    def _rows(self, chosen: Sequence[Listed]) -> list[Row]:
        # Graphs of hundreds of megabytes take seconds each; those left over are read when the list is next asked for.
        end = time.monotonic() + _SECONDS_FOR_A_LIST
        read = self._reader.read, self._reader.known
        return [Row(one, read[time.monotonic() > end](one.model)) for one in chosen]

    def _link(self, name: str) -> str:
        return f"{self._base_path}/{quote(name)}"

    def _search(self, query: str, page: int = 1) -> str:
        parameters = {name: value for name, value in (("q", query), ("page", page if page > 1 else "")) if value}
        return self._link("") + (f"?{urlencode(parameters)}" if parameters else "")

    def _render(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(**values)


def _contains(row: Listed, model: Model) -> bool:
    return row.model.name == model.name or any(version.name == model.name for version in row.versions)


def _shape(shape: Shape) -> str:
    return "any" if shape is None else "(" + ", ".join("?" if size is None else str(size) for size in shape) + ")"


def _total(total: Total) -> str:
    if not total.count:
        return "none"
    known = f"{total.elements:,} in {total.count:,} variable{'s' * (total.count != 1)} ({bytes_text(total.nbytes)})"
    return known + (f", {total.unknown:,} of unknown size" if total.unknown else "")

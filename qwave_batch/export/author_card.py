"""The author's words about a dataset: what a run can't know of it, from a YAML file that is checked like a spec."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.spec.checked_yaml import read_checked_yaml
from qwave_batch.spec.yaml.source_map import SourceMap

RAI_FIELDS = ("dataLimitations", "dataBiases", "personalSensitiveInformation", "dataUseCases", "dataSocialImpact")
"""Facts about a dataset that only its author can state, and that conferences ask for."""
OTHER_LICENSE = "other"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """A person or an organization that made a dataset."""

    name: str
    is_organization: bool = False
    url: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorCard:
    """The words of a dataset's author; what they left out is empty."""

    pretty_name: str = ""
    description: str = ""
    license: str = OTHER_LICENSE
    """In lower case, as the Hub has it."""
    license_name: str = ""
    license_link: str = ""
    language: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    task_categories: tuple[str, ...] = ()
    creators: tuple[Creator, ...] = ()
    citation: str = ""
    url: str = ""
    published: str = ""
    """A day: ``2026-11-28``."""
    version: str = ""
    rai: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The texts under each of ``RAI_FIELDS``; those without a word are not in it."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The keys of what only its author can say about a dataset, and has not."""
        said = {
            "license": self.license != OTHER_LICENSE or self.license_name or self.license_link,
            "creators": self.creators,
            "url": self.url,
            "published": self.published,
        }
        return (
            *(name for name in RAI_FIELDS if name not in self.rai),
            *(key for key, is_said in said.items() if not is_said),
        )


NO_CARD = AuthorCard()
"""The card of an author who says nothing."""


def read_card(path: Path) -> AuthorCard:
    """Return the author's words in a file.

    Raises:
        SpecError: the file has mistakes; all of them are listed.
        UsageError: it can't be read.
    """
    said, _ = read_checked_yaml(
        path, "card.schema.json", of="card", most="a card is a few pages", check=_further_problems
    )
    return _card(dict(said)) if isinstance(said, Mapping) else NO_CARD


def _further_problems(value: Json, source_map: SourceMap, _: frozenset[str]) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        return
    published = value.get("published")
    if isinstance(published, str) and _DAY.fullmatch(published) and not _is_day(published):
        yield Problem(
            message=f'"{published}" is not a day of the calendar',
            path="published",
            place=source_map.place(("published",)),
        )
    if "license_name" in value and value.get("license") != OTHER_LICENSE:
        yield Problem(
            message="a license_name is for a license that has no identifier",
            path="license_name",
            place=source_map.key_place(("license_name",)),
            suggestion=f"write license: {OTHER_LICENSE} beside it, or remove it",
        )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _card(said: dict[str, Any]) -> AuthorCard:
    return AuthorCard(
        **{name: said[name].strip() for name in _PLAIN if name in said},
        license=said.get("license", OTHER_LICENSE).lower(),
        language=_texts(said.get("language", ())),
        tags=_texts(said.get("tags", ())),
        task_categories=_texts(said.get("task_categories", ())),
        creators=tuple(map(_creator, said.get("creators", ()))),
        rai={name: _texts(said[name]) for name in RAI_FIELDS if said.get(name)},
    )


_PLAIN = ("pretty_name", "description", "license_name", "license_link", "citation", "url", "published", "version")


def _texts(said: Any) -> tuple[str, ...]:
    return tuple(text.strip() for text in ([said] if isinstance(said, str) else said))


def _creator(said: Any) -> Creator:
    if isinstance(said, str):
        return Creator(name=said.strip())
    return Creator(
        name=said["name"].strip(),
        is_organization=said.get("type") == "organization",
        url=said.get("url", ""),
        email=said.get("email", ""),
    )

"""Finds links that are signed for a time: signed anew, the same image is another job."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Path

_MARKS: Mapping[str, frozenset[str]] = {
    "x-amz-signature": frozenset(),
    "x-goog-signature": frozenset(),
    "x-oss-signature": frozenset(),
    "q-signature": frozenset(),
    "signature": frozenset({"expires", "policy", "key-pair-id"}),
    "sig": frozenset({"se"}),
}
"""By the parameter that holds a signature: where its name is a common word, those one of which stands beside it."""
_OF_SIGNING = re.compile(
    r"(?i)(?:x-(?:amz|goog|oss)-|q-)|(?:awsaccesskeyid|googleaccessid|ossaccesskeyid|security-token)$"
)
_BESIDE = {
    "signature": frozenset({"signature", "expires", "policy", "key-pair-id"}),
    "sig": frozenset({"sig", "se", "sp", "sr", "sv", "st", "spr", "skoid", "sktid", "skt", "ske", "sks", "skv"}),
}
_HOLDING = (str, list, tuple, dict)


def signature_in(link: str) -> str | None:
    """Return the name of the parameter that signs a link for a time, as it is written; None for any other text."""
    if "?" not in link or not link[:8].lower().startswith(("http://", "https://")):
        return None
    names = {part.partition("=")[0].casefold(): part.partition("=")[0] for part in _parts(link)}
    for mark, beside in _MARKS.items():
        if mark in names and (not beside or not beside.isdisjoint(names)):
            return names[mark]
    return None


def unsigned(link: str) -> str:
    """Return a signed link without what each signing makes anew, and any other as it is."""
    mark = signature_in(link)
    if mark is None:
        return link
    gone = _BESIDE.get(mark.casefold(), frozenset({mark.casefold()}))
    kept = [
        part
        for part in _parts(link)
        if (name := part.partition("=")[0].casefold()) not in gone and not _OF_SIGNING.match(name)
    ]
    return f"{link.partition('?')[0]}?{'&'.join(kept)}"


def is_signed(request: JsonObject) -> bool:
    """Whether a request has a link that is signed for a time."""
    return any(
        signature_in(link) is not None
        for name, value in request.items()
        if name != "prompt" and type(value) in _HOLDING
        for link in links_in(value)
    )


def without_signatures(value: Json) -> Json:
    """Return a value of a request with its links unsigned."""
    if isinstance(value, str):
        return unsigned(value)
    if isinstance(value, list | tuple):
        return [without_signatures(item) for item in value]
    if isinstance(value, Mapping):
        return {name: without_signatures(item) for name, item in value.items()}
    return value


def links_in(value: Json) -> Iterator[str]:
    """Yield the texts inside of a field that may be links with parameters."""
    if isinstance(value, str):
        if "?" in value and value[:4].lower() == "http":
            yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from links_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from links_in(item)


def _parts(link: str) -> list[str]:
    try:
        return [part for part in urlsplit(link).query.split("&") if part]
    except ValueError:  # of an address that is none, which the catalog tells
        return []


@dataclass(slots=True)
class SignedLinks:
    """The signed links of a plan, by the place of the field that has them."""

    _found: dict[Path, set[int]] = field(default_factory=dict)
    _marks: dict[Path, str] = field(default_factory=dict)

    def note(self, value: Json, where: Path) -> None:
        """Look at the value of a field of a request."""
        for link in links_in(value):
            mark = signature_in(link)
            if mark is not None:
                self._marks.setdefault(where, mark)
                self._found.setdefault(where, set()).add(hash(link))

    def __bool__(self) -> bool:
        return bool(self._found)

    def tell(self, faults: ProblemCollector) -> None:
        """Note the fields that have such links, each with their number."""
        faults.row = None
        for where, links in self._found.items():
            number = f"{len(links):,} links are" if len(links) > 1 else "1 link is"
            faults.add(
                where,
                f"{number} signed for a time ({self._marks[where]}): a link signed anew is another job, made and paid "
                "again, and the signature is written into the run folder",
                suggestion="use public addresses, or links that stay",
                warning=True,
            )

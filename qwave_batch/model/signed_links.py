"""Finds links with an expiring signature: with a new signature, the same image becomes another job."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from qwave_batch.model.jsontypes import Json, JsonObject

_MARKS: Mapping[str, frozenset[str]] = {
    "x-amz-signature": frozenset(),
    "x-goog-signature": frozenset(),
    "x-oss-signature": frozenset(),
    "q-signature": frozenset(),
    "signature": frozenset({"expires", "policy", "key-pair-id"}),
    "sig": frozenset({"se"}),
}
"""By the parameter that holds a signature: if its name is a common word, the parameters one of which accompanies it."""
_OF_SIGNING = re.compile(
    r"(?i)(?:x-(?:amz|goog|oss)-|q-)|(?:awsaccesskeyid|googleaccessid|ossaccesskeyid|security-token)$"
)
_BESIDE = {
    "signature": frozenset({"signature", "expires", "policy", "key-pair-id"}),
    "sig": frozenset({"sig", "se", "sp", "sr", "sv", "st", "spr", "skoid", "sktid", "skt", "ske", "sks", "skv"}),
}
_LINK = re.compile(r"""(?i)https?://[^\s"'<>]+""")
_HOLDING = (str, list, tuple, dict)


def signature_in(link: str) -> str | None:
    """Return the name of the parameter with the expiring signature of a link, as written; None for any other text."""
    if "?" not in link or not link[:8].lower().startswith(("http://", "https://")):
        return None
    names = {part.partition("=")[0].casefold(): part.partition("=")[0] for part in _parts(link)}
    for mark, beside in _MARKS.items():
        if mark in names and (not beside or not beside.isdisjoint(names)):
            return names[mark]
    return None


def unsigned(link: str) -> str:
    """Return a signed link without the parameters that change with each signature, and any other text unchanged."""
    mark = signature_in(link)
    if mark is None:
        return link
    gone = _BESIDE.get(mark.casefold(), frozenset({mark.casefold()}))
    kept = [
        part
        for part in _parts(link)
        if (name := part.partition("=")[0].casefold()) not in gone and not _OF_SIGNING.match(name)
    ]
    start, _, rest = link.partition("?")
    fragment = "#" + rest.partition("#")[2] if "#" in rest else ""
    return f"{start}?{'&'.join(kept)}{fragment}" if kept else start + fragment


def unsigned_text(text: str) -> str:
    """Return a text, such as an error that names an address, with the links in it unsigned."""
    return _LINK.sub(lambda found: unsigned(found[0]), text)


def is_signed(request: JsonObject) -> bool:
    """Whether a request has a link with an expiring signature."""
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
    """Yield the texts inside a field that may be links with parameters."""
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
    except ValueError:  # an invalid address, which the catalog reports
        return []

"""Text from a server, made fit for people, terminals and the ledger."""

from collections.abc import Callable
from typing import TypeAlias

from qwave_batch.model.jsontypes import Json

Scrub: TypeAlias = Callable[[str], str]
"""Takes secrets out of a text."""

MAX_LENGTH = 1000


def words(value: Json, *, limit: int = MAX_LENGTH, scrub: Scrub = str) -> str:
    """Return a text on one line, without control characters or lone surrogates, cut short; empty for no text.

    Secrets are taken out first: a cut could leave half of one.
    """
    if not isinstance(value, str):
        return ""
    start = scrub(value)[: 4 * limit]  # whatever is cut here would be cut below
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in start).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"

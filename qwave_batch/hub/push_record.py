"""The record that a push leaves in the repository: a later one knows by it what is its own."""

import hashlib
import json
from dataclasses import dataclass

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class PushRecord:
    """The share of earlier pushes in a repository."""

    card_oid: str | None = None
    """The hash that git gives the card they wrote; None before there was one."""

    def data(self) -> bytes:
        """Return the content of the file."""
        told = {
            "push": _FORMAT,
            "note": "written by qwave-batch; the numbered images and the tables below data/ are replaced by its pushes",
            "card": self.card_oid,
        }
        return json.dumps(told, indent=1).encode() + b"\n"


def read_push_record(data: bytes) -> PushRecord:
    """Return the record in a file; of one that makes no sense that of a push which was cut off before its card."""
    try:
        told = json.loads(data)
    except ValueError:
        return PushRecord()
    card = told.get("card") if isinstance(told, dict) else None
    return PushRecord(card if isinstance(card, str) else None)


def git_oid_of(data: bytes) -> str:
    """Return the hash that git gives a file of this content."""
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()

"""The view of a report, as the fragment of the page's address says it: ``#page=grid&rows=prompt&cols=model``."""

from dataclasses import dataclass, fields
from urllib.parse import parse_qsl

from qwave_batch.errors import UnknownName, UsageError

ALL = "all"
"""The value of a filter that lets everything through."""
NONE = "none"
"""The axis of rows or columns that go along none."""
_OF_PAGES = frozenset({"page", "job", "compare", "axis", "rater", "criterion"})
"""Keys that say something of the page and nothing of the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The grid's axes and filters."""

    rows: str = ""
    """An axis by its name, or ``none``; empty where the data decide, as ``default_axes`` does."""
    cols: str = ""
    superrows: str = NONE
    supercols: str = NONE
    q: str = ""
    status: str = ALL
    model: str = ALL
    tag: str = ALL

    @classmethod
    def of_fragment(cls, text: str) -> "ReportView":
        """Return the view of a fragment, with or without ``#``, or of a whole address.

        Raises:
            UsageError: it is not one.
        """
        fragment = text.rpartition("#")[2] if "#" in text else text
        if not fragment.strip():
            return cls()
        try:
            pairs = dict(parse_qsl(fragment, keep_blank_values=True, strict_parsing=True, errors="strict"))
        except (ValueError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{text!r} is not a view: copy what follows # in the page's address, as in rows=prompt&cols=model"
            ) from error
        known = [one.name for one in fields(cls)]
        for key in pairs:
            if key not in known and key not in _OF_PAGES:
                raise UnknownName("key of a view", key, known, hint=f"there is {', '.join(known)}")
        return cls(**{key: value for key, value in pairs.items() if key in known and value})

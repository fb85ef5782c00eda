"""The view of a report, as the fragment of the page's address says it: ``#page=grid&rows=prompt&cols=model``."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from qwave_batch.errors import UnknownName, UsageError

ALL = "all"
"""The value of a filter that lets everything through."""
NONE = "none"
"""The axis of rows or columns that go along none."""
_TEXTS = ("rows", "cols", "superrows", "supercols", "q", "status", "model", "stage", "tag", "showscore", "sort")
CHAINS = "chains"
"""The page that shows chains."""
WORST, BEST = "worst", "best"
MISSING = "none"
"""The comparison that images without the score meet."""
COMPARISONS = ("lt", "le", "ge", "gt", MISSING)
_PARTS = 3
_NUMBER = re.compile(r"[+-]?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_OF_PAGES = frozenset({"page", "size", "job", "image", "compare", "axis", "rater", "criterion"})
"""Keys that say something of the page and nothing of which job stands where."""
_NO_VALUE = "-"


@dataclass(frozen=True, slots=True)
class AxisMove:
    """A value of an axis that was moved before another; values are named by their keys, None for none."""

    axis: str
    value: str | None
    before: str | None
    is_last: bool
    """Whether it was moved to the end; ``before`` means nothing then."""


@dataclass(frozen=True, slots=True)
class ScoreCondition:
    """A filter by a score."""

    name: str
    comparison: str
    """One of ``COMPARISONS``."""
    limit: float | None
    """None where the view does not say it: then everything is let through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The grid's axes and filters."""

    is_of_chains: bool = False
    """Whether it is one of the page Chains, which has a row for each chain and a column for each stage."""
    rows: str = ""
    """An axis by its name, or ``none``; empty where the data decide, as ``with_default_axes`` does."""
    cols: str = ""
    superrows: str = NONE
    supercols: str = NONE
    q: str = ""
    status: str = ALL
    model: str = ALL
    stage: str = ALL
    tag: str = ALL
    score: ScoreCondition | None = None
    showscore: str = ""
    """The score that stands below each job; empty for none."""
    sort: str = ""
    """``worst`` or ``best`` by the score that is shown first; empty for the order of the plan."""
    hide: tuple[tuple[str, str | None], ...] = ()
    """Axes and the keys of their values that are hidden."""
    order: tuple[AxisMove, ...] = ()
    """One move after the other."""

    @classmethod
    def of_fragment(cls, text: str) -> "ReportView":
        """Return the view of a fragment, with or without ``#``, or of a whole address.

        Raises:
            UsageError: it is not one, or filters by what only the page knows.
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
        _check_keys(pairs)
        items = [[_part(part) for part in item.split(":")] for item in _items(pairs.get("hide", ""))]
        moves = [[_part(part) for part in item.split(":")] for item in _items(pairs.get("order", ""))]
        return cls(
            is_of_chains=pairs.get("page") == CHAINS,
            **{key: pairs[key] for key in _TEXTS if pairs.get(key)},
            score=_condition(pairs.get("score", "")),
            hide=tuple((axis, value) for axis, value, *_ in filter(_is_whole, items) if axis),
            order=tuple(
                AxisMove(axis, value, rest[0] if rest else None, not rest)
                for axis, value, *rest in filter(_is_whole, moves)
                if axis
            ),
        )


def _check_keys(pairs: dict[str, str]) -> None:
    known = (*_TEXTS, "score", "hide", "order")
    if pairs.get("sort", "") not in {"", WORST, BEST}:
        raise UsageError(f"sort={pairs['sort']} is not an order of a view: it is {WORST} or {BEST}")
    for key, value in pairs.items():
        if key in {"pick", "change"}:
            if value not in {"", ALL}:
                raise UsageError(f"{key}={value} is a filter that only the page has: take it out of the view")
        elif key not in known and key not in _OF_PAGES:
            raise UnknownName("key of a view", key, known, hint=f"there is {', '.join(known)}")


def _condition(text: str) -> ScoreCondition | None:
    if not text:
        return None
    parts = [_part(part) or "" for part in text.split(":")]
    name, comparison, limit = (*parts, "", "")[:3]
    if len(parts) > _PARTS or not name or comparison not in COMPARISONS or (limit and not _NUMBER.fullmatch(limit)):
        raise UsageError(
            f"score={text} is not a filter of a view: it is NAME:COMPARISON:NUMBER, as in ocr.cer:gt:0.1, and the "
            f"comparison one of {', '.join(COMPARISONS)}"
        )
    return ScoreCondition(name, comparison, float(limit) if limit else None)


def _items(text: str) -> list[str]:
    return text.split(",") if text else []


def _part(text: str) -> str | None:
    return None if text == _NO_VALUE else unquote(text)


def _is_whole(parts: list[str | None]) -> bool:
    """Whether an item names an axis and a value; others are passed over, as the page does."""
    return len(parts) > 1

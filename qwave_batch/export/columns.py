"""The columns of an export: their names, their types, and the values of a row in them.

The types hold for the whole export, so that a reader never meets another one later: those of the axes are worked out
over all rows. Text in a value is always text that every encoding and reader takes.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from qwave_batch.export.export_rows import ExportRow
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.record import ImageFile
from qwave_batch.model.signed_links import without_signatures
from qwave_batch.output.times import iso_from_unix

AXIS = "axis_"
SCORE = "score_"
_OPENED_ENDINGS = ("_file_name", "_file_names")
_LONGEST_INTEGER = 1 << 63
_EXACT_IN_REAL = 1 << 53

Value: TypeAlias = "str | int | float | bool | list[str] | None"
"""A value as a table holds it."""


class ColumnKind(StrEnum):
    """The types of columns."""

    TEXT = "text"
    INTEGER = "integer"
    """64 bits."""
    REAL = "real"
    BOOLEAN = "boolean"
    TEXTS = "texts"
    """A list of text."""
    JSON = "json"
    """The JSON text of a value."""
    MOMENT = "moment"
    """ISO 8601 text, in UTC; tables with a type for times have it as one."""


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column."""

    name: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """An image file as an export holds it."""

    format: str
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, image: ImageFile) -> "ImageFacts":
        """Return the facts of a run's file."""
        return cls(
            format=image.format,
            width=image.width,
            height=image.height,
            size_bytes=image.size_bytes,
            sha256=image.sha256,
        )


_Get: TypeAlias = Callable[[ExportRow, "ImageFacts | None"], Value]
_FIXED: Mapping[str, tuple[ColumnKind, _Get]] = {
    "prompt": (ColumnKind.TEXT, lambda row, _: row.line.prompt),
    "prompt_id": (ColumnKind.TEXT, lambda row, _: row.line.prompt_id),
    "job_id": (ColumnKind.TEXT, lambda row, _: row.line.job_id),
    "image_index": (ColumnKind.INTEGER, lambda row, _: row.image_index),
    "model": (ColumnKind.TEXT, lambda row, _: row.line.model),
    "action": (ColumnKind.TEXT, lambda row, _: row.line.action),
    "stage": (ColumnKind.TEXT, lambda row, _: row.line.stage or None),
    "parents": (ColumnKind.JSON, lambda row, _: _parents(row)),
    "seed": (ColumnKind.INTEGER, lambda row, _: _seed(row)),
    "repeat": (ColumnKind.INTEGER, lambda row, _: row.line.repeat),
    "tags": (ColumnKind.TEXTS, lambda row, _: list(row.line.tags)),
    "meta": (ColumnKind.JSON, lambda row, _: json_text(row.line.meta)),
    "request": (ColumnKind.JSON, lambda row, _: json_text(without_signatures(row.line.request))),
    "width": (ColumnKind.INTEGER, lambda _, image: None if image is None else image.width),
    "height": (ColumnKind.INTEGER, lambda _, image: None if image is None else image.height),
    "format": (ColumnKind.TEXT, lambda _, image: None if image is None else image.format),
    "bytes": (ColumnKind.INTEGER, lambda _, image: None if image is None else image.size_bytes),
    "sha256": (ColumnKind.TEXT, lambda _, image: None if image is None else image.sha256),
    "source_sha256": (ColumnKind.TEXT, lambda row, _: None if row.image is None else row.image.sha256),
    "source_path": (ColumnKind.TEXT, lambda row, _: None if row.image is None else row.image.path),
    "cost_usd": (ColumnKind.REAL, lambda row, _: row.line.cost_usd),
    "image_cost_usd": (ColumnKind.REAL, lambda row, _: _share_of_cost(row)),
    "seconds": (ColumnKind.REAL, lambda row, _: row.line.seconds),
    "submitted_at": (ColumnKind.MOMENT, lambda row, _: _moment(row.line.submitted_at)),
    "completed_at": (ColumnKind.MOMENT, lambda row, _: _moment(row.line.completed_at)),
    "task_id": (ColumnKind.TEXT, lambda row, _: row.line.task_id),
    "pick": (ColumnKind.TEXT, lambda row, _: row.picked.verdict and row.picked.verdict.value),
    "rating": (ColumnKind.REAL, lambda row, _: row.picked.rating),
    "status": (ColumnKind.TEXT, lambda row, _: row.line.status.value),
    "error_code": (ColumnKind.TEXT, lambda row, _: None if row.line.error is None else row.line.error.code),
    "error_message": (ColumnKind.TEXT, lambda row, _: None if row.line.error is None else row.line.error.message),
}
_ALWAYS = frozenset(
    {
        "prompt", "prompt_id", "job_id", "image_index", "model", "action", "seed", "tags", "request", "width",
        "height", "sha256", "cost_usd", "completed_at", "status",
    }
)  # fmt: skip
"""Columns that every export has; the others are there where a row has a value."""
_NEVER_EMPTY = frozenset({"prompt", "prompt_id", "job_id", "model", "action", "repeat", "request", "status"})
_MAY_BE_EMPTY = [(name, get) for name, (_, get) in _FIXED.items() if name not in _NEVER_EMPTY]
_AFTER_AXES = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTable:
    """The columns of one export, in order."""

    columns: tuple[ExportColumn, ...]
    filled: frozenset[str]
    """The columns with a value in some row."""
    with_gaps: frozenset[str]
    """The columns without a value in some row."""
    scores: Mapping[str, str] = field(default_factory=dict)
    """The full names of scores, by column."""

    def record_of(self, row: ExportRow, image: ImageFacts | None) -> dict[str, Value]:
        """Return the values of a row by column.

        Args:
            row: The row.
            image: Its image as it was exported; None for a row without one.
        """
        return {
            column.name: row.scores.get(self.scores[column.name])
            if column.name in self.scores
            else _value(column, row, image)
            for column in self.columns
        }


def axis_column(axis: str) -> str:
    """Return the name of an axis's column; no two axes have the same.

    Hugging Face's libraries open what stands in a column whose name ends in ``_file_name``: such a name gets a ``_``.
    """
    return f"{AXIS}{axis}_" if _is_opened(axis) else f"{AXIS}{axis}"


def axis_of_column(column: str) -> str:
    """Return the axis that a column of ``axis_column`` is for."""
    axis = column.removeprefix(AXIS)
    return axis[:-1] if _is_opened(axis) else axis


def score_columns(names: Iterable[str]) -> dict[str, str]:
    """Return the full names of scores by their columns: ``score_ocr_cer`` for ``ocr.cer``; no two have the same.

    Two that would, such as those of ``a.b_c`` and ``a_b.c``, have ``__`` between scorer and output.
    """
    names = list(names)
    plain = [_score_column(name, "_") for name in names]
    return {
        column if plain.count(column) == 1 else _score_column(name, "__"): name
        for name, column in zip(names, plain, strict=True)
    }


def _score_column(name: str, between: str) -> str:
    column = f"{SCORE}{name.replace('.', between)}"
    return f"{column}_" if _is_opened(column) else column


def _is_opened(axis: str) -> bool:
    return f"_{axis.rstrip('_')}".endswith(_OPENED_ENDINGS)


def _value(column: ExportColumn, row: ExportRow, image: ImageFacts | None) -> Value:
    known = _FIXED.get(column.name)
    if known is not None:
        return well_formed(known[1](row, image))
    if column.name == "run":
        return row.run
    if column.name == "split":
        return row.split
    return _as_kind(row.line.axes.get(axis_of_column(column.name)), column.kind)


@dataclass(slots=True)
class ColumnSurvey:
    """Works out the columns of an export, a row at a time."""

    has_splits: bool
    has_runs: bool
    axes: dict[str, set[ColumnKind]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    with_gaps: set[str] = field(default_factory=set)
    beyond_real: set[str] = field(default_factory=set)
    """Axes with a whole number that a column of reals would round."""
    scores: dict[str, int] = field(default_factory=dict)
    """Rows with a number, by the score's full name."""
    rows: int = 0

    def add(self, row: ExportRow) -> None:
        """Take a row into account."""
        image = None if row.image is None else ImageFacts.of(row.image)
        for name, get in _MAY_BE_EMPTY:
            (self.with_gaps if _is_empty(get(row, image)) else self.filled).add(name)
        for name, axis in row.line.axes.items():
            if name not in self.axes and self.rows:
                self.with_gaps.add(axis_column(name))
            kinds = self.axes.setdefault(name, set())
            if isinstance(axis, int) and abs(axis) > _EXACT_IN_REAL:
                self.beyond_real.add(name)
            if axis is None:
                self.with_gaps.add(axis_column(name))
            else:
                kinds.add(_kind_of(axis))
                self.filled.add(axis_column(name))
        self.with_gaps.update(axis_column(name) for name in self.axes if name not in row.line.axes)
        for name in row.scores:
            self.scores[name] = self.scores.get(name, 0) + 1
        self.rows += 1

    def table(self) -> ExportTable:
        """Return the columns of the rows so far."""
        names = [name for name in _FIXED if name in _ALWAYS or name in _NEVER_EMPTY or name in self.filled]
        at = names.index(_AFTER_AXES)
        axes = [ExportColumn(axis_column(name), self._kind_of_axis(name)) for name in self.axes]
        columns = [ExportColumn(name, _FIXED[name][0]) for name in names]
        extra = [ExportColumn("run", ColumnKind.TEXT)] if self.has_runs else []
        extra += [ExportColumn("split", ColumnKind.TEXT)] if self.has_splits else []
        scores = score_columns(sorted(self.scores))
        extra += [ExportColumn(name, ColumnKind.REAL) for name in scores]
        with_gaps = {column for column, name in scores.items() if self.scores[name] < self.rows}
        return ExportTable(
            columns=(*columns[:at], *axes, *columns[at:], *extra),
            filled=frozenset(self.filled | {column.name for column in extra} | (_NEVER_EMPTY if self.rows else set())),
            with_gaps=frozenset(self.with_gaps | with_gaps),
            scores=scores,
        )

    def _kind_of_axis(self, name: str) -> ColumnKind:
        kinds = self.axes[name]
        if len(kinds) == 1:
            return next(iter(kinds))
        is_real = kinds == {ColumnKind.INTEGER, ColumnKind.REAL} and name not in self.beyond_real
        return ColumnKind.REAL if is_real else ColumnKind.TEXT


def _is_empty(value: Value) -> bool:
    return value is None or value in ([], "{}")


def _kind_of(value: Json) -> ColumnKind:
    match value:
        case bool():
            return ColumnKind.BOOLEAN
        case int():
            return ColumnKind.INTEGER if -_LONGEST_INTEGER <= value < _LONGEST_INTEGER else ColumnKind.TEXT
        case float():
            return ColumnKind.REAL
        case str():
            return ColumnKind.TEXT
        case _:
            return ColumnKind.JSON


def _as_kind(value: Json, kind: ColumnKind) -> Value:
    if value is None:
        return None
    if kind is ColumnKind.REAL and isinstance(value, int | float):
        return float(value)
    if kind is ColumnKind.TEXT and isinstance(value, str):
        return well_formed(value)
    if kind in {ColumnKind.TEXT, ColumnKind.JSON}:
        return json_text(value)
    assert isinstance(value, str | int | float), value  # noqa: S101 - the survey has seen all values
    return value


def json_text(value: Json) -> str:
    """Return the JSON text of a value; what no encoding takes stands as JSON's own escape."""
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def well_formed(value: Value) -> Value:
    """Return a value whose text has a replacement character for each half of a surrogate pair."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [str(well_formed(text)) for text in value]
    return value


def _seed(row: ExportRow) -> int | None:
    seed = row.line.request.get("seed")
    is_whole = isinstance(seed, int) and not isinstance(seed, bool)
    return seed if is_whole and -_LONGEST_INTEGER <= seed < _LONGEST_INTEGER else None  # type: ignore[operator, return-value]


def _parents(row: ExportRow) -> str | None:
    links: list[Json] = [{"job_id": link.job_id, "image": link.image} for link in row.line.parents]
    return json_text(links) if links else None


def _moment(unix_s: float | None) -> str | None:
    return None if unix_s is None else iso_from_unix(unix_s)


def _share_of_cost(row: ExportRow) -> float:
    """Return the row's share of what its job cost, so that the shares of all images of a job add up to it."""
    number = len(row.line.images)
    if number <= 1:
        return row.line.cost_usd
    whole = nusd_from_usd(row.line.cost_usd)
    each, rest = divmod(whole, number)
    return usd_from_nusd(each + (1 if (row.image_index or 0) < rest else 0))

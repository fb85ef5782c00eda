"""The numbers of each figure as a table: what the CSV files beside the figures hold. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from qwave_batch.model.money import usd_from_nusd
from qwave_batch.output.times import iso_from_unix
from qwave_batch.report.figure_numbers import (
    CostRow,
    FigureNumbers,
    LatencyRow,
    OutcomeRow,
    Outcomes,
    ScoreRow,
)

_STATUSES = [one.name for one in fields(Outcomes)]
_Value = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTable:
    """A table; ``name`` is that of its file, without ending."""

    name: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[_Value]]

    def as_csv(self) -> bytes:
        """Return it as UTF-8 CSV with a header line; a value that is not known is an empty field."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return out.getvalue().encode("utf-8", "backslashreplace")


def figure_tables(numbers: FigureNumbers) -> list[FigureTable]:
    """Return the tables of all figures, also of those without rows."""
    return [
        _latency(numbers, "latency", "model", numbers.latencies),
        _histogram(numbers),
        _outcomes(numbers, "outcomes-by-model", "model", numbers.by_model),
        _outcomes(numbers, "outcomes-by-tag", "tag", numbers.by_tag),
        _errors(numbers),
        _costs(numbers, "cost", "model", numbers.costs),
        _rate(numbers),
        _limits(numbers),
        _scores(numbers),
        _priced_scores(numbers),
        _outcomes(numbers, "outcomes-by-stage", "stage", numbers.stages.outcomes),
        _latency(numbers, "latency-by-stage", "stage", numbers.stages.latencies),
        _costs(numbers, "cost-by-stage", "stage", numbers.stages.costs),
    ]


def folder_label(numbers: FigureNumbers, folder: int | None) -> str:
    """Return the label of a folder; of all of them where a row is about all."""
    if folder is not None:
        return numbers.folders[folder]
    return numbers.folders[0] if len(numbers.folders) == 1 else "all"


def _latency(numbers: FigureNumbers, name: str, of: str, rows: Sequence[LatencyRow]) -> FigureTable:
    shares = ("least", "p05", "p25", "p50", "p75", "p95", "greatest")
    return FigureTable(
        name=name,
        header=(of, "folder", "jobs", *(f"{share}_seconds" for share in shares), "relative_error"),
        rows=[
            (
                row.name,
                folder_label(numbers, row.folder),
                row.count,
                *(getattr(row, share) for share in shares),
                numbers.relative_error,
            )
            for row in rows
        ],
    )


def _histogram(numbers: FigureNumbers) -> FigureTable:
    return FigureTable(
        name="latency-histogram",
        header=("model", "folder", "above_seconds", "to_seconds", "jobs"),
        rows=[
            (row.name, folder_label(numbers, row.folder), numbers.edges[place], numbers.edges[place + 1], jobs)
            for row in numbers.latencies
            for place, jobs in enumerate(row.histogram)
            if jobs
        ],
    )


def _outcomes(numbers: FigureNumbers, name: str, of: str, rows: Sequence[OutcomeRow]) -> FigureTable:
    return FigureTable(
        name=name,
        header=(of, "folder", *_STATUSES),
        rows=[(row.name or "", folder_label(numbers, row.folder), *astuple(row.outcomes)) for row in rows],
    )


def _errors(numbers: FigureNumbers) -> FigureTable:
    return FigureTable(
        name="errors",
        header=("code", "status", "model", "folder", "jobs", "example"),
        rows=[
            (row.code, row.status, row.model, folder_label(numbers, row.folder), row.jobs, row.message)
            for row in numbers.by_error
        ],
    )


def _costs(numbers: FigureNumbers, name: str, of: str, rows: Sequence[CostRow]) -> FigureTable:
    return FigureTable(
        name=name,
        header=(of, "folder", "usd", "jobs", "completed", "images", "usd_per_image", "usd_per_completed"),
        rows=[
            (
                row.name,
                folder_label(numbers, row.folder),
                usd_from_nusd(row.nusd),
                row.jobs,
                row.completed,
                row.images,
                row.usd_per(row.images),
                row.usd_per(row.completed),
            )
            for row in rows
        ],
    )


def _rate(numbers: FigureNumbers) -> FigureTable:
    rows = [
        (
            folder_label(numbers, found.folder),
            session_number,
            iso_from_unix(found.session.started_at + place * found.session.bin_seconds),
            found.session.bin_seconds,
            images,
        )
        for session_number, found in enumerate(numbers.sessions, start=1)
        for place, images in enumerate(found.session.counts)
    ]
    return FigureTable(name="images-per-minute", header=("folder", "session", "from", "seconds", "images"), rows=rows)


def _limits(numbers: FigureNumbers) -> FigureTable:
    rows: list[tuple[_Value, ...]] = []
    for found in numbers.limits:
        begin = (folder_label(numbers, found.folder), found.started_at)
        for calls, count in (("submit", found.submits), ("poll", found.polls), ("download", found.downloads)):
            rows.append((*begin, "requests", calls, None, count))
        rows.append((*begin, "retried", None, None, found.retried))
        rows.extend((*begin, "throttled", each.calls, each.model, each.count) for each in found.throttled or ())
        rows.extend((*begin, "waited_seconds", each.kind, None, each.seconds) for each in found.waits or ())
    return FigureTable(
        name="limits", header=("folder", "run_started_at", "what", "calls_or_wait", "model", "value"), rows=rows
    )


def _scores(numbers: FigureNumbers) -> FigureTable:
    return FigureTable(
        name="score-by-model",
        header=(*_SCORED, "images", "prompts", "mean", "low", "high"),
        rows=[(*_scored(numbers, row), row.images, row.prompts, row.mean, row.low, row.high) for row in numbers.scores],
    )


def _priced_scores(numbers: FigureNumbers) -> FigureTable:
    return FigureTable(
        name="score-per-dollar",
        header=(*_SCORED, "mean", "usd_per_image", "score_per_usd"),
        rows=[(*_scored(numbers, row), row.mean, row.usd_per_image, row.per_usd) for row in numbers.priced_scores()],
    )


_SCORED = ("score", "better", "model", "folder")


def _scored(numbers: FigureNumbers, row: ScoreRow) -> tuple[str | None, ...]:
    return row.score, numbers.outputs[row.score].better, row.model, folder_label(numbers, row.folder)

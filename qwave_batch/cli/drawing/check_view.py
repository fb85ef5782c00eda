"""The findings of ``check``, for people: the first findings one by one, and a table by kind, model and tag."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width, wrap

if TYPE_CHECKING:
    from qwave_batch.folders import CheckedFinding, CheckReport, FindingKind

_SHOWN = 20
"""Findings that are shown one by one, and rows of tags."""
_COLUMNS = (Column("finding"), Column("model", gives_way=True), Column("tag", gives_way=True), Column("found", True))


def draw_findings(report: "CheckReport", kinds: "Sequence[FindingKind]", terminal: Terminal) -> list[str]:
    """Return a line for each of the first findings, and how many more there are."""
    findings = report.findings(kinds)
    lines = [
        cut_to_width(_words(each, terminal), terminal.width, mark=terminal.mark) for each in islice(findings, _SHOWN)
    ]
    more = sum(1 for _ in findings)
    return [*lines, *([f"... and {more:,} more: --json lists all"] if more else [])]


def draw_checks(report: "CheckReport", kinds: "Sequence[FindingKind]", terminal: Terminal) -> list[str]:
    """Return the table, and what was checked."""
    counts = report.counts
    found = sum(counts.by_kind[kind] for kind in kinds)
    verdict = terminal.paint(count(found, "finding"), "red") if found else terminal.paint("nothing found", "green")
    lines = [f"{verdict} in {count(counts.jobs, 'job')} with {count(counts.images, 'image')}"]
    if report.not_compared:
        text = (
            f"{count(report.not_compared, 'image')} made from other images: alike by intention, so near duplicates "
            "are not looked for among them"
        )
        lines += wrap(text, terminal.width, hang="  ")
    rows = list(_rows(report, kinds))
    return [*draw_table((*_COLUMNS, Column("of", True)), rows, terminal), "", *lines] if rows else lines


def _rows(report: "CheckReport", kinds: "Sequence[FindingKind]") -> Iterator[tuple[str, str, str, str, str]]:
    counts = report.counts
    for kind in kinds:
        is_of_jobs = kind == "refused"
        of_models, of_tags = (
            (counts.jobs_of_models, counts.jobs_of_tags)
            if is_of_jobs
            else (counts.images_of_models, counts.images_of_tags)
        )
        unit = "job" if is_of_jobs else "image"
        models = sorted((-number, model) for (of, model), number in counts.by_model.items() if of == kind)
        tags = sorted((-number, tag) for (of, tag), number in counts.by_tag.items() if of == kind)
        for number, model in models:
            yield kind, model, "", f"{-number:,}", count(of_models[model], unit)
            if is_of_jobs:
                yield from ((f"  {code}", model, "", f"{times:,}", "") for code, times in _codes(report, model))
        for number, tag in tags[:_SHOWN]:
            yield kind, "", tag, f"{-number:,}", count(of_tags[tag], unit)
        if len(tags) > _SHOWN:
            yield kind, "", f"{len(tags) - _SHOWN:,} more tags", "", ""


def _codes(report: "CheckReport", model: str) -> list[tuple[str, int]]:
    codes = {code: number for (of, code), number in report.counts.codes.items() if of == model}
    return sorted(codes.items(), key=lambda each: (-each[1], each[0]))


def _words(found: "CheckedFinding", terminal: Terminal) -> str:
    finding = found.finding
    about = finding.path or f"job {finding.job_id}"
    words = f"{finding.kind}: {about}"
    if finding.first is not None:
        words += f" is like {finding.first}"
    elif found.code is not None and finding.path is None:
        words += f" of {found.model}: {found.code}"
    return terminal.shown(words)

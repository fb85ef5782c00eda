"""Writes the lines of a plan straight from its entries: what the lines of similar entries share is encoded once.

A line is the one that ``line_of`` gives for the entry's job; tests/properties/test_plan_cache.py compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.plan.expand.entries import ExpandedEntry
from qwave_batch.plan.expand.jobs import JobMaker
from qwave_batch.plan.file.plan_lines import line_of, links_as_json
from qwave_batch.plan.file.plan_seal import line_text, opened_line

_MARK = "\ufdd0"
"""Stands in a line for what differs from entry to entry; Unicode keeps this character for such uses."""
_OF_ENTRY = frozenset({"job_id", "index", "prompt_id", "prompt", "axes", "tags", "meta", "repeat", "path", "parents"})
"""The keys of a line that can differ between similar entries, besides those of the request."""
_ESTIMATE = "estimated_usd"
"""The key of a line that can differ only where the size of a text decides what an entry costs."""
_HELD = 4096


class _Gap(NamedTuple):
    """A place in a line for what differs."""

    is_field: bool
    """Whether a field of the request stands there, and not a key of the line."""
    name: str
    behind: str
    """The text up to the next gap."""


@dataclass(frozen=True, slots=True)
class _LineTemplate:
    """The line of similar entries, without what differs between them."""

    shared: object
    """The common part of the entries; kept, since templates are found by its ``id``."""
    begin: str
    gaps: Sequence[_Gap]


@dataclass(slots=True)
class LineWriter:
    """Writes the lines of one plan."""

    maker: JobMaker
    _held: dict[int, _LineTemplate] = field(default_factory=dict)

    def opened(self, entry: ExpandedEntry) -> str:
        """Return the line of an entry's job, without duplicates, up to its own hash.

        Raises:
            TemplateFault: The output path fails on it.
        """
        shared = entry.shared()
        template = self._held.get(id(shared))
        if template is not None:
            return self._filled(template, entry)
        line = line_of(self.maker.job(entry))
        if shared is not None and (cut := _cut(line, shared, entry)):
            if len(self._held) >= _HELD:
                self._held.clear()
            self._held[id(shared)] = cut
        return opened_line(line)

    def _filled(self, template: _LineTemplate, entry: ExpandedEntry) -> str:
        cell, prompt, own = entry.cell, entry.prompt(), entry.own_fields()
        case, axes = cell.case, self.maker.axes(cell)
        fills = {
            "job_id": f'"{entry.job_id}"',
            "index": str(cell.index),
            "prompt_id": line_text(case.prompt_id),
            "prompt": '""' if prompt is None else line_text(str(prompt)),
            "axes": line_text(axes) if axes else "{}",
            "tags": line_text(case.tags) if case.tags else "[]",
            "meta": line_text(case.meta) if case.meta else "{}",
            "repeat": str(entry.repeat),
            "path": '""' if entry.verdict.error else line_text(self.maker.path(entry, entry.request())),
        }
        if entry.has_own_estimate:
            fills[_ESTIMATE] = line_text(usd_from_nusd(entry.estimate().most_nusd))
        if case.parent is not None:
            fills["parents"] = line_text(links_as_json(self.maker.parents(entry)))
        text = template.begin
        for is_field, name, behind in template.gaps:
            text += (line_text(own[name]) if is_field else fills[name]) + behind
        return text


def _cut(line: dict[str, Json], shared: object, entry: ExpandedEntry) -> _LineTemplate | None:
    """Return a line cut at what differs between similar entries; None if its own text has the mark of a gap."""
    own = entry.own_fields()
    differs = {*_OF_ENTRY, _ESTIMATE} if entry.has_own_estimate else _OF_ENTRY
    request = {name: _MARK if name in own else value for name, value in entry.request().items()}
    names: list[tuple[bool, str]] = []
    for key in line:
        if key == "request":
            names += [(True, name) for name in request if name in own]
        elif key in differs:
            names.append((False, key))
    skeleton = {key: _MARK if key in differs else value for key, value in line.items()} | {"request": request}
    begin, *behind = opened_line(skeleton).split(f'"{_MARK}"')
    if len(behind) != len(names):
        return None
    return _LineTemplate(shared, begin, [_Gap(*name, text) for name, text in zip(names, behind, strict=True)])

"""A plan as a file: a header line, then a line per job, to be read by people and run exactly as it stands."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.fingerprint import fingerprint
from qwave_batch.catalog.registry import open_catalog
from qwave_batch.errors import UsageError
from qwave_batch.model.job import Job, PlanItem, Twin
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.terms import Terms
from qwave_batch.plan.outline import Outline, outline_of
from qwave_batch.plan.planheader import VERSION, read_header
from qwave_batch.plan.planlines import SKIPPED, LineFault, LineReader, read_twins
from qwave_batch.plan.summary import Figures, Watch, figures_of
from qwave_batch.plan.termsjson import terms_as_json
from qwave_batch.spec.files import FileRefused, InputFile, named_file
from qwave_batch.spec.jsonrows import DECODER, VALUE_SIGNS
from qwave_batch.spec.jsonvalues import check_leaves
from qwave_batch.spec.lines import Line, check_values, read_lines
from qwave_batch.spec.parsing import parse_output_folder
from qwave_batch.spec.tablefile import opened


class AnyPlan(Protocol):
    """What a plan of a spec and a plan out of a file have in common."""

    @property
    def name(self) -> str:
        """The spec's name."""
        ...

    @property
    def catalog(self) -> str:
        """The catalog's date."""
        ...

    @property
    def spec_sha256(self) -> str:
        """The hash of the spec."""
        ...

    @property
    def terms(self) -> Terms:
        """What a run is held to."""
        ...

    @property
    def output_folder(self) -> Path | None:
        """The run folder that the spec names; None where it names none."""
        ...

    @property
    def figures(self) -> Figures:
        """Its counts."""
        ...

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and twins in plan order."""
        ...

    def outlines(self) -> Iterator[Outline]:
        """Yield its entries in outline, the jobs in plan order."""
        ...


def plan_lines(plan: AnyPlan, *, beside: Path | None = None) -> Iterator[str]:
    """Yield the lines of a plan's file, each with its line end.

    Args:
        plan: The plan.
        beside: The folder of the plan's file, which the run folder is written relative to; None writes it whole.
    """
    header: dict[str, Json] = {
        "plan": VERSION,
        "name": plan.name,
        "catalog": plan.catalog,
        "catalog_sha256": fingerprint(open_catalog(plan.catalog)),
        "spec_sha256": plan.spec_sha256,
    }
    yield _line(header | terms_as_json(plan.terms) | _output(plan, beside))
    also = _twins_by_job(plan) if plan.figures.folded else {}
    for item in plan.items():
        if isinstance(item, Job):
            yield _line(line_of(item, also.get(item.job_id, ())))


def line_of(job: Job, also: tuple[Twin, ...] | list[Twin] = ()) -> dict[str, Json]:
    """Return a job's line: the manifest's plan fields and its estimate, or why it is skipped."""
    line: dict[str, Json] = {
        "job_id": job.job_id,
        "index": job.index,
        "prompt_id": job.prompt_id,
        "prompt": job.prompt,
        "model": job.model,
        "action": job.action,
        "request": job.request,
        "dropped": job.dropped,
        "axes": job.axes,
        "tags": job.tags,
        "meta": job.meta,
        "repeat": job.repeat,
        "also": [
            {"index": twin.index, "prompt_id": twin.prompt_id, "axes": twin.axes, "tags": twin.tags} for twin in also
        ],
        "path": job.path,
        "estimated_usd": usd_from_nusd(job.estimated_nusd),
    }
    if job.callback:
        line["callback"] = job.callback
    if job.skip:
        line |= {"status": SKIPPED, "error": job.skip.as_json()}
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan out of a file; its jobs are read from there each time, and held to the catalog each time."""

    file: Path
    """As it was named."""
    source: InputFile
    """Where it lies."""
    name: str
    catalog: str
    spec_sha256: str
    terms: Terms
    figures: Figures
    output_folder: Path | None = None

    def __repr__(self) -> str:
        """Return one line: what it is about, not all that it holds."""
        return f"SavedPlan({self.name}: {self.figures.as_line()}, catalog {self.catalog}, of {self.file})"

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and twins in plan order."""
        return _items(self.source, str(self.file), open_catalog(self.catalog))

    def outlines(self) -> Iterator[Outline]:
        """Yield its jobs in outline."""
        return (outline_of(item) for item in self.items() if isinstance(item, Job))


def read_plan(file: Path, *, watch: Watch | None = None, allow_read: Sequence[Path] = ()) -> SavedPlan:
    """Return the plan in a file that ``plan --out`` wrote, after reading all of it once.

    Args:
        file: The file.
        watch: Given the figures before they are counted, to look at them while they grow.
        allow_read: Folders that a link may lead to, out of the work tree that the file was named in.

    Raises:
        UsageError: It is not a plan, was changed by hand, or its catalog is not at hand as it was then.
    """
    source, _ = named_file(file, allow_read)
    shown_as = str(file)
    _check_opens(source, shown_as)
    _, first = next(_objects(source, shown_as), (0, None))
    header = read_header(first, shown_as)
    return SavedPlan(
        file=file,
        source=source,
        name=header.name,
        catalog=header.catalog.date,
        spec_sha256=header.spec_sha256,
        terms=header.terms,
        output_folder=parse_output_folder(header.output, source.path.parent),
        figures=figures_of(_once_each(_items(source, shown_as, header.catalog), shown_as), watch=watch),
    )


def is_plan_file(file: Path) -> bool:
    """Whether a file to run is a plan and not a spec: it ends in .jsonl."""
    return file.suffix == ".jsonl"


def _items(source: InputFile, shown_as: str, catalog: Catalog) -> Iterator[PlanItem]:
    reader = LineReader(catalog)
    twins: list[Twin] = []
    for number, line in _objects(source, shown_as):
        if number == 1:
            continue
        try:
            job = reader.job(line)
            twins += read_twins(line)
        except LineFault as fault:
            raise UsageError(f"{shown_as}:{number}: {fault}") from fault
        yield job
    yield from twins


def _once_each(items: Iterator[PlanItem], shown_as: str) -> Iterator[PlanItem]:
    """Yield the items, and raise for a job or a place in the plan that is there twice."""
    ids, places = set[int](), set[int]()
    for item in items:
        known = len(ids), len(places)
        if isinstance(item, Job):
            ids.add(int(item.job_id, 16))
        places.add(item.index)
        if isinstance(item, Job) and len(ids) == known[0]:
            raise UsageError(f"{shown_as} has the job {item.job_id} twice")
        if len(places) == known[1]:
            raise UsageError(f"{shown_as} has two entries with the index {item.index}")
        yield item


def _output(plan: AnyPlan, beside: Path | None) -> dict[str, Json]:
    """Return what a plan's header says of where it is run: nothing where its spec does not."""
    folder = plan.output_folder
    if folder is None:
        return {}
    return {"output": {"folder": str(folder) if beside is None else os.path.relpath(folder, beside.resolve())}}


def _twins_by_job(plan: AnyPlan) -> dict[str, list[Twin]]:
    found: defaultdict[str, list[Twin]] = defaultdict(list)
    for item in plan.items():
        if isinstance(item, Twin):
            found[item.job_id].append(item)
    return found


def _objects(source: InputFile, shown_as: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of the file, with their lines."""
    with opened(source, shown_as) as file:
        for line in read_lines(file):
            yield line.number, _object(line, shown_as)


def _check_opens(source: InputFile, shown_as: str) -> None:
    """Raise for a file that can't be opened, or that is not a regular one."""
    try:
        source.open().close()
    except FileRefused as error:
        raise FileRefused(f"{shown_as} {error}") from None
    except OSError as error:
        raise UsageError(f"{shown_as} can't be read: {(error.strerror or str(error)).lower()}") from error


def _object(line: Line, shown_as: str) -> dict[str, Any]:
    try:
        check_values(line.text, VALUE_SIGNS)
        value = DECODER.decode(line.text)
        check_leaves(value)
    except RecursionError:
        raise UsageError(f"{shown_as}:{line.number}: not JSON: it is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{shown_as}:{line.number}: not JSON lines: {error}") from error
    if not isinstance(value, dict):
        raise UsageError(f"{shown_as}:{line.number}: not a JSON object")
    return value


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _line(value: Mapping[str, Json]) -> str:
    return _encode(value) + "\n"

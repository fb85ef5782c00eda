"""A plan as a file: a header line, then a line per job, to be read by people and run exactly as it stands."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.fingerprint import fingerprint
from qwave_batch.catalog.registry import open_catalog
from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.model.job import Job, JobError, PlanItem, Twin
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.terms import Terms
from qwave_batch.plan.identity import job_id
from qwave_batch.plan.jobs import is_random
from qwave_batch.plan.outline import Outline, outline_of
from qwave_batch.plan.summary import Figures, Watch, figures_of
from qwave_batch.plan.termsjson import terms_as_json, terms_from_json

VERSION = 1
_PLAN_FIELDS = (
    "job_id", "index", "prompt_id", "prompt", "model", "action", "request", "dropped", "axes", "tags", "meta", "repeat",
    "also", "path",
)  # fmt: skip


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
    def figures(self) -> Figures:
        """Its counts."""
        ...

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and twins in plan order."""
        ...

    def outlines(self) -> Iterator[Outline]:
        """Yield its entries in outline, the jobs in plan order."""
        ...


def plan_lines(plan: AnyPlan) -> Iterator[str]:
    """Yield the lines of a plan's file, each with its line end."""
    header: dict[str, Json] = {
        "plan": VERSION,
        "name": plan.name,
        "catalog": plan.catalog,
        "catalog_sha256": fingerprint(open_catalog(plan.catalog)),
        "spec_sha256": plan.spec_sha256,
    }
    yield _line(header | terms_as_json(plan.terms))
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
        line |= {"status": "skipped", "error": job.skip.as_json()}
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan out of a file; its jobs are read from there each time."""

    file: Path
    name: str
    catalog: str
    spec_sha256: str
    terms: Terms
    figures: Figures

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and twins in plan order."""
        return _items(self.file, open_catalog(self.catalog))

    def outlines(self) -> Iterator[Outline]:
        """Yield its jobs in outline."""
        return (outline_of(item) for item in self.items() if isinstance(item, Job))


def read_plan(file: Path, *, watch: Watch | None = None) -> SavedPlan:
    """Return the plan in a file that ``plan --out`` wrote, after reading all of it once.

    Args:
        file: The file.
        watch: Given the figures before they are counted, to look at them while they grow.

    Raises:
        UsageError: It is no plan, was changed by hand, or its catalog is not at hand as it was then.
    """
    header = next((header for _, header in _objects(file)), None)
    if header is None or "plan" not in header:
        raise UsageError(f'{file} is no plan: its first line has no "plan"; write one with plan --out')
    if header["plan"] != VERSION:
        raise UsageError(f"{file} is a plan of version {header['plan']}; this program reads version {VERSION}")
    try:
        catalog = open_catalog(str(header["catalog"]))
        _check_catalog(header, catalog, file)
        return SavedPlan(
            file=file,
            name=header["name"],
            catalog=header["catalog"],
            spec_sha256=header["spec_sha256"],
            terms=terms_from_json(header),
            figures=figures_of(_items(file, catalog), watch=watch),
        )
    except UnknownName as unknown:
        raise UsageError(f"{file} was made with catalog {header['catalog']}: {unknown}") from unknown
    except (KeyError, TypeError) as error:
        raise UsageError(f"{file}:1: the header of a plan lacks or spoils {error}") from error


def _check_catalog(header: Mapping[str, Any], catalog: Catalog, file: Path) -> None:
    """Raise when the catalog of that date says something else than when the plan was made."""
    then = header.get("catalog_sha256")  # a plan written by other hands may not say
    if then is not None and then != fingerprint(catalog):
        raise UsageError(
            f"{file} was made with another version of catalog {catalog.date} (sha256 {str(then)[:12]}, "
            f"this program has {fingerprint(catalog)[:12]}): models, rules or prices have changed since; "
            "plan the spec again with --out"
        )


def is_plan_file(file: Path) -> bool:
    """Whether a file to run is a plan and not a spec: it ends in .jsonl."""
    return file.suffix == ".jsonl"


def _items(file: Path, catalog: Catalog) -> Iterator[PlanItem]:
    twins: list[Twin] = []
    for number, line in _objects(file):
        if number == 1:
            continue
        try:
            job = _job(line, catalog)
            twins += _twins(line)
        except (KeyError, TypeError, UnknownName) as error:
            raise UsageError(f"{file}:{number}: this line of the plan lacks or spoils {error}") from error
        if job_id(dict(job.request), job.repeat) != job.job_id:
            raise UsageError(f"{file}:{number}: the request is not the one that {job.job_id} names; was it edited?")
        yield job
    yield from twins


def _job(line: Mapping[str, Any], catalog: Catalog) -> Job:
    model = catalog.model(line["model"])
    skip = JobError(**line["error"]) if line.get("status") == "skipped" else None
    return Job(
        **{name: line[name] for name in _PLAN_FIELDS if name not in {"also", "dropped", "tags"}},
        dropped=tuple(line["dropped"]),
        tags=tuple(line["tags"]),
        callback=line.get("callback", {}),
        max_images=1 if skip else model.max_images(line["request"]),
        random=is_random(line["request"], model),
        estimated_nusd=nusd_from_usd(line["estimated_usd"]),
        skip=skip,
    )


def _twins(line: Mapping[str, Any]) -> Iterator[Twin]:
    for twin in line["also"]:
        yield Twin(**{**twin, "job_id": line["job_id"], "tags": tuple(twin["tags"])})


def _twins_by_job(plan: AnyPlan) -> dict[str, list[Twin]]:
    found: defaultdict[str, list[Twin]] = defaultdict(list)
    for item in plan.items():
        if isinstance(item, Twin):
            found[item.job_id].append(item)
    return found


def _objects(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with file.open(encoding="utf-8") as lines:
            for number, text in enumerate(lines, start=1):
                value = json.loads(text)
                if not isinstance(value, dict):
                    raise UsageError(f"{file}:{number}: not a JSON object")
                yield number, value
    except OSError as error:
        raise UsageError(f"{file} can't be read: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise UsageError(f"{file}: not JSON lines: {error}") from error


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _line(value: Mapping[str, Json]) -> str:
    return _encode(value) + "\n"

"""The first line of a plan file, checked by the rules of specs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwave_batch import catalog_reading
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.catalog.fingerprint import catalog_fingerprint
from qwave_batch.errors import SpecError, UnknownName, UsageError
from qwave_batch.model.codec import EXACT
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.model.terms import Terms
from qwave_batch.plan.file.header_stages import stages_from_json
from qwave_batch.plan.file.plan_seal import OWN, WHOLE, opened_header
from qwave_batch.plan.input_images import InputImage, images_from_json
from qwave_batch.spec.parsing import parse_terms
from qwave_batch.spec.structure import structure_problems
from qwave_batch.spec.table.table_file import Line
from qwave_batch.spec.yaml.source_map import Mark, SourceMap

VERSION = 1
AGAIN = "plan the spec again"
"""The advice for every fault of a plan file."""
_NEEDED = ("name", "catalog", "catalog_sha256", "spec_sha256", "limits", "retry", "timeout", "budget")
_SEALS = ("jobs", WHOLE, OWN)
"""The keys that reveal an edit."""
_OF_SPECS = ("name", "catalog", "limits", "retry", "timeout", "completion", "budget", "output")
"""The keys that have the same form in a header and in a spec."""
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SHOWN = 100
_LONGEST_PATH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHeader:
    """The parts of a plan file that concern all its jobs."""

    name: str
    catalog: Catalog
    spec_sha256: str
    terms: Terms
    output: Mapping[str, Any]
    """The ``output`` of the spec; its folder is relative to the plan file."""
    spec: str | None
    """The location of the spec's file relative to the plan file; older plans do not state it."""
    inputs: Mapping[str, InputImage]
    """The images of its jobs that are files, by their references."""
    jobs: int
    """The number of lines after it."""
    lines_sha256: str
    """The hash of header and lines."""
    opened: str
    """The text at which the hash of the lines starts."""
    stages: tuple[PlannedStage, ...] = ()
    """The stages, parents before their children; empty for a plan without stages."""


def read_header(
    header: Mapping[str, Any], line: Line, shown_as: str, *, catalogs: CatalogSource, beside: Path
) -> PlanHeader:
    """Return the parsed first line of a plan file.

    Args:
        header: The object on the line.
        line: The line.
        shown_as: The file's name.
        catalogs: The catalogs to look in.
        beside: The file's folder.

    Raises:
        UsageError: It is not a plan's, has another version or catalog, or breaks a rule of specs.
    """
    here = f"{shown_as}:{line.number}:"
    if "plan" not in header:
        found = "it begins with a job: its header is cut off" if "job_id" in header else 'its first line has no "plan"'
        raise UsageError(f"{shown_as} is not a whole plan: {found}", next_steps=(NextStep.WRITE_PLAN,))
    version = header["plan"]
    if isinstance(version, bool) or version != VERSION:
        raise UsageError(
            f"{shown_as} is a plan of version {str(version)[:_SHOWN]}; this program reads version {VERSION}; {AGAIN}"
        )
    missing = [name for name in _NEEDED if name not in header]
    if missing:
        raise UsageError(f"{here} the header of the plan lacks {', '.join(missing)}; {AGAIN}")
    spec = _as_spec(header)
    problems = structure_problems(spec, SourceMap(Mark(place=SourcePlace(shown_as, line.number))))
    sha256 = header["spec_sha256"]
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        message = "expected the 64 hexadecimal digits of a SHA-256"
        problems.append(Problem(message=message, path="spec_sha256", place=SourcePlace(shown_as, line.number)))
    if "spec" in header and not is_place(header["spec"]):
        message = "expected the path of the spec's file, from the plan's own folder"
        problems.append(Problem(message=message, path="spec", place=SourcePlace(shown_as, line.number)))
    try:
        inputs = images_from_json(header.get("inputs", {}), beside)
    except ValueError as error:
        inputs = {}
        problems.append(Problem(message=str(error), path="inputs", place=SourcePlace(shown_as, line.number)))
    try:
        stages = stages_from_json(header["stages"]) if "stages" in header else ()
    except ValueError as error:
        stages = ()
        problems.append(Problem(message=str(error), path="stages", place=SourcePlace(shown_as, line.number)))
    if problems:
        raise SpecError(problems)
    catalog = _catalog(header, SourcePlace(shown_as, line.number), catalogs)
    return PlanHeader(
        name=header["name"],
        catalog=catalog,
        spec_sha256=sha256,
        terms=parse_terms(spec),
        output={"output": spec.get("output", {})},
        spec=header.get("spec"),
        inputs=inputs,
        jobs=header.get("jobs", 0),
        lines_sha256=header.get(WHOLE, ""),
        opened=_opened(header, line, here),
        stages=stages,
    )


def is_place(path: Json) -> bool:
    """Whether a value can be the location of the spec."""
    is_path = isinstance(path, str) and 0 < len(path) <= _LONGEST_PATH and "\0" not in path
    return is_path and not any("\ud800" <= letter <= "\udfff" for letter in str(path))  # a name that is not UTF-8


def _opened(header: Mapping[str, Any], line: Line, here: str) -> str:
    """Return the text at which the hash of the lines starts.

    Raises:
        UsageError: The header was changed.
    """
    missing = [name for name in _SEALS if name not in header]
    if missing:
        raise UsageError(
            f"{here} the header lacks {', '.join(missing)}, by which an edit shows; "
            f"older plans have none of them: {AGAIN}"
        )
    opened = opened_header(line.text)
    jobs = header["jobs"]
    if opened is None or type(jobs) is not int or jobs < 1:
        raise UsageError(f"{here} the header is not as it was written; to change a plan, change the spec and {AGAIN}")
    return opened


def _as_spec(header: Mapping[str, Any]) -> dict[str, Json]:
    """Return a spec with the values of the header; null stands for missing keys."""
    said = {name: _without_nulls(header[name]) for name in _OF_SPECS if name in header}
    return {"version": 1, "prompts": ["a plan has its prompts in its jobs"], **said}


def _without_nulls(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return value


def _catalog(header: Mapping[str, Any], place: SourcePlace, catalogs: CatalogSource) -> Catalog:
    """Return the catalog with its overlay, unless it has changed since the plan was made."""
    shown_as = place.file
    if not isinstance(header["catalog"], str):
        raise UsageError(f"{place}: catalog: expected a date; {AGAIN}")
    try:
        catalog = catalogs.dated(header["catalog"])
    except UnknownName as unknown:
        raise UsageError(f"{shown_as} was made with catalog {header['catalog'][:_SHOWN]}: {unknown}") from unknown
    match header.get("overlay"):
        case None:
            pass
        case {"name": str(name), "sha256": str(sha256), "content": content}:
            catalog = catalog_reading.overlay_reading.overlaid_again(catalog, content, name, place)
            if catalog.overlay is None or catalog.overlay.sha256 != sha256:
                raise UsageError(f"{place}: the overlay {name[:_SHOWN]} is not as it was written; {AGAIN}")
        case _:
            raise UsageError(f"{place}: overlay: expected its name, sha256 and content; {AGAIN}")
    then = header["catalog_sha256"]
    if then != catalog_fingerprint(catalog):
        raise UsageError(
            f"{shown_as} was made with another version of catalog {catalog.date} (sha256 {str(then)[:12]}, "
            f"this program has {catalog_fingerprint(catalog)[:12]}): models, rules or prices have changed since; "
            f"{AGAIN}"
        )
    return catalog


def overlay_as_json(catalog: Catalog) -> dict[str, Json]:
    """Return the ``overlay`` of a plan's header, whole, so that the plan needs no other file; empty without one."""
    overlay = catalog.overlay
    return {} if overlay is None else {"overlay": {**overlay.as_json(), "content": dict(overlay.content)}}


def terms_as_json(terms: Terms) -> dict[str, Json]:
    """Return ``limits``, ``retry``, ``timeout``, ``completion`` and ``budget``."""
    return {
        "limits": EXACT.encode(terms.limits),
        "retry": {"attempts": terms.retry_attempts},
        "timeout": terms.timeout_s,
        "completion": terms.completion.value,
        "budget": {"max_usd": terms.max_usd},
    }

"""Loads a spec: reads the file and its bases, applies overrides, checks, and reports all problems at once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import TOO_MANY, Problem, SourcePlace, first_problems
from qwave_batch.spec.assembly import SpecRest, assembled, rest_of
from qwave_batch.spec.base_files import SpecFiles
from qwave_batch.spec.document import Spec
from qwave_batch.spec.inputs.file_access import named_file
from qwave_batch.spec.layers import Layer
from qwave_batch.spec.overlay_text import OverlayText, read_overlay_of
from qwave_batch.spec.overrides import apply_overrides
from qwave_batch.spec.parsing import parse_output_folder, parse_output_store
from qwave_batch.spec.sections import SpecSections, read_sections
from qwave_batch.spec.spec_checks import store_problems
from qwave_batch.spec.stage_blocks import Staging, read_stages, with_sound_blocks
from qwave_batch.spec.stage_checks import order_problems, outside_warnings
from qwave_batch.spec.structure import structure_problems, with_catalog_dates, with_known_keys
from qwave_batch.spec.yaml.source_map import SourceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecReading:
    """A spec as far as it could be read."""

    spec: Spec | None
    """The spec. With problems, the part that is left, to search for more problems and never to run; None if too much is
    missing for that."""
    problems: tuple[Problem, ...]
    """The errors; ``warnings`` has the rest."""
    warnings: tuple[Problem, ...] = ()
    is_partial: bool = False
    """Whether prompts or stages are missing in ``spec``."""


def load_spec(
    path: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    contents: Mapping[Path, bytes] = MappingProxyType({}),
) -> Spec:
    """Return the spec in a file.

    Args:
        path: The file.
        overrides: ``path.to.key=value`` strings, as ``--set`` takes them.
        allow_read: Folders outside the spec's own work tree that it may read from.
        contents: By resolved path: what to read instead of a spec's or a base's file, such as what is to be written.

    Raises:
        SpecError: The spec has problems; all that can be found without a catalog are listed.
        UsageError: There is no such file.
    """
    reading = read_spec(path, overrides=overrides, allow_read=allow_read, contents=contents)
    if reading.problems or reading.spec is None:
        raise SpecError(reading.problems)
    return reading.spec


def read_spec(
    path: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    contents: Mapping[Path, bytes] = MappingProxyType({}),
) -> SpecReading:
    """Return the spec in a file with its problems; with problems, the part of it that is left.

    Raises:
        UsageError: There is no such file.
    """
    shown_as = str(path)
    file, inputs = named_file(path, allow_read)
    files = SpecFiles(inputs, shown_as, contents)
    source = files.source(file, shown_as)
    layer = files.read(source, file.path, shown_as)
    layer, wrong_overrides = apply_overrides(layer, overrides)
    files.problems.extend(wrong_overrides)
    layer, misnamed = with_known_keys(layer)
    checked = _checked(layer, misnamed, files)
    if checked is None:
        found = [*files.problems, *structure_problems(layer.value, SourceMap(layer.mark))]
        return SpecReading(spec=None, problems=tuple(found))
    errors = _in_order((found for found in checked.problems if found.severity == "error"), shown_as)
    warnings = _in_order(
        (found for found in (*files.warnings, *checked.problems) if found.severity == "warning"), shown_as
    )
    rest = checked.rest()
    if rest is None or files.leaves_open or wrong_overrides:
        return SpecReading(spec=None, problems=tuple(errors), warnings=tuple(warnings))
    source_map = SourceMap(layer.mark)
    common = {
        "file": shown_as,
        "root": inputs.root,
        "source": source,
        "sha256": _sha256(source, files.bases, overrides),
        "inputs": inputs,
        "files_read": {**files.paths, **checked.files_read()},
        "overlay": checked.overlay,
        "overrides": tuple(overrides),
        "output_folder": parse_output_folder(rest.whole.value, inputs.root),
        "output_store": parse_output_store(rest.whole.value),
    }
    spec = assembled(
        rest,
        checked.sections,
        common,
        source_map=source_map,
        notes=tuple(source_map.root.notes()) if files.has_notes or overrides else (),
        warnings=tuple(warnings),
    )
    return SpecReading(spec=spec, problems=tuple(errors), warnings=tuple(warnings), is_partial=rest.is_partial)


@dataclass(frozen=True, slots=True, kw_only=True)
class _CheckedSpec:
    """The value of a spec, and all that is wrong with it."""

    value: dict[str, Any]
    staging: Staging | None
    sections: SpecSections
    overlay: OverlayText | None
    problems: Sequence[Problem]
    faulty: Sequence[Problem] | None
    """The errors that a value in the spec brings, not those that the reader has dropped; None without any error."""
    is_lost: bool
    """Whether too much is missing to look for more."""

    def rest(self) -> SpecRest | None:
        """Return what is left of it without its mistakes; None if too much is faulty."""
        return None if self.is_lost else rest_of(self.value, self.staging, self.faulty)

    def files_read(self) -> Mapping[str, Path]:
        """Return the resolved paths of overlay and tables, by their names relative to the spec's folder."""
        tables = (named for section in self.sections.all() for named in section.table_names())
        return {
            **(self.overlay.files if self.overlay else {}),
            **{str(PurePosixPath(name)): table.path for name, table in tables},
        }


def _checked(layer: Layer, misnamed: Iterable[Problem], files: SpecFiles) -> _CheckedSpec | None:
    """Return a spec with all that is wrong with it; None if it is not a mapping."""
    value, source_map = layer.value, SourceMap(layer.mark)
    if not isinstance(value, dict):
        return None
    staging = read_stages(layer)
    dropped = [*first_problems(misnamed), *(staging.misnamed if staging else ())]
    files.problems = [with_catalog_dates(found) if found.place in files.unread else found for found in files.problems]
    problems = [*files.problems, *dropped]
    wrong = structure_problems(with_sound_blocks(value), source_map) + (staging.problems() if staging else [])
    problems += [with_catalog_dates(found) for found in wrong if found.place not in files.unread]
    sections = read_sections(value, source_map, staging, files.inputs, files.spec)
    overlay, unreadable = read_overlay_of(value, source_map, files.inputs, files.spec)
    problems += sections.problems
    problems += first_problems(store_problems(value, source_map))
    problems += unreadable
    if staging is not None:
        problems += first_problems(order_problems(staging))
        problems += outside_warnings(staging)
    told = {id(found) for found in (*files.problems, *dropped)}
    errors = [found for found in problems if found.severity == "error"]
    return _CheckedSpec(
        value=value,
        staging=staging,
        sections=sections,
        overlay=overlay,
        problems=problems,
        faulty=[found for found in errors if id(found) not in told or found.place in files.unread] if errors else None,
        # problems that are not listed could not be removed, and without its overlay a spec has other models
        is_lost=TOO_MANY in errors or bool(unreadable),
    )


def _sha256(source: bytes, bases: Sequence[bytes], overrides: Sequence[str]) -> str:
    """Return the hash of the file, or with bases and overrides of all parts, each after its kind and size."""
    if not bases and not overrides:
        return hashlib.sha256(source).hexdigest()
    digest = hashlib.sha256()
    parts = [("spec", source), *(("base", base) for base in bases), *(("set", text.encode()) for text in overrides)]
    for kind, part in parts:
        digest.update(f"{kind} {len(part)}\n".encode() + part)
    return digest.hexdigest()


def _in_order(problems: Iterable[Problem], spec: str) -> list[Problem]:
    """Return the problems in the order of the spec, then those in other files, without duplicates."""

    def order(problem: Problem) -> tuple[bool, SourcePlace]:
        place = problem.place or SourcePlace("")
        return place.file != spec, place

    unique = {(problem.place, problem.path, problem.message): problem for problem in problems}
    return sorted(unique.values(), key=order)

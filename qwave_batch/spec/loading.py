"""Loads a spec: reads the file and its bases, applies overrides, checks, and reports all problems at once."""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from qwave_batch.errors import SpecError, UsageError
from qwave_batch.model.problem import TOO_MANY, Problem, SourcePlace, first_problems
from qwave_batch.spec.document import Duplicates, Spec, Unsupported
from qwave_batch.spec.inputs.file_access import FileAccess, FileRefused, InputFile, beside, named_file
from qwave_batch.spec.inputs.text_encoding import MAX_FILE_BYTES, SPEC_TOO_LARGE_HINT, check_yaml_size, decode_spec
from qwave_batch.spec.layers import Layer, merge_layers, without
from qwave_batch.spec.overlay_text import read_overlay_of
from qwave_batch.spec.overrides import apply_overrides
from qwave_batch.spec.parsing import (
    parse_catalog_date,
    parse_images,
    parse_matrix,
    parse_output_folder,
    parse_output_path,
    parse_output_store,
    parse_prompts,
    parse_sample,
    parse_terms,
)
from qwave_batch.spec.recovery import RecoveredSpec, recover
from qwave_batch.spec.spec_checks import (
    count_problems,
    id_problems,
    open_tables,
    range_problems,
    store_problems,
    template_problems,
)
from qwave_batch.spec.structure import structure_problems, with_catalog_dates, with_known_keys
from qwave_batch.spec.table.tables import Table
from qwave_batch.spec.values.value_messages import type_name
from qwave_batch.spec.yaml.source_map import SourceMap
from qwave_batch.spec.yaml.yaml_nodes import MAX_VALUES
from qwave_batch.spec.yaml.yaml_reader import read_yaml

MAX_BASES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecReading:
    """A spec as far as it could be read."""

    spec: Spec | None
    """The spec. With problems, the part that is left, to search for more problems and never to run; None if too much is
    missing for that."""
    problems: tuple[Problem, ...]
    """The errors; ``warnings`` has the rest."""
    warnings: tuple[Problem, ...] = ()
    lost_prompts: frozenset[int] = frozenset()
    """Positions of prompts that are missing in ``spec``."""


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
    files = _Files(inputs, shown_as, contents)
    source = files.source(file, shown_as)
    layer = files.read(source, file.path, shown_as)
    layer, wrong_overrides = apply_overrides(layer, overrides)
    files.problems.extend(wrong_overrides)
    layer, misnamed = with_known_keys(layer)
    source_map = SourceMap(layer.mark)
    value: Any = layer.value
    misnamed = first_problems(misnamed)
    files.problems = [with_catalog_dates(found) if found.place in files.unread else found for found in files.problems]
    problems = [*files.problems, *misnamed]
    wrong = structure_problems(value, source_map)
    problems += [with_catalog_dates(found) for found in wrong if found.place not in files.unread]
    found: Iterable[Problem]
    if not isinstance(value, dict):
        return SpecReading(spec=None, problems=tuple(problems))
    tables, closed = open_tables(value, source_map, inputs, shown_as)
    overlay, unreadable = read_overlay_of(value, source_map, inputs, shown_as)
    for found in (
        template_problems(value, source_map),
        id_problems(value, source_map),
        range_problems(value, source_map),
        count_problems(value, source_map),
        store_problems(value, source_map),
        closed,
        unreadable,
    ):
        problems += first_problems(found)
    warnings = _in_order((found for found in (*files.warnings, *problems) if found.severity == "warning"), shown_as)
    problems = [found for found in problems if found.severity == "error"]
    # the reader has reported and dropped these (a duplicate key, say), so the value needs no recovery for them
    told = {id(found) for found in (*files.problems, *misnamed)}
    faulty = [found for found in problems if id(found) not in told or found.place in files.unread]
    # problems that are not listed could not be removed, and without its overlay a spec has other models
    is_lost = TOO_MANY in problems or bool(unreadable)
    sound = RecoveredSpec(value=value) if not problems else None if is_lost else recover(value, faulty)
    spec = None
    if sound is not None and not files.leaves_open and not wrong_overrides:
        spec = Spec(
            file=shown_as,
            root=inputs.root,
            source=source,
            sha256=_sha256(source, files.bases, overrides),
            source_map=source_map,
            inputs=inputs,
            files_read={
                **files.paths,
                **(overlay.files if overlay else {}),
                **{_table_name(value, number): table.path for number, table in tables.items()},
            },
            overlay=overlay,
            overrides=tuple(overrides),
            output_folder=parse_output_folder(sound.value, inputs.root),
            output_store=parse_output_store(sound.value),
            notes=tuple(source_map.root.notes()) if files.has_notes or overrides else (),
            warnings=tuple(warnings),
            **_parts(sound, tables),
        )
    lost = sound.lost_prompts if sound else frozenset()
    return SpecReading(
        spec=spec, problems=tuple(_in_order(problems, shown_as)), warnings=tuple(warnings), lost_prompts=lost
    )


def _parts(sound: RecoveredSpec, tables: Mapping[int, Table]) -> dict[str, Any]:
    """Return the fields of a Spec that come from its value."""
    value = sound.value
    return {
        "name": value["name"],
        "description": value.get("description", ""),
        "catalog": parse_catalog_date(value["catalog"]),
        "vars": value.get("vars", {}),
        "request": value.get("request", {}),
        "prompts": parse_prompts(value["prompts"], tables, without=sound.lost_prompts),
        "matrix": parse_matrix(value.get("matrix", {})),
        "repeat": int(value.get("repeat", 1)),
        "images": parse_images(value),
        "duplicates": Duplicates(value.get("duplicates", "fold")),
        "unsupported": Unsupported(value.get("unsupported", "error")),
        "stable_addresses": value.get("identity", {}).get("addresses") == "stable",
        "sample": parse_sample(value.get("sample")),
        "terms": parse_terms(value),
        "output_path": parse_output_path(value),
    }


@dataclass(slots=True)
class _Files:
    """Reads a spec's file and its bases, and collects what is wrong with them."""

    inputs: FileAccess
    spec: str
    """The name of the spec's own file in messages."""
    contents: Mapping[Path, bytes]
    """Contents that are read instead of those of the files."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    unread: set[SourcePlace] = field(default_factory=set)
    """Places of values that could not be read; they are among the problems already."""
    leaves_open: bool = False
    """Whether a base is missing, so that its content is unknown."""
    has_notes: bool = False
    """Whether some value has a note."""
    values: int = 0
    """Number of values in the files so far."""
    bases: list[bytes] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    """The bases, nearest first, by their names relative to the spec's folder."""

    def read(
        self, source: bytes, path: Path, shown_as: str, below: tuple[Path, ...] = (), *, known_as: str = ""
    ) -> Layer:
        """Return the file's value merged over its base; ``known_as`` is its name relative to the spec's folder."""
        reading = read_yaml(decode_spec(source, shown_as), shown_as)
        self.values += reading.values
        if self.values > MAX_VALUES:
            message = f"the spec and the files that it extends hold more than {MAX_VALUES:,} values"
            raise SpecError([Problem(message=message, place=SourcePlace(shown_as))])
        self.problems.extend(reading.problems)
        self.warnings.extend(reading.warnings)
        self.unread |= reading.unread
        self.has_notes = self.has_notes or reading.has_notes
        layer = Layer(reading.value, reading.mark)
        name = layer.value.get("extends") if isinstance(layer.value, dict) else None
        if not isinstance(name, str) or not name.strip():
            return layer
        place = SourceMap(layer.mark).place(("extends",))
        base = self._base(name, place, (*below, path), str(PurePosixPath(known_as).parent / name))
        # if the base cannot be read, that is reported already
        return merge_layers(without(layer, "extends"), base) if base else layer

    def source(self, file: InputFile, shown_as: str) -> bytes:
        """Return the content of a file, or what is to be read instead."""
        return self.contents[file.path] if file.path in self.contents else _read(file, shown_as)

    def _base(self, name: str, place: SourcePlace, below: tuple[Path, ...], known_as: str) -> Layer | None:
        def note(message: str, suggestion: str | None = None) -> None:
            self.leaves_open = True
            self.problems.append(
                Problem(message=message, path="extends", place=place, value=name, suggestion=suggestion)
            )

        try:
            found = self.inputs.find(name, base=below[-1].parent, known_as=known_as)
            base = found.path
            if base in below:
                circle = " -> ".join(file.name for file in (*below[below.index(base) :], base))
                note(f"the files extend each other in a cycle: {circle}", "remove extends from one of them")
                return None
            if len(below) >= MAX_BASES:
                note(f"the chain of extends is longer than {MAX_BASES} files")
                return None
            source = self.source(found, name)
        except UsageError as error:
            note(*((error.message, error.suggestion) if isinstance(error, FileRefused) else (str(error), None)))
            return None
        self.bases.append(source)
        self.paths[known_as] = base
        try:
            layer = self.read(source, base, self._shown(found, place.file, name), below, known_as=known_as)
        except SpecError as error:
            self.problems.extend(error.problems)
            self.leaves_open = True
            return None
        if isinstance(layer.value, dict):
            return layer
        self.leaves_open = True
        message = f"expected a mapping, found {type_name(layer.value)}"
        self.problems.append(Problem(message=message, place=layer.mark.place))
        return None

    def _shown(self, file: InputFile, namer: str, name: str) -> str:
        return self.inputs.shown(file, self.spec, name) if self.inputs.is_run_folder else beside(namer, name)


def _read(file: InputFile, shown_as: str) -> bytes:
    try:
        with file.open() as opened:
            check_yaml_size(os.fstat(opened.fileno()).st_size, shown_as, of="spec", suggestion=SPEC_TOO_LARGE_HINT)
            return opened.read(MAX_FILE_BYTES + 1)  # the size may have changed by now, and some files have none
    except FileRefused as error:
        said = "is a folder; name the spec's file" if file.path.is_dir() else error
        raise FileRefused(f"{shown_as} {said}") from None
    except FileNotFoundError:
        raise UsageError(f"{shown_as} does not exist") from None
    except (OSError, ValueError) as error:
        reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{shown_as} cannot be read: {reason}") from None


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


def _table_name(value: Any, number: int) -> str:
    """Return the name of the table of a prompt."""
    return str(PurePosixPath(value["prompts"][number]["from"]))

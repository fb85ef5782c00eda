"""Which parts of a benchmark are imported, and from which files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.bench.benchmark import Benchmark, BenchmarkPart
from qwave_batch.bench.given_files import GivenFiles
from qwave_batch.bench.import_notes import ImportNote, ImportNoteKind
from qwave_batch.errors import UnknownName, UsageError

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPart:
    """A part of a benchmark with its files."""

    part: BenchmarkPart
    files: tuple[Path, ...]


def choose_parts(
    benchmark: Benchmark, given: GivenFiles, asked: Sequence[str]
) -> tuple[tuple[FoundPart, ...], tuple[ImportNote, ...]]:
    """Return the parts to import, with what there is to note.

    Args:
        benchmark: The benchmark.
        given: The files that the user has.
        asked: Names of the parts that are wanted; empty for all that one scorer reads together.

    Raises:
        UnknownName: There is no such part.
        UsageError: The files are not there, or several could be meant, or the parts asked for do not go together.
    """
    by_name = {part.name: part for part in benchmark.parts}
    for name in asked:
        if not name or name not in by_name:
            known = tuple(filter(None, by_name))
            hint = f"there is {', '.join(known)}" if known else f"{benchmark.name} has no parts"
            raise UnknownName(f"part of {benchmark.name}", name, known, hint=hint)
    found = {part.name: files for part in benchmark.parts if (files := _files_of(benchmark, part, given))}
    lost = [name for name in asked if name not in found]
    if lost or not found:
        wanted = [by_name[name] for name in lost] or benchmark.parts
        raise UsageError(_not_there(benchmark, wanted, given))
    chosen = [by_name[name] for name in by_name if name in (asked or found)]
    together = chosen[0].apart
    if asked and any(part.apart != together for part in chosen):
        names = " and ".join(part.name for part in chosen)
        raise UsageError(f"{names} are never in one spec, since the scorer reads one at a time; import each by itself")
    taken = tuple(FoundPart(part=part, files=found[part.name]) for part in chosen if part.apart == together)
    return taken, () if asked else _notes(benchmark, together, found)


def _files_of(benchmark: Benchmark, part: BenchmarkPart, given: GivenFiles) -> tuple[Path, ...]:
    is_only = len({each.files for each in benchmark.parts}) == 1
    files = given.fitting(part.files, is_only=is_only)
    if len(files) > 1 and not part.has_many_files:
        listed = ", ".join(map(str, files[:_SHOWN]))
        raise UsageError(
            f"{len(files):,} files could be {' or '.join(part.files)}: {listed}; name the one that is meant"
        )
    return files


def _not_there(benchmark: Benchmark, parts: Sequence[BenchmarkPart], given: GivenFiles) -> str:
    wanted = ", ".join(dict.fromkeys(file for part in parts for file in part.files))
    places = ", ".join(map(str, given.named[:_SHOWN]))
    return f"{places} holds nothing of {benchmark.name}: looked for {wanted}, as {benchmark.repository} has it"


def _notes(benchmark: Benchmark, together: str, found: Mapping[str, tuple[Path, ...]]) -> tuple[ImportNote, ...]:
    lost = [part.name for part in benchmark.parts if part.apart == together and part.name not in found]
    others = [part.name for part in benchmark.parts if part.apart != together and part.name in found]
    notes = [ImportNote(kind=ImportNoteKind.OTHER_PART, about=name) for name in others]
    if lost:
        notes.append(ImportNote(kind=ImportNoteKind.PART_NOT_FOUND, about=", ".join(lost)))
    return tuple(notes)

"""Reads a plan file and checks every line by the rules of plans, by its hash, and against the lines before it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Any

from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.errors import UsageError
from qwave_batch.files.regular_files import system_reason
from qwave_batch.model.job import Duplicate, Job, PlanItem
from qwave_batch.model.next_step import NextStep
from qwave_batch.plan.expand.image_paths import PathClashes
from qwave_batch.plan.file.earlier_jobs import LineFault
from qwave_batch.plan.file.plan_header import AGAIN, PlanHeader, read_header
from qwave_batch.plan.file.plan_lines import LineReader, read_line
from qwave_batch.plan.file.plan_seal import Seal, is_closed, opened_header
from qwave_batch.spec.inputs.file_access import FileRefused, InputFile
from qwave_batch.spec.table.json_rows import DECODER, VALUE_SIGNS
from qwave_batch.spec.table.table_file import Line, check_values, open_table_file, read_table_lines
from qwave_batch.spec.values.json_values import check_leaves

_MERGE_MARKS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


@dataclass(frozen=True, slots=True)
class PlanReader:
    """The lines of one plan's file."""

    source: InputFile
    """The opened file."""
    shown_as: str

    def header(self, catalogs: CatalogSource) -> PlanHeader:
        """Return the parsed first line; its catalog is looked up in ``catalogs``.

        Raises:
            UsageError: The file cannot be read, is not a plan, or its header was changed.
        """
        self._check_opens()
        for line in self._lines():
            try:
                beside = self.source.path.parent
                return read_header(self._object(line), line, self.shown_as, catalogs=catalogs, beside=beside)
            except _CutOff as cut:
                raise UsageError(f"{cut}; {AGAIN}") from None
        raise UsageError(f"{self.shown_as} is empty, so it is not a plan; {AGAIN}")

    def items(self, header: PlanHeader, *, once: bool = False) -> Iterator[PlanItem]:
        """Yield the jobs of a file with this header, then its duplicates.

        Args:
            header: The parsed first line.
            once: Whether to check also that no job, index or path occurs twice, which takes memory for each.

        Raises:
            UsageError: At the first line that was changed, or at the end for missing lines.
        """
        reader, seal, claims = (
            LineReader(header.catalog, header.inputs, header.stages),
            Seal(header.opened),
            _Claims() if once else None,
        )
        duplicates: list[Duplicate] = []
        jobs, last = 0, 0
        for line in self._lines():
            if last == 0:
                last = self._same_header(line, header)
                continue
            last = line.number
            value = self._job_object(line, jobs, header)
            try:
                planned = read_line(value)
                job = reader.job(planned)
                own = list(planned.duplicates)
            except LineFault as fault:
                raise UsageError(f"{self.shown_as}:{line.number}: {fault}") from fault
            if claims is not None:
                self._check_once(claims, line, job, own)
            if not is_closed(line.text, seal):
                raise UsageError(self._unlike(line, jobs, header))
            jobs += 1
            duplicates += own
            yield job
        self._check_whole(jobs, last, header, seal)
        yield from duplicates

    def _lines(self) -> Iterator[Line]:
        """Yield the lines that are not blank; many files end with a blank one."""
        with open_table_file(self.source, self.shown_as) as file:
            for line in read_table_lines(file):
                if line.text and not line.text.isspace():
                    yield line

    def _check_opens(self) -> None:
        """Raise for a file that cannot be opened, or is not a regular one."""
        source = self.source
        try:
            source.open().close()
        except FileRefused as error:
            raise FileRefused(f"{self.shown_as} {error}") from None
        except OSError as error:
            raise UsageError(f"{self.shown_as} can't be read: {system_reason(error)}") from error

    def _same_header(self, line: Line, header: PlanHeader) -> int:
        if opened_header(line.text) != header.opened:
            raise UsageError(f"{self.shown_as}:{line.number}: the plan has changed since it was first read")
        return line.number

    def _job_object(self, line: Line, jobs: int, header: PlanHeader) -> dict[str, Any]:
        try:
            value = self._object(line)
        except _CutOff as cut:
            raise UsageError(f"{cut}, with {jobs} of the plan's {header.jobs} jobs before it; {AGAIN}") from None
        if "plan" in value and "job_id" not in value:
            raise UsageError(
                f"{self.shown_as}:{line.number}: a second header: two plans were put into one file; "
                f"run each of them from a file of its own, or {AGAIN}"
            )
        return value

    def _object(self, line: Line) -> dict[str, Any]:
        try:
            check_values(line.text, VALUE_SIGNS)
            value = DECODER.decode(line.text)
            check_leaves(value)
        except (ValueError, RecursionError) as error:
            raise _unread(error, line, self.shown_as) from error
        if not isinstance(value, dict):
            raise UsageError(f"{self.shown_as}:{line.number}: not a JSON object; {AGAIN}")
        return value

    def _check_once(self, claims: "_Claims", line: Line, job: Job, duplicates: list[Duplicate]) -> None:
        """Raise if an earlier line has the same job, index or path."""
        here = f"{self.shown_as}:{line.number}:"
        if not claims.take_job(job):
            known = self._line_where(lambda value: value.get("job_id") == job.job_id)
            raise UsageError(
                f"{here} the job {job.job_id} stands on line {known} already; a merge or a copy doubled it; {AGAIN}"
            )
        indices = (job.index, *(duplicate.index for duplicate in duplicates))
        taken = next((index for index in indices if not claims.take_index(index)), None)
        if taken is not None:
            known = self._line_where(lambda value: taken in _indices(value))
            raise UsageError(f"{here} an entry with the index {taken} stands on line {known} already; {AGAIN}")
        other = claims.take_path(job)
        if other is not None:
            known = self._line_where(lambda value: value.get("index") == other)
            raise UsageError(f'{here} the path "{job.path}" is that of the job on line {known} already; {AGAIN}')

    def _line_where(self, is_it: Callable[[Mapping[str, Any]], bool]) -> int:
        """Return the number of the first line with such an object; searched on demand instead of stored."""
        return next(line.number for line in self._lines() if is_it(self._object(line)))

    def _unlike(self, line: Line, jobs: int, header: PlanHeader) -> str:
        """Return the message about a line that is a valid job but not the one written here."""
        here = f"{self.shown_as}:{line.number}:"
        if jobs >= header.jobs:
            return f"{here} the plan has {header.jobs} jobs, and this is one more; {AGAIN}"
        return (
            f"{here} from this line on the plan is not as it was written: the line was edited, moved or put in, "
            f"or one before it was taken out; {AGAIN}"
        )

    def _check_whole(self, jobs: int, last: int, header: PlanHeader, seal: Seal) -> None:
        if jobs < header.jobs:
            raise UsageError(
                f"{self.shown_as} is cut off: {jobs} of its {header.jobs} jobs are there (line {last} is the last); "
                f"{AGAIN}",
                next_steps=(NextStep.LIMIT_RUN,),
            )
        if seal.whole() != header.lines_sha256:
            raise UsageError(f"{self.shown_as}:1: the header has the hash of other lines; {AGAIN}")


class _CutOff(UsageError):
    """A line that ends in the middle of its JSON."""


@dataclass(slots=True)
class _Claims:
    """The jobs (by number), indexes and paths that occurred so far."""

    _jobs: set[int] = field(default_factory=set)
    _indices: set[int] = field(default_factory=set)
    _paths: PathClashes = field(default_factory=PathClashes)

    def take_job(self, job: Job) -> bool:
        """Return whether the job is new."""
        return _added(self._jobs, int(job.job_id, 16))

    def take_index(self, index: int) -> bool:
        """Return whether the index is new."""
        return _added(self._indices, index)

    def take_path(self, job: Job) -> int | None:
        """Return the index of the job whose images have one of the names of this one's, or None."""
        if job.skip is not None or job.path.endswith(job.job_id):  # no other job's path ends like this
            return None
        return self._paths.claim(job.path, job.max_images, job.index)


def _added(taken: set[int], number: int) -> bool:
    known = len(taken)
    taken.add(number)
    return len(taken) > known


def _indices(value: Mapping[str, Any]) -> set[int]:
    return {value["index"], *(duplicate["index"] for duplicate in value["also"])} if "index" in value else set()


def _unread(error: ValueError | RecursionError, line: Line, shown_as: str) -> UsageError:
    """Return why a line cannot be read."""
    here = f"{shown_as}:{line.number}"
    if isinstance(error, RecursionError):
        return UsageError(f"{here}: not JSON: it is nested too deeply")
    if not isinstance(error, JSONDecodeError):
        is_long = "integer string conversion" in str(error)
        return UsageError(f"{here}: {'a number in it is past 2^53-1' if is_long else error}; {AGAIN}")
    if line.text.startswith(_MERGE_MARKS):
        return UsageError(f"{here}: the mark of a merge that was not finished; {AGAIN}")
    if "\0" in line.text[:2]:
        return UsageError(f"{here}: the file is UTF-16; save it as UTF-8")
    text = line.text.rstrip()
    if text.startswith("{") and not text.endswith("}") and not _begins_whole(text):
        return _CutOff(f"{here}:{len(text) + 1}: the line is cut off in its middle")
    return UsageError(f"{here}:{error.pos + 1}: not JSON; {AGAIN}")


def _begins_whole(text: str) -> bool:
    """Whether a line starts with a complete object, so that the mistake is after it."""
    try:
        DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True

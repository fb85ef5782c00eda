"""The cases of a prompt: the prompt itself, or each row of its table, in file order."""

import hashlib
import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Protocol

from qwave_batch.errors import SpecError
from qwave_batch.model.job_identity import canonical, sample_hash
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.parent_jobs import PARENT, ParentJob
from qwave_batch.plan.expand.parent_selection import ParentSelection
from qwave_batch.plan.expand.prompts import CompiledPrompt, render_variables
from qwave_batch.plan.expand.scope import FEW_NAMES, ValueAllowance, render_or_report, with_names
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.table.tables import Row, Table
from qwave_batch.spec.template.templates import TemplateValue
from qwave_batch.spec.template.text_filters import slug
from qwave_batch.spec.values.json_values import stable_form
from qwave_batch.spec.values.text_conversion import PromptRecord, to_text

NAME_CHARACTERS = 40
NAME_DIGITS = 6


class PromptCase:
    """One prompt or one row of a table, with everything that is the same for all axes."""

    __slots__ = ("_named", "_prompt_id", "is_kept", "meta", "names", "parent", "prompt", "row", "tags")

    def __init__(  # noqa: PLR0913  # what a row comes to
        self,
        prompt: CompiledPrompt,
        row: Row | None,
        *,
        prompt_id: str | None,
        tags: tuple[str, ...],
        meta: Mapping[str, Json],
        names: Mapping[str, Json],
        is_kept: bool,
        parent: ParentJob | None = None,
    ) -> None:
        self.prompt, self.row, self.parent, self._prompt_id = prompt, row, parent, prompt_id
        self._named: PromptRecord | None = None
        self.tags, self.meta = tags, meta
        self.names = names
        """Names that templates see besides ``prompt``: vars, its own vars, row, row_number, parent."""
        self.is_kept = is_kept
        """False for a row that its sample leaves out: it counts in the order but makes no job."""

    @property
    def prompt_id(self) -> str:
        """The prompt's id; a default id is computed on demand."""
        if self._prompt_id is None:
            self._prompt_id = default_id(self.prompt.raw_text, self.row)
        return self._prompt_id

    def named(self) -> PromptRecord:
        """Return the ``prompt`` that templates see."""
        if self._named is None:
            self._named = PromptRecord({"id": self.prompt_id, "tags": list(self.tags), "meta": self.meta})
            self._named.row = self.row.cells if self.row else None
        return self._named


class RowObserver(Protocol):
    """Checks the rows of tables while they are read."""

    def begin_table(self, prompt: CompiledPrompt, table: Table) -> None:
        """Go on to the table of a prompt."""
        ...

    def read_row(self, row: Row) -> None:
        """Check a row that was read, before ``where`` filters it."""
        ...

    def use_row(self, row: Row, *, is_kept: bool) -> None:
        """Check a row that ``where`` accepts; one that the sample leaves out is not kept."""
        ...

    def end_table(self) -> None:
        """Note that the table was read to its end, or to the prompt's ``limit``."""
        ...


@dataclass(slots=True, kw_only=True)
class CaseReader:
    """Yields the cases of the prompts of one spec; ids are unique among all of them."""

    variables: Mapping[str, Json]
    """The rendered ``vars``."""
    problems: ProblemCollector
    observer: RowObserver
    calculated: frozenset[str] = frozenset()
    """Names with which shared templates do more than insert them."""
    parents: ParentSelection | None = None
    """The parents, for each of which every prompt and row has a case; None for a stage that goes on from none."""
    tables_read: dict[str, int] = field(default_factory=dict)
    """The number of rows of each table that was read to its end."""
    none_passes: dict[ValuePath, tuple[Table, int]] = field(default_factory=dict)
    """By the path of a prompt whose ``where`` accepts no row: its table, and the number of rows."""
    _ids: set[int] = field(default_factory=set)
    """Hashes of the ids that are taken."""

    def start(self) -> None:
        """Begin a pass over all prompts, with no ids taken."""
        self._ids.clear()

    def cases(self, prompt: CompiledPrompt) -> Iterator[PromptCase]:
        """Yield the prompt, or a case for each row of its table that ``where`` accepts, up to ``limit``."""
        self.problems.row, self.problems.table = None, prompt.table
        if self.parents is not None:
            yield from self._children(prompt, self.parents)
            return
        if prompt.table is None:
            own = render_variables(prompt.variables, self.variables, self.problems, ValueAllowance())
            names = with_names(self.variables, own)
            case = self._case(prompt, names, None, is_kept=True)
            if case:
                yield case
            return
        for row, names, is_kept in self._used_rows(prompt, prompt, prompt.table):
            case = self._case(prompt, names, row, is_kept=is_kept)
            if case:
                yield case

    def _children(self, prompt: CompiledPrompt, parents: ParentSelection) -> Iterator[PromptCase]:
        """Yield a case for each parent; with a table, for each row all of them, which are held in memory then."""
        if prompt.table is None:
            for parent in parents.kept():
                yield from self._child(prompt, parent, self.variables, None, is_kept=True)
            return
        held = tuple(parents.kept())
        of_rows = replace(prompt, where=None, variables={})  # which may ask for the parent
        for row, names, is_kept in self._used_rows(prompt, of_rows, prompt.table):
            for parent in held:
                yield from self._child(prompt, parent, names, row, is_kept=is_kept)

    def _child(
        self, prompt: CompiledPrompt, parent: ParentJob, names: Mapping[str, Json], row: Row | None, *, is_kept: bool
    ) -> Iterator[PromptCase]:
        names = with_names(names, {PARENT: parent.record})
        names = with_names(names, render_variables(prompt.variables, names, self.problems, ValueAllowance()))
        if prompt.where is None or self._passes(prompt, prompt.where, names):
            case = self._case(prompt, names, row, is_kept=is_kept, parent=parent)
            if case:
                yield case

    def _used_rows(
        self, prompt: CompiledPrompt, of_rows: CompiledPrompt, table: Table
    ) -> Iterator[tuple[Row, Mapping[str, Json], bool]]:
        """Yield the rows up to ``limit``, with the names they define, and whether the sample keeps them.

        Args:
            prompt: The prompt.
            of_rows: The same with no more of ``where`` and variables than a row alone decides.
            table: Its table; one that can't be read to its end is reported.
        """
        self.observer.begin_table(prompt, table)
        try:
            kept = self._sampled(of_rows, table)
            for row, names in itertools.islice(self._rows(of_rows, table), prompt.limit):
                is_kept = kept is None or row.number in kept
                self.observer.use_row(row, is_kept=is_kept)
                yield row, names, is_kept
            self.observer.end_table()
        except SpecError as error:  # unreadable rows; the prompts after them are still checked
            self.problems.take(error.problems, (*prompt.origin, "from"))
        self.problems.row = None

    def _rows(self, prompt: CompiledPrompt, table: Table) -> Iterator[tuple[Row, Mapping[str, Json]]]:
        """Yield the rows that ``where`` accepts, with the names they define."""
        names: Mapping[str, Json]
        calculated = prompt.calculated(self.calculated)
        is_short = len(self.variables) <= FEW_NAMES
        read = passed = 0
        for row in table.rows(prompt.wanted, warn=partial(self.problems.warn_of_table, where=(*prompt.origin, "from"))):
            self.problems.row = row
            read = row.number
            if row.notes:
                self.observer.read_row(row)
            if is_short:
                names = {**self.variables, "row": row.cells, "row_number": row.number}
            else:
                names = with_names(self.variables, {"row": row.cells, "row_number": row.number})
            if prompt.variables:
                names = with_names(
                    names, render_variables(prompt.variables, names, self.problems, ValueAllowance(), calculated)
                )
            if prompt.where is None or self._passes(prompt, prompt.where, names):
                passed += 1
                yield row, names
        self.tables_read[table.shown_as] = read
        if read and not passed:
            self.none_passes[prompt.origin] = table, read

    def _passes(self, prompt: CompiledPrompt, where: TemplateValue, names: Mapping[str, Json]) -> bool:
        verdict = render_or_report(where, names, self.problems)
        if verdict is not UNKNOWN and not isinstance(verdict, bool):
            self.problems.add(
                (*prompt.origin, "where"),
                "where must come out as true or false",
                value=verdict,
                suggestion="write one comparison, such as \"{{ row.Challenge == 'Basic' }}\"",
            )
        return verdict is True

    def _sampled(self, prompt: CompiledPrompt, table: Table) -> set[int] | None:
        """Return the numbers of the rows in the sample, or None without a sample."""
        sample = prompt.sample
        if sample is None:
            return None
        with self.problems.muted():
            numbers = (row.number for row, _ in self._rows(prompt, table))
            return set(heapq.nsmallest(sample.count, numbers, key=lambda number: sample_hash(sample.seed, number)))

    def _case(
        self,
        prompt: CompiledPrompt,
        names: Mapping[str, Json],
        row: Row | None,
        *,
        is_kept: bool,
        parent: ParentJob | None = None,
    ) -> PromptCase | None:
        prompt_id = self._given_id(prompt, names) if prompt.has_id else parent.job.prompt_id if parent else None
        if prompt_id == "":
            return None
        tags, meta = self._labels(prompt, names) if prompt.tags or prompt.meta else ((), {})
        if parent is not None:
            tags, meta = tuple(dict.fromkeys((*parent.job.tags, *tags))), {**parent.job.meta, **meta}
        return PromptCase(
            prompt, row, prompt_id=prompt_id, tags=tags, meta=meta, names=names, is_kept=is_kept, parent=parent
        )

    def _labels(self, prompt: CompiledPrompt, names: Mapping[str, Json]) -> tuple[tuple[str, ...], dict[str, Json]]:
        problems = self.problems
        return (
            tuple(_text(render_or_report(tag, names, problems)) for tag in prompt.tags),
            {key: render_or_report(value, names, problems) for key, value in prompt.meta.items()},
        )

    def _given_id(self, prompt: CompiledPrompt, names: Mapping[str, Json]) -> str | None:
        """Return the id; None if it is unknown, and empty if it is invalid, which is reported."""
        value = render_or_report(prompt.prompt_id, names, self.problems)
        if value is UNKNOWN:
            return None
        prompt_id = _text(value)
        where = (*prompt.origin, "id")
        if not prompt_id.strip():
            self.problems.add(where, "an id must not come out empty")
            return ""
        if self.parents is not None:  # several of them may have children of the same name
            return prompt_id
        if hash(prompt_id) in self._ids:
            self.problems.add(where, f'the id "{prompt_id}" is taken already', value=prompt_id)
            return ""
        self._ids.add(hash(prompt_id))
        return prompt_id


def default_id(text: str, row: Row | None) -> str:
    """Return the default id of a prompt: a slug of the start of its text, and a hash of text or row."""
    hashed = text.encode() if row is None else _hashed_row(row)
    digits = hashlib.sha256(hashed).hexdigest()[:NAME_DIGITS]
    return f"{_slug_of_start(text[:NAME_CHARACTERS])}-{digits}".lstrip("-")


@lru_cache(maxsize=16)  # the rows of a table share the text that is written in the spec
def _slug_of_start(text: str) -> str:
    return slug(text)


def _hashed_row(row: Row) -> bytes:
    try:
        return canonical(dict(row.cells))
    except ValueError:  # an unusable cell
        return canonical(stable_form(row.cells))


def _text(value: Json) -> str:
    return "" if value is UNKNOWN else to_text(value)

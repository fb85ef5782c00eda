"""Warns of prompts that become the same request, although their author may have wanted an image of each."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from qwave_batch.plan.checks.prompt_texts import names_of_row
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.entries import ExpandedEntry
from qwave_batch.plan.expand.jobs import is_random
from qwave_batch.plan.expand.prompt_cases import PromptCase
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Unsupported, ValuePath
from qwave_batch.spec.template.templates import TemplateValue

_HELD = 10_000
"""The maximum number of repeated requests that are counted."""


@dataclass(slots=True, kw_only=True)
class Sameness:
    """Compares the first request of each prompt and row of one spec while its plan is counted.

    Equal requests within one prompt come from an axis, and requests with a seed ask for the same image: both are
    intended. So are all in a spec that lets fields be dropped.
    """

    base: Mapping[str, TemplateValue | None]
    matrix: ResolvedMatrix
    unsupported: Unsupported
    problems: ProblemCollector
    is_open: bool = False
    """Whether the current case has no request of its own yet, and no repeated one that counts."""
    _prompt: CompiledPrompt | None = None
    _rows: int = 0
    _has_error: bool = False
    _is_same: bool = False
    """Whether all rows of the current table give the same prompt."""
    _is_looked_at: bool = False
    """Whether repeated requests count for the current prompt."""
    _again: Counter[int] = field(default_factory=Counter)
    """By request: the number of cases that repeat it."""
    _second: tuple[ExpandedEntry, ValuePath] | None = None

    def next_prompt(self, prompt: CompiledPrompt, *, has_error: bool) -> None:
        """Go on to the next prompt; if its text has an error, nothing else is reported about it."""
        self._end_prompt()
        self._prompt, self._rows, self._has_error, self._is_same = prompt, 0, has_error, False
        self._is_looked_at = not has_error and self.unsupported is not Unsupported.DROP

    def next_case(self) -> None:
        """Go on to the first or next row of the prompt."""
        self._rows += 1
        if self._rows == 2 and self._prompt and not self._has_error:  # noqa: PLR2004
            self._is_same = not self._follows_row(self._prompt)
            self._is_looked_at = self._is_looked_at and not self._is_same
        self.is_open = self._is_looked_at

    def see_again(self, entry: ExpandedEntry) -> None:
        """Check a request that an earlier entry has made, as long as the case is open."""
        if not is_random(entry.request(), entry.verdict.model):
            return
        self.is_open = False
        if entry.number not in self._again and len(self._again) >= _HELD:
            return
        self._again[entry.number] += 1
        if self._second is None:
            self._second = entry, entry.cell.case.prompt.text_origin

    def finish(self, entries: Callable[[], Iterator[ExpandedEntry]]) -> None:
        """Report the repeated requests; ``entries`` yields all entries again, with the same indices."""
        self._end_prompt()
        if self._second is None or self.problems.has_errors():
            return
        second, where = self._second
        with self.problems.muted():
            first = next((entry for entry in entries() if entry.number == second.number), second)
        self.problems.row = None
        if first.cell.index == second.cell.index:
            self._note_elsewhere(second, where)
            return
        prompts, requests = self._again.total() + len(self._again), len(self._again)
        made = "the same request, which is made once" if requests == 1 else f"{requests:,} requests, each made once"
        names = f"{self._name(first.cell.case)} and {self._name(second.cell.case)}"
        seeds = ", or give each a seed of its own" if second.verdict.model.takes_seed else ""
        self.problems.add(
            where,
            f"{prompts:,} prompts come out as {made}; the first two are {names}",
            suggestion=f"for an image of each write duplicates: keep{seeds}",
            warning=True,
        )

    def _note_elsewhere(self, again: ExpandedEntry, where: ValuePath) -> None:
        """Report requests that an earlier stage has made; ``duplicates: keep`` does not set those apart."""
        prompts = self._again.total()
        come = "1 prompt comes" if prompts == 1 else f"{prompts:,} prompts come"
        self.problems.add(
            where,
            f"{come} out as a request of an earlier stage, which is made once; "
            f"the first is {self._name(again.cell.case)}",
            suggestion="for an image of each give each a seed of its own"
            if again.verdict.model.takes_seed
            else "for an image of each change something in the request",
            warning=True,
        )

    def _end_prompt(self) -> None:
        prompt = self._prompt
        if prompt is None or prompt.table is None or not self._is_same:
            return
        columns = prompt.table.columns or ()
        example = f"{{{{ row.{columns[0]} }}}}" if columns and columns[0].isidentifier() else "{{ row.COLUMN }}"
        row, self.problems.row = self.problems.row, None
        self.problems.add(
            prompt.text_origin,
            f"every row gives the same prompt: text and request name nothing of the {self._rows:,} rows "
            f"of {prompt.table.shown_as}",
            suggestion=f"write {example} where a column belongs",
            warning=True,
        )
        self.problems.row = row

    def _follows_row(self, prompt: CompiledPrompt) -> bool:
        names = names_of_row(prompt)
        values = [prompt.text, *prompt.request.values(), *self.base.values()]
        for axis in self.matrix.axes:
            for position in range(axis.count if axis.is_listed else 0):
                values += axis.value(position).late.values()
        for include in self.matrix.includes:
            values += include.fields.values()
        return any(value is None or not value.names.isdisjoint(names) for value in values)

    def _name(self, case: PromptCase) -> str:
        if case.row is not None:
            return f"{case.row.place.file}:{case.row.place.line}"
        place = self.problems.source_map.place(case.prompt.text_origin)
        return f"{self.problems.source_map.path_text(case.prompt.origin)} on line {place.line}"

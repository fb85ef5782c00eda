"""Warns of texts that are sent differently from how they look: once per prompt and once per row, never once per job."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.plan.checks.lost_cells import LostCells
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.prompt_cases import PromptCase
from qwave_batch.plan.expand.prompts import ROW_NAMES, CompiledPrompt
from qwave_batch.plan.expand.scope import AvailableNames
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, ValuePath
from qwave_batch.spec.template.literal_text import TAG, literal_text, raw_text, unspaced_comments
from qwave_batch.spec.values.value_messages import cut_for_message

_FOREIGN = re.compile(
    rf"\$\{{[^{{}}{TAG}\n]{{1,100}}\}}"
    rf"|\{{(?![\"'])[^{{}}|{TAG}]{{0,500}}\|[^{{}}{TAG}]{{0,500}}\}}"
    r"|(?<!\w)__[A-Za-z*][\w/.*-]{0,98}?__(?![\w(])"
)
_SINGLE = re.compile(rf"\$?\{{([^{{}}|{TAG}\n]{{1,120}})\}}")
_FORMAT = re.compile(r"[!:][^!:]*$")
"""The suffix that Python allows after a name in braces."""
_OTHER = re.compile(
    rf"(?<![\w.])row\.([^\W\d]\w{{0,100}})(?![\w(])|(?<![\w.])row\[[\"']([^\"'{TAG}\n]{{1,100}})[\"']\]"
    rf"|\$(\w{{1,100}})|%\((\w{{1,100}})\)[a-z]?|<([^<>{TAG}\n]{{1,100}})>|(?<!\[)\[([^\[\]{TAG}\n]{{1,100}})\](?!\])"
)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_SHOWN = 3
CHOICES = "choices are an axis of your own in the matrix, or rows of a table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misspelt:
    """A name of the spec that a text uses in the syntax of another language."""

    written: str
    name: str
    is_column: bool
    is_braced: bool
    """Whether it is in single braces, which have no other use in most texts, or is the whole text."""

    @property
    def guess(self) -> str:
        """The likely intended spelling."""
        if not self.is_column:
            return f"{{{{ {self.name} }}}}"
        return f"{{{{ row.{self.name} }}}}" if _IDENTIFIER.fullmatch(self.name) else f'{{{{ row["{self.name}"] }}}}'


def foreign_in(text: str) -> list[str]:
    """Return the distinct choices, wildcards and environment variables in a text."""
    if "{" not in text and "__" not in text:
        return []
    return list(dict.fromkeys(_FOREIGN.findall(text)))


def is_of_environment(written: str) -> bool:
    """Whether a shell would replace it from its environment."""
    return written.startswith("$")


def sent_message(found: list[str]) -> str:
    """Return the message about choices and wildcards in a text."""
    listed = " and ".join(f'"{cut_for_message(written, 60)}"' for written in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return f"{listed}{more} {'is sent as it stands' if len(found) == 1 else 'are sent as they stand'}"


def environment_message(written: str) -> tuple[str, str, Advice]:
    """Return the message about ``${NAME}``, the right spelling, and how to set a value."""
    name = re.split(r"\W", written[2:-1].strip(), maxsplit=1)[0] or "NAME"
    ours = name.lower()
    return (
        f'"{cut_for_message(written, 60)}" is sent as it stands: a spec reads no environment',
        f"write {{{{ {ours} }}}}",
        Advice(NextStep.SET_VARIABLE, f"vars.{ours}=${name}"),
    )


def misspelt_in(text: str, columns: Collection[str], names: Collection[str]) -> Iterator[Misspelt]:
    """Yield the columns that a text uses in the syntax of other languages, and the other names in single braces."""
    seen = set[str]()
    by_case: dict[str, str] = {}
    for found in _SINGLE.finditer(text) if "{" in text else ():
        if found[0] in seen or _is_doubled(text, found):
            continue
        seen.add(found[0])
        by_case = by_case or {column.casefold(): column for column in columns}
        whole = found[1].strip().removeprefix("row.")
        name = whole if whole in columns else _FORMAT.sub("", whole).strip()
        column = name if name in columns else by_case.get(name.casefold())
        if column is not None:
            is_exact = column == name and not found[0].startswith("$")
            yield Misspelt(written=found[0], name=column, is_column=True, is_braced=is_exact)
        elif name in names:
            yield Misspelt(written=found[0], name=name, is_column=False, is_braced=True)
    if not columns:
        return
    for found in _OTHER.finditer(text):
        name = next(part for part in found.groups() if part)
        if name in columns and found[0] not in seen:
            seen.add(found[0])
            is_all = found[0].startswith("row") and found[0] == text.strip()
            yield Misspelt(written=found[0], name=name, is_column=True, is_braced=is_all)


def _is_doubled(text: str, found: re.Match[str]) -> bool:
    return text[found.start() - 1 : found.start()] == "{" or text[found.end() : found.end() + 1] == "}"


@dataclass(slots=True, kw_only=True)
class TextCheck:
    """Checks the texts of one spec while its plan is counted."""

    spec: Spec
    matrix: ResolvedMatrix
    problems: ProblemCollector
    _names: dict[str, str] = field(default_factory=dict)
    """The names available to a text besides its own columns and variables, each with its kind."""
    _reported: set[str] = field(default_factory=set)
    """Parts of the current prompt that are already reported, or are meant literally."""
    _of_all: set[str] = field(default_factory=set)
    """The same for all prompts."""
    _examples: dict[bool, str] = field(default_factory=dict)
    """By whether it is an environment variable: the example reported for the rows of the current table."""
    _lost: LostCells = field(init=False)
    has_error: bool = False
    """Whether the text of the current prompt cannot be intended."""

    def __post_init__(self) -> None:
        self._lost = LostCells(self.problems)

    def begin(self, prompts: Sequence[CompiledPrompt]) -> None:
        """Check the texts that all prompts share."""
        self._names = {
            **dict.fromkeys(("repeat", "row_number", "prompt.id"), "a name of the language"),
            **dict.fromkeys(self.spec.vars, "a variable"),
            **{name: "a variable" for include in self.matrix.includes for name in include.variables},
            **{axis.name.text: "an axis" for axis in self.matrix.axes},
        }
        for name, raw in self.spec.vars.items():
            self._note_comments(raw, ("vars", name))
            self._of_all.update(_meant_in(raw))
        for name, raw in self.spec.request.items():
            self._note_comments(raw, ("request", name))
        used = {name for prompt in prompts if prompt.text for name in prompt.text.names}
        for axis in self.matrix.axes:
            if not axis.is_listed or axis.name.text not in used:
                continue
            for value in map(axis.value, range(axis.count)):
                found = [written for text in _texts(value.variable) for written in foreign_in(text)]
                self._note_foreign(found, value.origin)
                self._of_all.update(found)

    def next_prompt(self, case: PromptCase) -> None:
        """Check the text of a prompt as it is written, with the first row of its table."""
        prompt = case.prompt
        self.has_error = False
        self._reported.clear()
        self._examples.clear()
        row, self.problems.row = self.problems.row, None
        for name, value in (*prompt.variables.items(), *prompt.request.items()):
            if value and not value.is_constant:
                key = "vars" if name in prompt.variables else "request"
                self._note_comments(value.raw, (*prompt.origin, key, name))
                self._reported.update(_meant_in(value.raw))
        if prompt.text is not None:
            self._note_comments(prompt.raw_text, prompt.text_origin)
            self._reported.update(_meant_in(prompt.raw_text))
            literal = literal_text(prompt.raw_text)
            self._note_names(prompt, case, literal)
            found = [written for written in foreign_in(literal) if written not in self._reported]
            self._note_foreign(found, prompt.text_origin)
            self._reported.update(found)
        self.problems.row = row

    def next_case(self, case: PromptCase, text: str) -> None:
        """Check the cells and variables in the first prompt of a row."""
        if case.row is not None:
            self._lost.look(case, text)
        for written in foreign_in(text):
            if written in self._reported or written in self._of_all:
                continue
            if case.row is None:
                self._note_foreign([written], case.prompt.text_origin)
                continue
            example = self._examples.setdefault(is_of_environment(written), written)
            self._note_foreign([example], case.prompt.text_origin)
            return

    def _note_names(self, prompt: CompiledPrompt, case: PromptCase, literal: str) -> None:
        columns = case.row.cells.keys() if case.row else ()
        for found in misspelt_in(literal, columns, AvailableNames(self._names, prompt.variables)):
            self._reported.add(found.written)
            is_error = found.is_column and found.is_braced and not uses_row(prompt)
            self.has_error = self.has_error or is_error
            what = "a column" if found.is_column else self._names.get(found.name, "a variable")
            if found.is_column and prompt.table:
                what += f" of {prompt.table.shown_as}"
            self._note_name(found, what, prompt.text_origin, is_error=is_error)

    def _note_name(self, found: Misspelt, what: str, where: ValuePath, *, is_error: bool) -> None:
        signs = "single braces are" if found.written.startswith("{") else "it is"
        self.problems.add(
            where,
            f'"{cut_for_message(found.written, 60)}" is sent as it stands: {signs} no template, '
            f"and {cut_for_message(found.name, 60)} is {what}",
            value=found.written,
            suggestion=f"did you mean {found.guess}?",
            warning=not is_error,
        )

    def _note_foreign(self, found: list[str], where: ValuePath) -> None:
        plain = [written for written in found if not is_of_environment(written)]
        if plain:
            self.problems.add(where, sent_message(plain), suggestion=CHOICES, warning=True)
        for written in found:
            if is_of_environment(written):
                message, instead, step = environment_message(written)
                self.problems.add(where, message, suggestion=instead, next_step=step, warning=True)

    def _note_comments(self, raw: Json, where: ValuePath) -> None:
        for comment in dict.fromkeys(unspaced_comments(raw)):
            shown = cut_for_message(comment, 60)
            self.problems.add(
                where,
                f'"{shown}" is a comment of the template and is left out',
                suggestion=f"if it belongs to the text, write {{% raw %}}{shown}{{% endraw %}}; "
                f"a comment has a blank behind {{#",
                warning=True,
            )


def names_of_row(prompt: CompiledPrompt) -> set[str]:
    """Return the names that differ from row to row of a prompt's table."""
    names = {*ROW_NAMES, "prompt"}
    for name, value in prompt.variables.items():
        if value is None or not value.names.isdisjoint(names):
            names.add(name)
    return names


def uses_row(prompt: CompiledPrompt) -> bool:
    """Whether the text of a prompt can differ from row to row."""
    return prompt.text is None or not prompt.text.names.isdisjoint(names_of_row(prompt))


def _meant_in(raw: Json) -> Iterator[str]:
    """Yield the raw parts of the templates in a value, which are meant literally."""
    for text in _texts(raw):
        yield from foreign_in(raw_text(text))


def _texts(value: Json) -> Iterator[str]:
    """Yield every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)

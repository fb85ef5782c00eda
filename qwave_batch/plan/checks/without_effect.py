"""Checks for parts of a spec or an override without effect: unused variables, and fields that every job overwrites."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.checks.spellings import argument_at, set_option
from qwave_batch.plan.expand.axes import BUILT_IN, ResolvedAxis
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.scope import GUESSES
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, ValuePath
from qwave_batch.spec.overrides import SHOWN_AS
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_value
from qwave_batch.spec.values.value_messages import inline_yaml

_BASE, _FILE, _COMMAND_LINE = range(3)
"""The origin of a part: a base file, the spec's own file, or the command line on top of both."""


@dataclass(frozen=True, kw_only=True)
class IdleCheck:
    """Compares the names that a spec defines with those that its templates use."""

    spec: Spec
    variables: Mapping[str, TemplateValue | None]
    """``vars``, compiled."""
    base: Mapping[str, TemplateValue | None]
    """The spec's own ``request``, compiled."""
    prompts: Sequence[CompiledPrompt]
    matrix: ResolvedMatrix
    path: TemplateValue | None
    where: TemplateValue | None = None
    """That of a stage, which sees variables only."""
    problems: ProblemCollector

    def run(self) -> None:
        """Report every unused variable, and every field and variable that others always override.

        A base file is judged on its own: a spec that extends it may use any part of it.
        """
        if None in (*self.base.values(), *self.variables.values(), *(prompt.text for prompt in self.prompts)):
            return  # a template with a mistake may use any name
        if self.spec.vars or any(prompt.variables for prompt in self.prompts):
            self._note_all_unused()
        self._note_added_fields()
        if not self.problems.has_errors():
            self._note_hidden()

    def _note_all_unused(self) -> None:
        shared = self._of_all | self.problems.spoiled_names | BUILT_IN
        each = [self._of_prompt(prompt) for prompt in self.prompts]
        by_any = shared.union(self._of_vars, *each)
        for name in self.spec.vars:
            if name not in by_any:
                self._note_unused(("vars", name), "no template uses it", by_any)
        for prompt, names in zip(self.prompts, each, strict=True):
            for name in prompt.variables:
                if name not in names and name not in shared:
                    where = (*prompt.origin, "vars", name)
                    self._note_unused(where, "no template of this prompt uses it", names | self._of_all)

    def _note_added_fields(self) -> None:
        """Report fields that overrides add to a variable whose other fields are the only ones used."""
        for where, written in self.spec.notes:
            match where:
                case ("vars", str(name), str(field)) if written.is_added:
                    users = [value for value in self._all_values() if value and name in value.names]
                    taken = {str(way[1]) for value in users for way in value.attributes if way[0] == name}
                    if field not in taken and not any(_takes_whole(value, name) for value in users):
                        self._note_unused(where, "no template uses it", frozenset(taken))
                case _:
                    pass

    def _all_values(self) -> Iterator[TemplateValue | None]:
        yield from (*self.variables.values(), *self.base.values(), self.path, self.where)
        for prompt in self.prompts:
            yield from _templates(prompt)
        matrix = self.spec.matrix
        lists = [axis.values for axis in matrix.axes if isinstance(axis.values, (str, tuple))]
        yield from (compile_value(part, ()) for part in (*lists, *matrix.exclude, *matrix.include))

    def _note_hidden(self) -> None:
        for name, value in self.spec.request.items():
            where = ("request", name)
            if value is None or not self._is_own(where):
                continue
            axis = self._setter(name)
            if axis:
                if self._layer(where) >= self._layer(axis.origin):  # otherwise it narrows a base file
                    self._note_axis(where, name, value, axis)
            elif self._is_elsewhere_in_every_prompt(where):
                self._note_each_prompt(where, f"request.{name}", value)
        needed = self._of_vars | self._of_matrix
        for name, value in self.spec.vars.items():
            where = ("vars", name)
            if name not in needed and self._is_own(where) and self._is_elsewhere_in_every_prompt(where):
                self._note_each_prompt(where, f"vars.{name}", value)

    def _note_unused(self, where: ValuePath, message: str, used: frozenset[str]) -> None:
        if self._is_anchored(where) or not self._is_own(where):
            return
        name = str(where[-1])
        shown = ".".join(map(str, where[where.index("vars") + 1 :]))
        guess = nearest(name, sorted(used - BUILT_IN - self._of_nobody)) if len(self.problems) < GUESSES else None
        hint = f'did you mean "{guess}"?' if guess else f"write {{{{ {shown} }}}} where it belongs, or take it out"
        mark = self.spec.source_map.at(where)
        is_added = mark is not None and mark.note is not None and mark.note.is_added
        if is_added:
            said = f"the spec has no {self.spec.source_map.path_text(where)}, and {message}"
            self.problems.add_key(where, said, suggestion=hint)
        elif not self.problems.has_errors():
            self.problems.add_key(where, f'"{name}" changes nothing: {message}', suggestion=hint, warning=True)

    def _note_axis(self, where: ValuePath, name: str, value: Json, axis: ResolvedAxis) -> None:
        written = str(axis.origin[-1])
        listed = self._listed(where, value)
        key = f'"{written}"' if "." in written else written
        hint = "take it out, or change the axis"
        if listed and axis.name.is_field and axis.name.text == name:
            stage = self.spec.source_map.path_text(("matrix", written)).partition("matrix")[0]
            hint = (
                f"write {set_option(f'{stage}matrix.{key}={listed}')}"
                if self._is_set(where)
                else f"write {written}: {listed} under matrix, or take this out"
            )
        message = f"{name} is set by the axis {written} in every job, so this has no effect"
        self.problems.add_key(where, message, suggestion=hint, warning=True)

    def _note_each_prompt(self, where: ValuePath, called: str, value: Json) -> None:
        hint = f"write {set_option(self._in_a_prompt(where, called, value))}"
        hint = hint if self._is_set(where) else "write it into the prompts"
        message = f"every prompt has its own {called}, so this has no effect"
        self.problems.add_key(where, message, suggestion=hint, warning=True)

    def _in_a_prompt(self, where: ValuePath, called: str, value: Json) -> str:
        """Return an override that sets for the first prompt the value that another one sets for all."""
        given = argument_at(self.spec.source_map.key_place(where), self.spec.overrides)
        source_map = self.spec.source_map
        prompt = "prompts.0" if source_map.stage is None else source_map.path_text(("prompts", 0))
        if given and given.partition("=")[0] == called:
            return f"{prompt}.{given}"
        listed = self._listed(where, value)
        return f"{prompt}.{called}={listed[1:-1] if listed else '...'}"

    def _listed(self, where: ValuePath, value: Json) -> str | None:
        """Return a list as YAML, with the numbers spelled as in the file; None for a long one."""
        mark = self.spec.source_map.at(where)
        spelled = {path: written.spelling for path, written in mark.notes() if written.spelling} if mark else {}
        if () in spelled:
            return f"[{spelled[()]}]"
        return None if spelled else inline_yaml([value])

    def _setter(self, field: str) -> ResolvedAxis | None:
        """Return the axis that sets a field in every combination, or None."""
        for number, axis in enumerate(self.matrix.axes):
            if field not in axis.sets:
                continue
            values = [axis.value(position) for position in range(axis.count)] if axis.is_listed else []
            own = [self.matrix.includes[include].own_values[number] for include in self.matrix.own]
            if all(value and (field in value.fields or field in value.late) for value in (*values, *own)):
                return axis
        return None

    def _is_own(self, where: ValuePath) -> bool:
        """Whether a part is in the topmost file or on the command line, and not below a value that replaces it."""
        return self._layer(where) == _COMMAND_LINE or (self._layer(where) == _FILE and not self._is_built_upon)

    def _layer(self, where: ValuePath) -> int:
        file = self.spec.source_map.key_place(where).file
        return _COMMAND_LINE if file == SHOWN_AS else _FILE if file == self.spec.file else _BASE

    @cached_property
    def _is_built_upon(self) -> bool:
        """Whether overrides replace the spec's own use of its variables and fields."""
        return any(override.strip().startswith(("prompts", "matrix", "stages")) for override in self.spec.overrides)

    def _is_set(self, where: ValuePath) -> bool:
        return self.spec.source_map.key_place(where).file == SHOWN_AS

    def _is_anchored(self, where: ValuePath) -> bool:
        mark = self.spec.source_map.at(where)
        return mark is not None and any(written.is_anchored for _, written in mark.notes())

    def _is_elsewhere_in_every_prompt(self, where: ValuePath) -> bool:
        """Whether every prompt has its own value from another file; in one file it is a default."""
        part, name = where
        file = self.spec.source_map.key_place(where).file
        return bool(self.spec.prompts) and all(
            name in (entry.vars if part == "vars" else entry.request)
            and self.spec.source_map.key_place(("prompts", entry.position, part, name)).file != file
            for entry in self.spec.prompts
        )

    @cached_property
    def _of_vars(self) -> frozenset[str]:
        return _names(self.variables.values())

    @cached_property
    def _of_matrix(self) -> frozenset[str]:
        """The names that templates of the matrix and of a stage's ``where`` use: some of them see only ``vars``."""
        matrix = self.spec.matrix
        lists = [axis.values for axis in matrix.axes if isinstance(axis.values, (str, tuple))]
        try:
            parts = [compile_value(part, ()) for part in (*lists, *matrix.exclude, *matrix.include)]
            return _names((*parts, self.where))
        except TemplateFault:
            return frozenset()

    @cached_property
    def _of_all(self) -> frozenset[str]:
        """The names in templates that every prompt shares."""
        return _names((*self.base.values(), self.path)) | self._of_matrix

    @cached_property
    def _of_nobody(self) -> frozenset[str]:
        """The names used only by a path that the spec does not set."""
        if self.path is None or self.spec.source_map.at(("output", "path")) is not None:
            return frozenset()
        others = (self._of_prompt(prompt) for prompt in self.prompts)
        return self.path.names - _names(self.base.values()).union(self._of_vars, self._of_matrix, *others)

    def _of_prompt(self, prompt: CompiledPrompt) -> frozenset[str]:
        return _names(_templates(prompt))


def _takes_whole(value: TemplateValue, name: str) -> bool:
    """Whether a template uses a variable other than through a named field."""
    named = re.compile(rf"""(?<![.\w]){re.escape(name)}\b(?!\s*(?:\.\s*[^\W\d]\w*(?![\w(])|\[\s*\\?["']))""")
    text = json.dumps(value.raw, ensure_ascii=False)
    tags = re.findall(r"\{[{%](?:(?![%}]\}).)*", text, re.DOTALL)
    return any(named.search(tag) for tag in tags)


def _templates(prompt: CompiledPrompt) -> Iterator[TemplateValue | None]:
    yield from (prompt.text, prompt.prompt_id, prompt.where, *prompt.tags)
    yield from prompt.variables.values()
    yield from prompt.meta.values()
    yield from prompt.request.values()


def _names(values: Iterable[TemplateValue | None]) -> frozenset[str]:
    return frozenset[str]().union(*(value.names for value in values if value))

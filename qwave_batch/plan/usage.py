"""Checks that every axis is used, that its name means one thing, and that no combination lacks one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.errors import nearest
from qwave_batch.plan.axes import ResolvedAxis
from qwave_batch.plan.combinations import MOST_ENTRIES, Matrix
from qwave_batch.plan.faults import Faults
from qwave_batch.plan.prompts import CompiledPrompt
from qwave_batch.plan.vocabulary import Vocabulary
from qwave_batch.spec.document import Path
from qwave_batch.spec.templates import Value

_SURELY = 0.75
"""How close a name must be to a field to be taken for it: here any other name is as good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCheck:
    """The templates of one spec, and the matrix whose names they use."""

    base: Mapping[str, Value | None]
    prompts: Sequence[CompiledPrompt]
    matrix: Matrix
    path: Value | None
    vocabulary: Vocabulary
    faults: Faults

    def run(self) -> None:
        """Note every idle axis, every axis whose name could mean two things, and every include that lacks one."""
        shared = list(self._shared())
        in_texts = {name for value, _ in shared for name in value.names}
        # more of them than a plan has entries are refused when they are counted
        looks_at_own = 0 < len(self.prompts) * len(self.matrix.own) <= MOST_ENTRIES
        for prompt in self.prompts:
            own = list(_templates(prompt))
            if looks_at_own:
                needed = {name: where for value, where in (*shared, *own) for name in value.names - value.asked}
                self._check_own_combinations(needed)
            in_texts.update(name for value, _ in own for name in value.names)
        used = in_texts | self.faults.spoiled_names | (self.path.names if self.path else set())
        for axis in self.matrix.axes:
            self._check_axis(axis, used, in_texts)
        for entry in self.matrix.includes:
            for name in sorted(entry.variables.keys() - used):
                self._note_idle((*entry.origin, name), name)

    def _shared(self) -> Iterator[tuple[Value, Path]]:
        """Yield the templates that see axes and belong to no prompt, but for the output path."""
        for name, value in self.base.items():
            if value:
                yield value, ("request", name)
        for axis in self.matrix.axes:
            for position in range(axis.count if axis.is_listed else 0):
                chosen = axis.value(position)
                yield from ((value, chosen.place_of(name)) for name, value in chosen.late.items() if value)
        for entry in self.matrix.includes:
            yield from ((value, (*entry.origin, name)) for name, value in entry.fields.items() if value)

    def _check_own_combinations(self, needed: Mapping[str, Path]) -> None:
        for number in self.matrix.own:
            entry = self.matrix.includes[number]
            for axis, value in zip(self.matrix.axes, entry.own_values, strict=True):
                name = axis.name.text
                if value is None and name in needed and name not in entry.variables:
                    user = self.faults.marks.path_text(needed[name])
                    message = f'this include fits no combination, so it is one of its own, and lacks "{name}", '
                    self.faults.add(entry.origin, f"{message}which {user} needs", suggestion=f"add {name} to it")
                    self.matrix.leave_out(number)

    def _check_axis(self, axis: ResolvedAxis, used: Collection[str], in_texts: Collection[str]) -> None:
        name = axis.name
        if not name.is_field and not axis.sets and name.text not in used:
            self._note_idle(axis.origin, name.text)
        is_unclear = name.is_field and not name.is_explicit and name.text in self.vocabulary.partial
        if is_unclear and name.text in in_texts:
            self.faults.add_key(
                axis.origin,
                f'"{name.text}" is a field of some models only, and a template uses the name too',
                suggestion=f"write request.{name.text} to set the field, vars.{name.text} for a variable of your own",
            )

    def _note_idle(self, where: Path, name: str) -> None:
        guess = nearest(name, sorted(self.vocabulary.fields), cutoff=_SURELY)
        self.faults.add_key(
            where,
            f'no template uses "{name}", and no model has a field of that name',
            suggestion=f'did you mean "{guess}"?'
            if guess
            else f"write {{{{ {name} }}}} where it belongs, or take it out",
        )


def _templates(prompt: CompiledPrompt) -> Iterator[tuple[Value, Path]]:
    """Yield the templates of a prompt that see axes."""
    if prompt.text:
        yield prompt.text, prompt.text_origin
    for name, value in prompt.request.items():
        if value:
            yield value, (*prompt.origin, "request", name)

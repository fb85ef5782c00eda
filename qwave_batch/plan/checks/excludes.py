"""Checks for excludes that drop nothing: they name no value of an axis, or other excludes drop all their matches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.axes import AxisName, ResolvedAxis, same_json
from qwave_batch.plan.expand.combinations import MatrixRule, ResolvedMatrix, owner
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import compile_value
from qwave_batch.spec.values.text_conversion import to_text
from qwave_batch.spec.values.value_messages import inline_yaml, type_name

_FEW = 20
_MOST_LOOKED_AT = 10_000


@dataclass(frozen=True, slots=True)
class ExcludeCheck:
    """Compares the excludes of a matrix with its axes."""

    spec: Spec
    matrix: ResolvedMatrix
    problems: ProblemCollector

    def run(self) -> None:
        """Note each exclude that drops nothing.

        It is an error if it names no value of an axis in the same file. An axis that was overridden may have lost the
        value, which is how a run is narrowed.
        """
        for entry in self.matrix.idle_excludes():
            missing = [(name, wanted) for name, wanted in entry.keys if not self._is_there(name, wanted)]
            for name, wanted in missing:
                if not self._knows_not(name):
                    self._note_missing(entry, name, wanted)
            if not missing:
                asked = inline_yaml({name.text: wanted for name, wanted in entry.keys})
                said = f"no value has all of {asked}" if asked else "no value has all that it asks for"
                self.problems.add(entry.origin, f"this exclude matches no combination: {said}", warning=True)
        for entry, other in self.matrix.covered_excludes():
            where = self.problems.source_map.path_text(other.origin)
            message = f"this exclude matches nothing that is left: {where} drops all of it"
            self.problems.add(entry.origin, message, suggestion="take one of them out", warning=True)

    def _axis(self, name: AxisName) -> ResolvedAxis:
        return self.matrix.axes[owner(self.matrix.axes, name.text) or 0]

    def _is_there(self, name: AxisName, wanted: Json) -> bool:
        axis = self._axis(name)
        return any(axis.matches(position, name, wanted) for position in range(axis.count))

    def _knows_not(self, name: AxisName) -> bool:
        """Whether a mistake makes the values of the axis unknown."""
        axis = self._axis(name)
        values = (axis.value(position) for position in range(axis.count if axis.is_listed else 0))
        return any(UNKNOWN in (value.label, *value.fields.values()) or name.text in value.late for value in values)

    def _note_missing(self, entry: MatrixRule, name: AxisName, wanted: Json) -> None:
        axis = self._axis(name)
        where = self._where(entry, name)
        written = str(axis.origin[-1])
        if self._may_be_narrowed(where, axis):
            shown = inline_yaml(wanted) or type_name(wanted)
            message = f"this exclude matches no combination: {written} has no {shown} here"
            self.problems.add(entry.origin, message, warning=True)
            return
        message, hint = _exclude_message(axis, name, wanted, written)
        self.problems.add(where, message, value=wanted, suggestion=hint)

    def _may_be_narrowed(self, where: ValuePath, axis: ResolvedAxis) -> bool:
        """Whether a part of the axis, or of a variable that it or the exclude uses, is overridden."""
        raw = next(written.values for written in self.spec.matrix.axes if written.name == axis.origin[-1])
        parts = (raw if isinstance(raw, (str, tuple)) else None, self.spec.matrix.exclude[int(where[2])])
        variables = self._variables_of(frozenset[str]().union(*(compile_value(part, ()).names for part in parts)))
        origins = (axis.origin, *(("vars", name) for name in variables))
        return any(self.problems.source_map.files_of(origin) - {self._file(where)} for origin in origins)

    def _variables_of(self, names: frozenset[str]) -> frozenset[str]:
        """Return the variables among the names, with the variables that they are made of."""
        found, waiting = set[str](), list(names)
        while waiting:
            name = waiting.pop()
            if name in self.spec.vars and name not in found:
                found.add(name)
                waiting += compile_value(self.spec.vars[name], ()).names
        return frozenset(found)

    def _where(self, entry: MatrixRule, name: AxisName) -> ValuePath:
        """Return the path of a key of an exclude, in either spelling of the name."""
        mark = self.problems.source_map.at(entry.origin)
        keys = mark.below if mark else {}
        written = (name.text, f"request.{name.text}", f"vars.{name.text}")
        return (*entry.origin, next((key for key in written if key in keys), name.text))

    def _file(self, where: ValuePath) -> str:
        return self.problems.source_map.place(where).file


def _exclude_message(axis: ResolvedAxis, name: AxisName, wanted: Json, written: str) -> tuple[str, str | None]:
    """Return the message about a value that an axis does not have, and the advice."""
    shown = inline_yaml(wanted) or type_name(wanted)
    known = list(_candidates(axis, name))
    if isinstance(wanted, (list, tuple)) and not any(isinstance(label, (list, tuple)) for label in known):
        each = ", ".join(f"{{{name.text}: {inline_yaml(item)}}}" for item in wanted[:_FEW])
        return f"a list names no value of the axis {written}", f"write an entry for each: {each}" if each else None
    other = next((label for label in known if _reads_alike(label, wanted)), None)
    if other is not None:
        has = f"{shown} is {type_name(wanted)}, and the axis {written} has {_named_kind(other)} {inline_yaml(other)}"
        return has, f"write {inline_yaml(other)}{' without quotes' if isinstance(wanted, str) else ''}"
    is_field = name.text != axis.name.text
    message = (
        f"no value of the axis {written} sets {name.text} to {shown}"
        if is_field
        else (f"{shown} is no value of the axis {written}")
    )
    return message, _way_out(axis, name, wanted, known)


def _way_out(axis: ResolvedAxis, name: AxisName, wanted: Json, known: Sequence[Json]) -> str | None:
    holder = _holder(axis, wanted) if name.text == axis.name.text else None
    if holder is not None:
        return f"it is a field of the value {inline_yaml(holder)}: write {name.text}: {inline_yaml(holder)}"
    texts = [label for label in known if isinstance(label, str)]
    guess = nearest(wanted, texts) if isinstance(wanted, str) else None
    if guess:
        return f'did you mean "{guess}"?'
    listed = [inline_yaml(label) or "..." for label in known[:_FEW]]
    return f"it has {', '.join(listed)}{' and more' if len(known) > _FEW else ''}" if listed else None


def _candidates(axis: ResolvedAxis, name: AxisName) -> Iterator[Json]:
    """Yield the values that an exclude can name on an axis under a key."""
    for position in range(min(axis.count, _MOST_LOOKED_AT)):
        value = axis.value(position)
        if name.text == axis.name.text:
            yield value.label
        elif name.text in value.fields:
            yield value.fields[name.text]


def _holder(axis: ResolvedAxis, wanted: Json) -> Json:
    """Return the label of the value that has the wanted value in one of its fields."""
    for position in range(min(axis.count, _MOST_LOOKED_AT) if axis.is_listed else 0):
        value = axis.value(position)
        if isinstance(value.variable, Mapping) and any(same_json(item, wanted) for item in value.variable.values()):
            return value.label if not isinstance(value.label, Mapping) else None
    return None


def _reads_alike(label: Json, wanted: Json) -> bool:
    """Whether two values of different types look the same in a text."""
    scalars = (str, int, float, bool)
    if not isinstance(label, scalars) or not isinstance(wanted, scalars) or type_name(label) == type_name(wanted):
        return False
    return to_text(label) == to_text(wanted)


def _named_kind(value: Json) -> str:
    return "" if isinstance(value, bool) else type_name(value).replace("a ", "the ", 1)

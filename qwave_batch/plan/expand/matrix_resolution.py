"""Resolves the matrix of a spec with the catalog's fields: the meaning of each axis and each entry."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from qwave_batch.model.job_identity import canonical
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.axes import (
    BUILT_IN,
    IMAGES_PER_REQUEST,
    VARIABLE_PREFIX,
    AxisName,
    AxisValue,
    ResolvedAxis,
    Vocabulary,
    computed_axis,
    list_axis,
    read_value,
    same_json,
    same_spelled,
)
from qwave_batch.plan.expand.combinations import MatrixRule, ResolvedMatrix, owner
from qwave_batch.plan.expand.parent_jobs import PARENT, STAGE
from qwave_batch.plan.expand.scope import ValueAllowance, compiled, render_or_report
from qwave_batch.plan.input_images import InputImages
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Axis, AxisValues, ImageFiles, Spec, ValuePath
from qwave_batch.spec.inputs.file_access import FileRefused
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import TemplateValue

LATE_KEY = "request"
"""The key under which a value of a custom axis sets request fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixReader:
    """The inputs of resolving a matrix."""

    spec: Spec
    vocabulary: Vocabulary
    images: InputImages
    variables: Mapping[str, Json]
    """The rendered ``vars``: all that axis templates see."""
    known: Collection[str]
    """The names that the templates of requests see."""
    problems: ProblemCollector
    allowance: ValueAllowance
    """Limits the results of the templates of axes, excludes and includes."""
    is_of_stage: bool = False
    """Whether it is the matrix of a stage, whose templates know more names."""

    def read(self) -> ResolvedMatrix:
        """Return the matrix; mistakes in it are reported."""
        axes = [axis for written in self.spec.matrix.axes if (axis := self._axis(written))]
        self._check_setters(axes)
        written = enumerate(self.spec.matrix.exclude)
        excludes = [entry for number, raw in written if (entry := self._exclude(axes, number, raw))]
        includes = [self._include(axes, number, raw) for number, raw in enumerate(self.spec.matrix.include)]
        return ResolvedMatrix(axes, excludes, includes)

    @property
    def _built_in(self) -> frozenset[str]:
        of_images = frozenset[str]() if self.spec.images is None else {IMAGES_PER_REQUEST}
        return BUILT_IN | of_images | ({PARENT, STAGE} if self.is_of_stage else frozenset[str]())

    def _axis(self, axis: Axis) -> ResolvedAxis | None:
        origin: ValuePath = ("matrix", axis.name)
        name = self.vocabulary.read(axis.name)
        if name.text in self._built_in:
            self.problems.add_key(origin, f'"{name.text}" is a name of the language itself and can\'t be an axis')
            return None
        if self._is_variable_like(name, axis.values):
            self.problems.add_key(
                origin,
                f'"{name.text}" is a field of some models, and its values are those of a variable of your own',
                suggestion=f"write {VARIABLE_PREFIX}{name.text}",
            )
            name = replace(name, is_field=False)  # what the values say is checked all the same
        if isinstance(axis.values, str):
            return self._listed(name, self._template_list(axis.values, origin), origin, is_template=True)
        if isinstance(axis.values, tuple):
            return self._listed(name, axis.values, origin, is_template=False)
        if isinstance(axis.values, ImageFiles):
            return self._files(name, axis.values, origin)
        return computed_axis(name, axis.values, origin)

    def _files(self, name: AxisName, files: ImageFiles, origin: ValuePath) -> ResolvedAxis:
        """Return the axis of image files: under a field the file is its value, else a variable with its name."""
        where: ValuePath = (*origin, "from")
        pattern = self._render(files.pattern, where)
        found: tuple[Json, ...] = ()
        if isinstance(pattern, str) and pattern is not UNKNOWN:
            try:
                found = self.images.matching(pattern)
            except FileRefused as refused:
                step = next(iter(refused.next_steps), None)
                self.problems.add(where, refused.message, value=pattern, suggestion=refused.suggestion, next_step=step)
        if name.is_field:
            in_list = name.text in self.vocabulary.lists
            found = tuple({"id": file, name.text: [file] if in_list else file} for file in found)
        values = [read_value(name, file, where) for file in found or (UNKNOWN,)]
        return list_axis(name, values, origin)

    def _is_variable_like(self, name: AxisName, values: AxisValues) -> bool:
        """Whether the values of a bare name that is a field of some models say that it was meant as a variable."""
        if name.is_explicit or name.text not in self.vocabulary.partial or not isinstance(values, tuple) or not values:
            return False
        return all(
            isinstance(raw, Mapping) and name.text not in raw and bool(raw.keys() & {"id", LATE_KEY}) for raw in values
        )

    def _template_list(self, template: str, origin: ValuePath) -> tuple[Json, ...]:
        value = self._render(template, origin)
        if isinstance(value, (list, tuple)) and value:
            return tuple(value)
        if value is not UNKNOWN:
            self.problems.add(origin, "an axis given by a template must come out as a list with values", value=value)
        return (UNKNOWN,)

    def _listed(self, name: AxisName, raws: tuple[Json, ...], origin: ValuePath, *, is_template: bool) -> ResolvedAxis:
        values: list[AxisValue] = []
        labels: set[bytes] = set()
        for number, raw in enumerate(raws):
            where = origin if is_template else (*origin, number)
            value = self._value(name, raw, where, is_rendered=is_template)
            values.append(value)
            if value.label is UNKNOWN:
                continue
            label = canonical(value.label)
            if label in labels:
                self.problems.add(
                    where,
                    f"a second value with the label {label.decode()}",
                    value=value.label,
                    suggestion="give one of them an id" if isinstance(raw, Mapping) else "leave one out",
                )
            labels.add(label)
        return list_axis(name, values, origin)

    def _value(self, name: AxisName, raw: Json, where: ValuePath, *, is_rendered: bool) -> AxisValue:
        fields: dict[str, Json] = {}
        late: dict[str, TemplateValue | None] = {}
        if isinstance(raw, Mapping) and not name.is_field and isinstance(own := raw.get(LATE_KEY), Mapping):
            raw = {key: value for key, value in raw.items() if key != LATE_KEY}
            late = self._late(own, (*where, LATE_KEY))
            fields = {field: value.raw for field, value in late.items() if value and value.is_constant}
            late = {field: value for field, value in late.items() if field not in fields}
        return read_value(name, raw if is_rendered else self._render(raw, where), where, fields=fields, late=late)

    def _late(self, fields: Mapping[str, Json], where: ValuePath) -> dict[str, TemplateValue | None]:
        return {name: compiled(raw, (*where, name), self.known, self.problems) for name, raw in fields.items()}

    def _render(self, raw: Json, where: ValuePath) -> Json:
        value = compiled(raw, where, self.variables, self.problems, of=" here, where only vars are")
        if self.allowance.is_full:
            return UNKNOWN  # type: ignore[no-any-return]  # it stands for any JSON value
        return self.allowance.hold(value, render_or_report(value, self.variables, self.problems), self.problems)

    def _check_setters(self, axes: list[ResolvedAxis]) -> None:
        """Report names given to two axes, and fields that two axes set."""
        names: dict[str, ResolvedAxis] = {}
        setters: dict[str, ResolvedAxis] = {}
        for axis in axes:
            if axis.name.text in names:
                self.problems.add_key(axis.origin, f'two axes are called "{axis.name.text}"')
            names[axis.name.text] = axis
            for field in sorted(axis.sets):
                if field in setters:
                    other = setters[field].origin[-1]
                    self.problems.add(
                        axis.origin, f'the field "{field}" is set by two axes, {other} and {axis.origin[-1]}'
                    )
                setters[field] = axis

    def _exclude(self, axes: list[ResolvedAxis], number: int, raw: Mapping[str, Json]) -> MatrixRule | None:
        origin: ValuePath = ("matrix", "exclude", number)
        keys: list[tuple[AxisName, Json]] = []
        for written, wanted in raw.items():
            name = self._key(axes, written)
            if owner(axes, name.text) is None:
                known = [axis.name.text for axis in axes]
                guess = self.vocabulary.guess(name.text, known) if name.text not in self.vocabulary.fields else None
                hint = f'did you mean "{guess}"?' if guess in known else f"the axes are {', '.join(known)}"
                self.problems.add_key((*origin, written), f'"{written}" is not an axis of the matrix', suggestion=hint)
                continue
            keys.append((name, self._render(wanted, (*origin, written))))
        is_whole = len(keys) == len(raw) and all(wanted is not UNKNOWN for _, wanted in keys)
        return MatrixRule(keys=tuple(keys), origin=origin) if is_whole else None

    def _key(self, axes: list[ResolvedAxis], written: str) -> AxisName:
        """Return a key of an entry; if an axis has that name, with the axis' meaning."""
        name = self.vocabulary.read(written)
        return next((axis.name for axis in axes if axis.name.text == name.text), name)

    def _include(self, axes: list[ResolvedAxis], number: int, raw: Mapping[str, Json]) -> MatrixRule:
        origin: ValuePath = ("matrix", "include", number)
        keys: list[tuple[AxisName, Json]] = []
        fields: dict[str, TemplateValue | None] = {}
        variables: dict[str, Json] = {}
        by_axis: dict[str, Json] = {}
        for written, given in raw.items():
            where = (*origin, written)
            name = self._key(axes, written)
            if name.text in self._built_in:
                self.problems.add_key(where, f'"{name.text}" is a name of the language itself')
            elif any(axis.name.text == name.text for axis in axes):
                by_axis[name.text] = self._render(given, where)
                keys.append((name, by_axis[name.text]))
            elif not name.is_field:
                variables[name.text] = self._render(given, where)
            else:
                value = fields[name.text] = compiled(given, where, self.known, self.problems)
                if owner(axes, name.text) is not None and value and value.is_constant:
                    keys.append((name, given))
        own_values = tuple(_named(axis, by_axis, origin) if axis.name.text in by_axis else None for axis in axes)
        return MatrixRule(keys=tuple(keys), fields=fields, variables=variables, own_values=own_values, origin=origin)


def _named(axis: ResolvedAxis, by_axis: Mapping[str, Json], origin: ValuePath) -> AxisValue:
    """Return the value of ``axis`` that an include refers to by its label, else the value that it defines itself."""
    raw = by_axis[axis.name.text]
    same = same_spelled if axis.name.is_field else same_json
    if axis.is_listed:
        for position in range(axis.count):
            value = axis.value(position)
            if same(value.label, raw):
                return value
    return read_value(axis.name, raw, (*origin, axis.name.text))
